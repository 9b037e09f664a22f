//! A program without a runtime, and TLS around the stream.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use rship_runtime::{Address, Connect, Error, Executor, Status, Transport};
use rship_tests::Authority;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// In a program that has no runtime, and does other things meanwhile.
pub(crate) fn on_no_runtime(executor: &Executor) -> Result<(), Error> {
    let running = executor.start()?;
    running.wait();
    assert_eq!(*executor.status().borrow(), Status::Stopped);
    Ok(())
}

/// Connects over TLS, trusting one authority.
pub(crate) struct Trusting(TlsConnector);

impl Trusting {
    pub(crate) fn new(authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(authority.pem().as_bytes());
        roots.add(root.expect("PEM")).expect("a root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self(TlsConnector::from(Arc::new(config)))
    }
}

#[async_trait]
impl Connect for Trusting {
    async fn connect(&self, address: &Address) -> io::Result<Box<dyn Transport>> {
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        Ok(Box::new(self.0.connect(name, stream).await?))
    }
}

/// How many descriptors this process has, and how many threads of executors.
pub(crate) fn held() -> (usize, usize) {
    let count = |path| std::fs::read_dir(path).expect("procfs").count();
    let tasks = std::fs::read_dir("/proc/self/task").expect("procfs");
    let names = tasks.flatten().filter_map(|task| {
        // It may have ended meanwhile.
        std::fs::read_to_string(task.path().join("comm")).ok()
    });
    let ours = names.filter(|name| name.starts_with("rship-")).count();
    (count("/proc/self/fd"), ours)
}

/// Waits until no thread of an executor is left, and no descriptor more than there were.
pub(crate) fn nothing_is_left(before: (usize, usize), limit: Duration) {
    let begin = std::time::Instant::now();
    loop {
        let now = held();
        if now.0 <= before.0 && now.1 <= before.1 {
            return;
        }
        assert!(
            begin.elapsed() < limit,
            "descriptors and threads before: {before:?}, after: {now:?}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}
