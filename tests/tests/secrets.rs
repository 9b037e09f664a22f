//! Nothing that is secret reaches a log, at any level and of any crate, an error, a `Debug` or a panic. The log
//! belongs to the process, so this file is a program of its own.

use std::fmt::{self, Write as _};
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

use rship_runtime::{Address, Builder, Executor, Status};
use rship_tests::{Authority, Running, Server, Stand, TlsServer, builder, ended, program, within};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Each secret has this in it, as it is or in base64.
const SECRETS: [&str; 7] = [
    "b4n4n4",
    // Of "stand:b4n4n4" and of three bytes of it.
    "c3RhbmQ6YjRuNG40",
    "YjRuNG40",
    // As bytes, in the ways of `Debug` and in hexadecimal.
    "98, 52, 110, 52, 110, 52",
    "62, 34, 6e, 34, 6e, 34",
    "62346e346e34",
    "PRIVATE KEY",
];

/// Everything that was logged by anybody, through `tracing` and through `log`.
static LOGGED: Mutex<String> = Mutex::new(String::new());

fn put(text: &str) {
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    logged.push_str(text);
    logged.push('\n');
}

struct Everything;

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, "{}={value:?} {value:#?} ", field.name()).unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, "{}={value} ", field.name()).unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(format!("span {:?} ", span.metadata()));
        span.record(&mut fields);
        put(&fields.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields("record ".to_owned());
        values.record(&mut fields);
        put(&fields.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(format!("event {:?} ", event.metadata()));
        event.record(&mut fields);
        put(&fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl log::Log for Everything {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        put(&format!("log {} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

/// Says that none of the secrets is in a text.
fn nothing_in(what: &str, text: &str) {
    for secret in SECRETS {
        if let Some(at) = text.find(secret) {
            let line = text[..at].rfind('\n').map_or(0, |start| start + 1);
            let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
            panic!("{what} shows {secret}: {}", &text[line..end]);
        }
    }
}

async fn offline(running: &mut Running) -> String {
    let status = running
        .wait("offline", |status| matches!(status, Status::Offline { .. }))
        .await;
    nothing_in("a status", &format!("{status} {status:?} {status:#?}"));
    status.to_string()
}

async fn connecting(running: &mut Running) {
    running
        .wait("next try", |status| *status == Status::Connecting)
        .await;
}

/// Connections that succeed, are refused with 401, are no WebSocket, are cut before and after the opening, and
/// end in order.
async fn live_through_everything(server: &Server, builder: Builder, secret: &str) {
    nothing_in("a builder", &format!("{builder:?} {builder:#?}"));
    let executor = builder.build().unwrap();
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let mut running = Running::start(&executor);
    for answer in [
        "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "SSH-2.0-OpenSSH_9.0\r\n\r\n",
        "",
    ] {
        let (mut stream, request) = server.accept_request().await;
        assert!(request.contains(secret), "{request}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        drop(stream);
        offline(&mut running).await;
        connecting(&mut running).await;
    }
    let mut peer = server.accept_2026().await;
    let answer = peer.call("tx", "stand:burn", serde_json::Value::Null).await;
    assert!(answer.is_ok(), "{answer:?}");
    drop(peer);
    offline(&mut running).await;
    let mut peer = server.accept_2026().await;
    peer.pulse("stand:stock").await;
    let (stopping, ()) = (running.stop(), drop(peer));
    stopping.await;
}

/// A client that logs what it sends, as tungstenite's own does: what the collector must find.
async fn a_client_that_shows_its_token(server: &Server) {
    let mut request = server.url().into_client_request().unwrap();
    let mut token = HeaderValue::from_static("Bearer 4ppl3");
    token.set_sensitive(true);
    request.headers_mut().insert("Authorization", token);
    let stream = tokio::net::TcpStream::connect(server.addr()).await.unwrap();
    let opening = tokio_tungstenite::client_async(request, stream);
    let (opened, _peer) = tokio::join!(opening, server.accept());
    opened.unwrap();
}

fn everything_logged() -> String {
    LOGGED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

#[tokio::test]
async fn nothing_secret_reaches_a_log_at_any_level() {
    tracing::subscriber::set_global_default(Everything).unwrap();
    log::set_logger(&Everything).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let server = Server::bind().await;
    a_client_that_shows_its_token(&server).await;
    assert!(everything_logged().contains("Bearer 4ppl3"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "b4n4n4\n").unwrap();
    let url = server.url();
    let user = url.replace("ws://", "ws://stand:b4n4n4@");
    let query = format!("{url}?token=b4n4n4&b4n4n4");
    for (builder, secret) in [
        (builder(&url).token("b4n4n4"), "Bearer b4n4n4"),
        (builder(&url).token_file(&file), "Bearer b4n4n4"),
        (builder(&user), "Basic c3RhbmQ6YjRuNG40"),
        (builder(&query), "/myko?token=b4n4n4&b4n4n4"),
    ] {
        live_through_everything(&server, builder, secret).await;
    }
    through_tls(&server, &query).await;

    let logged = everything_logged();
    nothing_in("the log", &logged);
    // It was heard: spans, events, and other crates.
    for heard in [
        "span ",
        "/myko?token=***&***",
        "event ",
        "answered 401",
        "log tungstenite::protocol",
    ] {
        assert!(logged.contains(heard), "nothing of {heard}");
    }
}

/// The same with a certificate and a key of ours, at servers that take it and that do not.
async fn through_tls(server: &Server, query: &str) {
    let (authority, clients) = (Authority::new("pier"), Authority::new("clients"));
    let ours = clients.client("stand-1");
    let url = query
        .replace("ws://", "wss://stand:b4n4n4@")
        .replace("127.0.0.1", "localhost");
    let builder = builder(&url)
        .root_certificate(authority.pem())
        .client_certificate(&ours.certificate, &ours.key);
    nothing_in("a builder", &format!("{builder:?} {builder:#?}"));
    let executor = builder.build().unwrap();
    let mut running = Running::start(&executor);
    let identity = authority.server(&["localhost"]);
    let others = Authority::new("others");
    for (tls, gets_in) in [
        (TlsServer::wanting(&identity, &others), false),
        (
            TlsServer::wanting(&others.server(&["localhost"]), &clients),
            false,
        ),
        (TlsServer::wanting(&identity, &clients), true),
    ] {
        let stream = within("TLS", tls.accept(server.accept_tcp().await)).await;
        assert_eq!(stream.is_ok(), gets_in);
        drop(stream);
        offline(&mut running).await;
        connecting(&mut running).await;
    }
    running.stop().await;
}

#[test]
fn nothing_secret_is_in_an_error_a_debug_or_a_panic() {
    let authority = Authority::new("pier");
    let (ours, others) = (authority.client("ours"), authority.client("others"));
    let new = || Executor::builder("bluth").url("ws://localhost/myko");
    let at = |url: &str| Executor::builder("bluth").url(url);
    for builder in [
        new().token("b4n4n4 b4n4n4"),
        new().token("b4n4n4\n"),
        new().token("b4n4n4").token_file("/nowhere"),
        new().client_certificate(&ours.certificate, &others.key),
        new().client_certificate(&ours.certificate, ours.key.replacen('M', "b4n4n4", 1)),
        new().client_certificate(&ours.key, &ours.key),
        at("ws://stand:b4n4n4@localhost").token("b4n4n4"),
        at("ws://stand:b4n4n4@localhost:0"),
        at("ws://stand:b4n4n4%@localhost"),
        at("stand:b4n4n4@localhost"),
        at("ws://localhost:0/myko?token=b4n4n4"),
        at("ws://localhost:0/myko?a=b&b4n4n4#b4n4n4"),
    ] {
        nothing_in("a builder", &format!("{builder:?} {builder:#?}"));
        let built = panic::catch_unwind(AssertUnwindSafe(|| drop(builder.build().unwrap())));
        let panicked = built.unwrap_err();
        let text = panicked.downcast_ref::<String>().unwrap();
        nothing_in_but_words_of_pem("a panic", text);
    }
    let address: Address = "ws://stand:b4n4n4@localhost/myko?token=b4n4n4"
        .parse()
        .unwrap();
    nothing_in("an address", &format!("{address} {address:?} {address:#?}"));
    let wrong = "ws://stand:b4n4n4@localhost:0".parse::<Address>();
    let wrong = wrong.unwrap_err();
    nothing_in("an error", &format!("{wrong} {wrong:?} {wrong:#?}"));
}

/// Errors say which line a key begins with.
fn nothing_in_but_words_of_pem(what: &str, text: &str) {
    nothing_in(what, &text.replace("-----BEGIN PRIVATE KEY-----", ""));
}

#[tokio::test]
async fn nothing_secret_is_in_what_a_program_prints() {
    let server = Server::bind().await;
    let url = server.url().replace("ws://", "ws://stand:b4n4n4@");
    drop(server);
    for level in ["off", "trace"] {
        let mut hub = program(env!("CARGO_BIN_EXE_hub"), &["run", "log"]);
        hub.env("RSHIP_URL", format!("{url}?token=b4n4n4"))
            .env("RUST_LOG", level);
        let mut child = hub.spawn().unwrap();
        // The log is on one, what there is without it on the other.
        let mut lines = match level {
            "off" => lines(child.stderr.take().unwrap()),
            _ => lines(child.stdout.take().unwrap()),
        };
        let mut text = String::new();
        while !text.contains("no connection to 127.0.0.1") {
            text.push_str(&within("line", lines.recv()).await.expect("a line"));
        }
        child.start_kill().unwrap();
        let rest = within("the end", child.wait_with_output()).await.unwrap();
        let rest = [rest.stdout, rest.stderr].concat();
        nothing_in("a program", &text);
        nothing_in("a program", &String::from_utf8_lossy(&rest));
    }
    let mut dev = program(env!("CARGO_BIN_EXE_dev"), &["ls"]);
    dev.env("RSHIP_URL", &url).env("RUST_LOG", "trace");
    let (success, said) = ended(dev).await;
    assert!(!success && said.contains("no server at"), "{said}");
    nothing_in("rship-dev", &said);
}

/// The lines of a pipe, as they come.
fn lines(
    pipe: impl tokio::io::AsyncRead + Unpin + Send + 'static,
) -> tokio::sync::mpsc::UnboundedReceiver<String> {
    use tokio::io::{AsyncBufReadExt as _, BufReader};
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut lines = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if sender.send(line + "\n").is_err() {
                return;
            }
        }
    });
    receiver
}
