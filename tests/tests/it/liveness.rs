//! Liveness is progress both ways: who reads or answers is kept however slow, who does neither is given up.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use rship_dev::LocalCore;
use rship_runtime::{Executor, Generation, Status, Target, actions};
use rship_tests::{
    Direction, LIMIT, Peer, Proxy, Running, Server, Stand, Toxic, builder, core, pipes, within,
};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};

const SILENCE: Duration = Duration::from_secs(2);

fn watchful(builder: rship_runtime::Builder) -> Executor {
    let builder = builder.keepalive(Duration::from_millis(50), SILENCE);
    builder.build().unwrap()
}

fn is_offline(status: &Status) -> bool {
    matches!(status, Status::Offline { .. })
}

fn is_online(status: &Status) -> bool {
    matches!(status, Status::Online { .. })
}

/// What servers send when they have nothing to say.
fn chatter(generation: Generation) -> Message {
    match generation {
        Generation::V2024 => {
            let ping = json!({"event": "ws:m:ping", "data": {"ts": 1_700_000_000_000_u64}});
            Message::text(ping.to_string())
        }
        _ => Message::Ping("here".into()),
    }
}

#[tokio::test]
async fn a_server_that_sends_but_never_reads_is_given_up() {
    for generation in Generation::ALL {
        let server = Server::bind().await;
        let executor = watchful(builder(&server.url()).generation(generation));
        let _stand = executor.add("stand", Stand::full()).unwrap();
        let mut running = Running::start(&executor);
        let mut peer = server.accept().await;
        if generation == Generation::V2023 {
            let set_id = json!({"clientId": "c-1", "tx": "set-id"});
            peer.command("client:setId", set_id).await;
        }
        peer.pulse("stand:cash").await;
        let talk = async {
            while peer.socket.send(chatter(generation)).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            _ = running.wait("offline", is_offline) => {}
            () = talk => { running.wait("offline", is_offline).await; }
        }
    }
}

#[tokio::test]
async fn a_server_that_sends_through_a_full_pipe_and_never_reads_is_given_up() {
    let (connector, mut pipes) = pipes(4 << 10);
    let executor = watchful(builder("ws://pipe/myko").connect(connector));
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let mut running = Running::start(&executor);
    let mut peer = pipes.open().await;
    peer.pulse("stand:cash").await;
    let talk = async {
        while peer.socket.send(Message::Ping("here".into())).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = running.wait("offline", is_offline) => {}
        () = talk => { running.wait("offline", is_offline).await; }
    }
}

#[tokio::test]
async fn a_server_that_reads_but_answers_no_ping_and_says_nothing_is_given_up() {
    let server = Server::bind().await;
    let executor = watchful(builder(&server.url()));
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let mut running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("stand:cash").await;
    let swallow = tokio::spawn(async move { rest(peer.socket.get_mut()).await });
    running.wait("offline", is_offline).await;
    within("end of the connection", swallow).await.unwrap().ok();
}

/// Reads all that comes, below the WebSocket.
async fn rest(stream: &mut TcpStream) -> io::Result<usize> {
    let (mut chunk, mut all) = (vec![0; 64 << 10], 0);
    loop {
        match within("end of the connection", stream.read(&mut chunk)).await? {
            0 => return Ok(all),
            count => all += count,
        }
    }
}

