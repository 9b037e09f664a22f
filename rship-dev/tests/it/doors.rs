//! Who may come in: pages, names, tokens, other machines.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use rship_dev::{Limits, LocalCore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderName;

use crate::cli::{command, failure, line, lines, run, stdout};
use crate::peer::{LIMIT, Peer, within};

/// How the core answers a client with these headers: the status, and what it says unless it lets it in.
async fn answer(core: &LocalCore, headers: &[(&'static str, &str)]) -> (u16, String) {
    let mut request = core.url().into_client_request().unwrap();
    for (name, value) in headers {
        let name = HeaderName::from_static(name);
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    match within("answer", connect_async(request)).await {
        Ok(_) => (101, String::new()),
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), String::from_utf8(body).unwrap())
        }
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_page_of_another_site_is_refused_until_it_is_allowed() {
    const EVIL: (&str, &str) = ("origin", "https://evil.example");
    let core = LocalCore::builder().start().await.unwrap();
    let (status, said) = answer(&core, &[EVIL]).await;
    assert_eq!(status, 403);
    assert!(
        said.contains("`https://evil.example`") && said.contains("--allow-origin"),
        "{said}"
    );
    assert_eq!(core.clients(), 0);
    let drop = core.drops().pop().unwrap();
    assert!(
        drop.item_type == "connection" && drop.reason.contains("evil.example"),
        "{drop}"
    );
    let own = [("origin", "http://localhost:5173")];
    assert_eq!(answer(&core, &own).await.0, 101);
    assert_eq!(answer(&core, &[]).await.0, 101, "programs send no origin");
    let builder = LocalCore::builder().allow_origin("https://evil.example");
    let core = builder.start().await.unwrap();
    assert_eq!(answer(&core, &[EVIL]).await.0, 101);
}

#[tokio::test]
async fn a_name_that_somebody_pointed_at_this_machine_is_refused_until_it_is_allowed() {
    let host = [("host", "evil.example:5155")];
    let core = LocalCore::builder().start().await.unwrap();
    let (status, said) = answer(&core, &host).await;
    assert_eq!(status, 403);
    assert!(
        said.contains("`evil.example:5155`") && said.contains("--allow-host"),
        "{said}"
    );
    let rebound = [
        ("host", "evil.example"),
        ("origin", "http://evil.example:5155"),
    ];
    assert_eq!(answer(&core, &rebound).await.0, 403);
    assert_eq!(core.clients(), 0);
    let builder = LocalCore::builder().allow_host("evil.example");
    let core = builder.start().await.unwrap();
    assert_eq!(answer(&core, &host).await.0, 101);
}

#[tokio::test]
async fn a_token_is_wanted_where_there_is_one() {
    let builder = LocalCore::builder().token("hunter2");
    let core = builder.start().await.unwrap();
    for wrong in [
        &[][..],
        &[("authorization", "Bearer hunter1")],
        &[("authorization", "Basic hunter2")],
    ] {
        let (status, said) = answer(&core, wrong).await;
        assert_eq!(status, 401, "{wrong:?}");
        assert!(
            said.contains("RSHIP_TOKEN") && !said.contains("hunter2"),
            "{said}"
        );
    }
    assert_eq!(core.clients(), 0);
    let right = [("authorization", "Bearer hunter2")];
    assert_eq!(answer(&core, &right).await.0, 101);
    let debug = format!("{core:?} {:?}", LocalCore::builder().token("hunter2"));
    assert!(!debug.contains("hunter2"), "{debug}");
}

#[tokio::test]
async fn what_other_machines_can_reach_needs_a_token_or_a_word() {
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let open = || LocalCore::builder().bind(everywhere);
    let error = open().start().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("--insecure"), "{error}");
    let core = open().insecure().start().await.unwrap();
    Peer::connect(&core).await.sync().await;
    let core = open().token("hunter2").start().await.unwrap();
    assert_eq!(answer(&core, &[]).await.0, 401);
}

#[tokio::test]
async fn serve_and_the_other_commands_share_a_token() {
    let said = failure(&run(&["serve", "--bind", "0.0.0.0:0"]).await);
    assert!(
        said.contains("--token") && said.contains("--insecure"),
        "{said}"
    );
    let said = failure(&run(&["serve", "--bind", "127.0.0.1:0", "--token", ""]).await);
    assert!(said.contains("the token is empty"), "{said}");
    let said = failure(&run(&["serve", "--bind", "127.0.0.1:0", "--allow-origin", "x"]).await);
    assert!(said.contains("`x` is not an origin"), "{said}");
    let mut serve = command(&["serve", "--bind", "0.0.0.0:0"])
        .env("RSHIP_TOKEN", "hunter2")
        .spawn()
        .unwrap();
    let mut lines = lines(&mut serve).await;
    let first = line(&mut lines).await;
    let url = first.split([' ', ',']).nth(2).unwrap();
    let said = failure(&run(&["ls", "--url", url]).await);
    assert!(
        said.contains("HTTP 401: this core wants a token") && said.contains("RSHIP_TOKEN"),
        "{said}"
    );
    assert!(
        line(&mut lines)
            .await
            .starts_with("a connection was dropped: this core wants")
    );
    stdout(&run(&["ls", "--token", "hunter2", "--url", url]).await);
    let mut insecure = command(&["serve", "--bind", "0.0.0.0:0", "--insecure"])
        .spawn()
        .unwrap();
    let mut lines = crate::cli::lines(&mut insecure).await;
    let first = line(&mut lines).await;
    stdout(&run(&["ls", "--url", first.split([' ', ',']).nth(2).unwrap()]).await);
}

/// Sends bytes and reads until the core hangs up.
async fn until_the_end(mut stream: TcpStream, bytes: &[u8]) -> String {
    let mut said = Vec::new();
    // The core may have hung up before all of it went.
    let _ = within("room", stream.write_all(bytes)).await;
    let _ = within("the end", stream.read_to_end(&mut said)).await;
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn an_opening_that_does_not_end_is_given_up() {
    let mut limits = Limits::default();
    limits.opening_time = Duration::from_millis(50);
    let core = LocalCore::builder().limits(limits).start().await.unwrap();
    for begun in [&b""[..], b"GET /myko HTTP/1.1\r\nHost: localhost\r\n"] {
        let stream = TcpStream::connect(core.addr()).await.unwrap();
        assert_eq!(until_the_end(stream, begun).await, "");
    }
    core.wait_until(LIMIT, "the explanation", |core| {
        let drops = core.drops();
        drops
            .iter()
            .any(|drop| drop.count == 1 && drop.reason.contains("no WebSocket within 50ms"))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_header_without_end_is_not_read_for_ever() {
    let core = LocalCore::builder().start().await.unwrap();
    let stream = TcpStream::connect(core.addr()).await.unwrap();
    let header = format!("GET /myko HTTP/1.1\r\nX: {}", "x".repeat(200_000));
    until_the_end(stream, header.as_bytes()).await;
    assert_eq!(core.clients(), 0);
}

#[tokio::test]
async fn of_too_many_connections_that_open_nothing_the_oldest_makes_room() {
    let mut limits = Limits::default();
    limits.opening = 3;
    let core = LocalCore::builder().limits(limits).start().await.unwrap();
    let mut idle = Vec::new();
    for _ in 0..20 {
        idle.push(TcpStream::connect(core.addr()).await.unwrap());
    }
    Peer::connect(&core).await.sync().await;
    let oldest = idle.remove(0);
    assert_eq!(until_the_end(oldest, b"").await, "");
    let drops = core.drops();
    assert!(
        drops
            .iter()
            .any(|drop| drop.reason.contains("more than 3 connections")),
        "{drops:?}"
    );
}

#[tokio::test]
async fn one_client_too_many_is_told_so_and_the_others_stay() {
    let mut limits = Limits::default();
    limits.clients = 2;
    let core = LocalCore::builder().limits(limits).start().await.unwrap();
    let mut peers = [Peer::connect(&core).await, Peer::connect(&core).await];
    let (status, said) = answer(&core, &[]).await;
    assert_eq!(status, 503);
    assert!(said.contains("2 clients"), "{said}");
    for peer in &mut peers {
        peer.sync().await;
    }
    drop(peers);
    core.wait_until(LIMIT, "their end", |core| core.clients() == 0)
        .await
        .unwrap();
    within("a seat", async {
        while answer(&core, &[]).await.0 != 101 {}
    })
    .await;
}
