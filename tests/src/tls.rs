//! TLS as a server has it: an authority of the test's own, certificates of every kind, and the server's half of a
//! connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A date: year, month, day.
pub type Day = (i32, u8, u8);

/// From when until when certificates are good that no test calls old or new.
const ALWAYS: (Day, Day) = ((2000, 1, 1), (2999, 12, 31));

/// Who signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, both as PEM.
#[derive(Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// One that nobody knows until told of [`pem`](Self::pem).
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self::with(params(&[], ALWAYS), name)
    }

    /// One whose own certificate is for a host as well.
    #[must_use]
    pub fn for_itself(host: &str) -> Self {
        Self::with(params(&[host], ALWAYS), host)
    }

    fn with(mut params: CertificateParams, name: &str) -> Self {
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// Its own certificate as if it were a server's.
    #[must_use]
    pub fn itself(&self) -> Identity {
        Identity {
            certificate: self.pem(),
            key: self.0.key().serialize_pem(),
        }
    }

    /// Its own certificate, which whoever trusts it has.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server's certificate for these names and IP addresses.
    #[must_use]
    pub fn server(&self, names: &[&str]) -> Identity {
        self.server_between(names, ALWAYS.0, ALWAYS.1)
    }

    /// The same, good from the beginning of one day to that of another.
    #[must_use]
    pub fn server_between(&self, names: &[&str], from: Day, until: Day) -> Identity {
        let mut params = params(names, (from, until));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params)
    }

    /// A server's certificate that nobody but itself has signed.
    #[must_use]
    pub fn nobody(name: &str) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let certificate = params(&[name], ALWAYS).self_signed(&key);
        Identity {
            certificate: certificate.expect("a certificate").pem(),
            key: key.serialize_pem(),
        }
    }

    /// A client's certificate.
    #[must_use]
    pub fn client(&self, name: &str) -> Identity {
        self.client_between(name, ALWAYS.0, ALWAYS.1)
    }

    /// The same, good from the beginning of one day to that of another.
    #[must_use]
    pub fn client_between(&self, name: &str, from: Day, until: Day) -> Identity {
        let mut params = params(&[], (from, until));
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params)
    }

    fn sign(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

fn params(names: &[&str], (from, until): (Day, Day)) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
    params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
    params
}

/// The server's half of TLS, around any stream.
#[derive(Clone)]
pub struct TlsServer(TlsAcceptor);

impl TlsServer {
    /// One that shows this certificate, and asks for none.
    #[must_use]
    pub fn new(identity: &Identity) -> Self {
        Self::build(identity, None, rustls::ALL_VERSIONS)
    }

    /// One that wants a certificate that this authority signed.
    #[must_use]
    pub fn wanting(identity: &Identity, authority: &Authority) -> Self {
        Self::build(identity, Some(authority), rustls::ALL_VERSIONS)
    }

    /// The same, by the rules of TLS 1.2.
    #[must_use]
    pub fn wanting_by_tls12(identity: &Identity, authority: &Authority) -> Self {
        Self::build(identity, Some(authority), &[&rustls::version::TLS12])
    }

    fn build(
        identity: &Identity,
        wanted: Option<&Authority>,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Self {
        let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes());
        let chain: Vec<_> = chain.collect::<Result<_, _>>().expect("PEM");
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).expect("PEM");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .expect("versions");
        let builder = match wanted {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.0.der().clone()).expect("a root");
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
            }
        };
        let config = builder.with_single_cert(chain, key).expect("a certificate");
        Self(TlsAcceptor::from(Arc::new(config)))
    }

    /// Does the handshake on a connection that was accepted.
    ///
    /// # Errors
    /// When the client does not like the certificate, or has none where one is wanted.
    pub async fn accept<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.0.accept(stream).await
    }
}

/// A port that speaks TLS and hands on what is inside of it to another port, until it is dropped.
#[derive(Debug)]
pub struct TlsFront {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl TlsFront {
    /// Listens on a free port of the loopback, in front of `to`.
    pub async fn start(server: TlsServer, to: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                let server = server.clone();
                tokio::spawn(async move {
                    // Whose handshake fails is not connected; how it ends is seen on the other side.
                    let mut outside = server.accept(stream).await?;
                    let mut inside = TcpStream::connect(to).await?;
                    inside.set_nodelay(true)?;
                    copy_bidirectional(&mut outside, &mut inside).await
                });
            }
        });
        Self { addr, task }
    }

    /// Its address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where it is, by the name that the certificate is for.
    #[must_use]
    pub fn url(&self, host: &str) -> String {
        format!("wss://{host}:{}/myko", self.addr.port())
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use rustls::ClientConfig;
    use rustls::pki_types::ServerName;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_rustls::TlsConnector;

    use super::*;

    #[tokio::test]
    async fn what_is_written_comes_out_on_the_other_side() {
        let authority = Authority::new("test");
        let server = TlsServer::new(&authority.server(&["localhost"]));
        let mut roots = RootCertStore::empty();
        roots.add(authority.0.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (near, far) = tokio::io::duplex(1 << 16);
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(client));
        let (near, far) = tokio::join!(connector.connect(name, near), server.accept(far));
        let (mut near, mut far) = (near.unwrap(), far.unwrap());
        near.write_all(b"hello").await.unwrap();
        near.flush().await.unwrap();
        let mut read = [0; 5];
        far.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"hello");
    }
}