#[tokio::test]
async fn a_connection_that_was_given_up_is_reset_so_that_nothing_of_it_comes_later() {
    let server = Server::bind().await;
    let executor = watchful(builder(&server.url()));
    let stand = executor.add("stand", Stand::full()).unwrap();
    let mut running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("stand:cash").await;
    for text in 0..100 {
        let mut stand = stand.lock().await;
        stand.sign.as_mut().unwrap().text = format!("{text}{}", "x".repeat(100_000));
        drop(stand);
        tokio::task::yield_now().await;
    }
    running.wait("offline", is_offline).await;
    let end = rest(peer.socket.get_mut()).await;
    let error = end.expect_err("a reset, not an end in order");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_connection_that_ends_in_order_is_closed_and_not_reset() {
    let server = Server::bind().await;
    let executor = watchful(builder(&server.url()));
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.pulse("stand:cash").await;
    let end = tokio::spawn(async move {
        loop {
            match within("frame", peer.socket.next()).await {
                Some(Ok(Message::Close(_))) => {
                    // Tungstenite answers the close when it is polled again.
                    let last = within("end", peer.socket.next()).await;
                    return last.map(|last| last.map(drop));
                }
                Some(Ok(_)) => {}
                end => return end.map(|end| end.map(drop)),
            }
        }
    });
    running.stop().await;
    let end = within("end", end).await.unwrap();
    let in_order = matches!(end, None | Some(Ok(()) | Err(Error::ConnectionClosed)));
    assert!(in_order, "{end:?}");
}

/// One of many, with a value of 10 kB.
#[derive(Target)]
struct Page {
    #[emitter]
    text: String,
}

#[actions]
impl Page {
    #[action]
    fn count(&mut self, text: String) -> usize {
        text.len()
    }
}

const PAGES: usize = 400;

fn book(executor: &Executor) {
    for number in 0..PAGES {
        let text = format!("{number} {}", "x".repeat(10_000));
        executor
            .add(&format!("page-{number}"), Page { text })
            .unwrap();
    }
}

/// A link that passes 400 kB a second, each way.
async fn slow(server: SocketAddr) -> Proxy {
    let link = Proxy::to(server).await;
    for direction in [Direction::Up, Direction::Down] {
        link.add(direction, Toxic::Bandwidth { rate: 400 << 10 });
    }
    link
}

#[tokio::test]
async fn a_slow_link_that_makes_progress_is_never_cut() {
    let core = core(Generation::V2026).await;
    // About 4 MB: some five times as long as the silence that ends a connection.
    let link = slow(core.addr()).await;
    let executor = watchful(builder(&link.url()));
    book(&executor);
    let mut running = Running::start(&executor);
    let status = running
        .wait("end of the registration", |status| {
            is_online(status) || is_offline(status)
        })
        .await;
    assert!(is_online(&status), "{status}");
    assert_eq!(
        core.count("Pulse"),
        PAGES,
        "online is when the server has it all"
    );
    assert_eq!(executor.metrics().sessions, 1);
    running.stop().await;
}

#[tokio::test]
async fn one_frame_that_takes_longer_than_the_silence_is_not_cut_in_either_direction() {
    let core = LocalCore::builder()
        .answer_limit(LIMIT)
        .start()
        .await
        .unwrap();
    let link = slow(core.addr()).await;
    let executor = watchful(builder(&link.url()));
    let page = Page {
        text: "x".repeat(2 << 20),
    };
    executor.add("page", page).unwrap();
    let mut running = Running::start(&executor);
    let status = running
        .wait("end of the registration", |status| {
            is_online(status) || is_offline(status)
        })
        .await;
    assert!(is_online(&status), "{status}");
    core.wait_until(LIMIT, "the action", |core| core.count("Action") == 1)
        .await
        .unwrap();
    let text = "y".repeat(2 << 20);
    core.exec(None, "page:count", json!({"text": text}))
        .await
        .unwrap();
    assert_eq!(executor.metrics().sessions, 1);
    running.stop().await;
}

#[tokio::test]
async fn online_is_when_the_server_has_read_the_registration_and_not_the_kernel() {
    for generation in Generation::ALL {
        let server = Server::bind().await;
        let builder = builder(&server.url()).generation(generation);
        let builder = builder.keepalive(Duration::from_millis(50), LIMIT);
        let executor = builder.build().unwrap();
        let _stand = executor.add("stand", Stand::full()).unwrap();
        let mut running = Running::start(&executor);
        let mut peer = server.accept().await;
        if generation == Generation::V2023 {
            let set_id = json!({"clientId": "c-1", "tx": "set-id"});
            peer.command("client:setId", set_id).await;
        }
        let early = running.wait("online", is_online);
        let early = tokio::time::timeout(Duration::from_secs(1), early).await;
        assert!(early.is_err(), "{generation}: nobody has read a frame");
        let reads = tokio::spawn(async move {
            let all = peer.pulse("stand:cash").await;
            peer.pinged(10).await;
            (all, peer)
        });
        running.wait("online", is_online).await;
        within("the peer", reads).await.unwrap();
    }
}

#[tokio::test]
async fn pings_go_ahead_of_bulk() {
    let (connector, mut pipes) = pipes(4 << 10);
    let executor = builder("ws://pipe/myko").connect(connector);
    let executor = executor.build().unwrap();
    let stand = executor.add("stand", Stand::full()).unwrap();
    let _running = Running::start(&executor);
    let mut peer: Peer<_> = pipes.open().await;
    peer.pulse("stand:cash").await;
    let sold = stand.lock().await.sold.clone();
    let (mut sent, total) = (0, 10_000_u32);
    while sent < total {
        sold.pulse(rship_tests::Sale { count: sent });
        sent += 1;
    }
    peer.ping("ahead").await;
    // What came before the pong is what the pipe and the socket's buffer held.
    let mut before = 0;
    while let Some(text) = peer.kept() {
        before += text.matches("stand:sold").count();
    }
    assert!(
        before < total as usize / 2,
        "{before} of {total} pulses went first"
    );
}

#[tokio::test]
async fn executors_end_in_time_when_both_directions_are_stalled() {
    let (connector, mut pipes) = pipes(4 << 10);
    let builder = builder("ws://pipe/myko").connect(connector);
    let executor = builder
        .shutdown_timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let stand = executor.add("stand", Stand::full()).unwrap();
    let running = Running::start(&executor);
    let mut peer = pipes.open().await;
    peer.pulse("stand:cash").await;
    stand.lock().await.sign.as_mut().unwrap().text = "x".repeat(1 << 20);
    running.stop().await;
    drop(peer);
}
