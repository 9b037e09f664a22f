//! The page: its files over HTTP, and its socket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rship_dev::{Generation, Limits, LocalCore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::peer::{Peer, core, within};

/// Sends requests over one connection that ends with them, and reads all that comes.
async fn http(core: &LocalCore, request: &str) -> String {
    let mut stream = TcpStream::connect(core.addr()).await.unwrap();
    within("room", stream.write_all(request.as_bytes()))
        .await
        .unwrap();
    let mut said = Vec::new();
    within("answer", stream.read_to_end(&mut said))
        .await
        .unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n")
}

/// A page as the core sees one.
pub(crate) struct Page {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Page {
    pub(crate) async fn connect(core: &LocalCore) -> Self {
        Self::connect_to(&core.page_url()).await
    }

    /// The page at that address.
    pub(crate) async fn connect_to(page: &str) -> Self {
        let url = page.replace("http://", "ws://") + "page/socket";
        let (socket, _) = within("connection", connect_async(url)).await.unwrap();
        Self { socket }
    }

    /// Says hello, and gives what it is welcomed with.
    pub(crate) async fn welcomed(core: &LocalCore) -> (Self, Value) {
        let mut page = Self::connect(core).await;
        page.say(json!({"t": "hello"})).await;
        let welcome = page.next("welcome").await;
        (page, welcome)
    }

    pub(crate) async fn say(&mut self, said: Value) {
        let message = Message::text(said.to_string());
        within("room", self.socket.send(message)).await.unwrap();
    }

    pub(crate) async fn any(&mut self) -> Option<Value> {
        loop {
            match within("frame", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next frame of that kind; others are skipped.
    pub(crate) async fn next(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.any().await.expect("a frame");
            if frame["t"] == kind {
                return frame;
            }
        }
    }

    /// The next frame of that kind that is as wanted.
    pub(crate) async fn until(&mut self, kind: &str, is: impl Fn(&Value) -> bool) -> Value {
        within(kind, async {
            loop {
                let frame = self.next(kind).await;
                if is(&frame) {
                    return frame;
                }
            }
        })
        .await
    }
}

/// An executor with a stand, whose register is below it.
pub(crate) async fn stand(core: &LocalCore) -> Peer {
    let mut peer = Peer::connect(core).await;
    let client = peer.client_id.clone();
    let mut instance = json!({
        "id": "i", "name": "Stand 1", "serviceId": "bluth", "serviceTypeCode": "bluth", "color": "#ffff00",
        "machineId": "pier", "status": "Available",
    });
    if core.generation() != Generation::V2026 {
        instance["clientId"] = client.into();
    }
    peer.set("Instance", instance).await;
    for (id, name, parent) in [
        ("stand", "Stand", None),
        ("stand.register", "Register", Some("stand")),
    ] {
        let children = match parent {
            None => json!(["stand.register"]),
            Some(_) => json!([]),
        };
        let parents: Vec<_> = parent.into_iter().collect();
        peer.set(
            "Target",
            json!({
                "id": id, "name": name, "serviceId": "bluth", "category": "retail", "actionIds": [],
                "emitterIds": [], "subTargets": children, "parentTargets": parents, "rootLevel": parent.is_none(),
                "bgColor": "#ffff00", "fgColor": "#000000", "lastUpdated": "2023-04-30T19:56:34.000Z", "hash": id,
            }),
        )
        .await;
        peer.set(
            "TargetStatus",
            json!({"id": format!("i:{id}"), "instanceId": "i", "targetId": id, "status": "online", "hash": id}),
        )
        .await;
    }
    let schema = json!({"type": "object", "properties": {"count": {"type": "integer"}}});
    let action = match core.generation() {
        Generation::V2023 => schema.to_string().into(),
        _ => schema,
    };
    peer.set(
        "Action",
        json!({"id": "stand:sell", "name": "Sell", "targetId": "stand", "serviceId": "bluth", "schema": action, "hash": "h"}),
    )
    .await;
    peer.set(
        "Emitter",
        json!({
            "id": "stand.register:cash", "name": "Cash", "targetId": "stand.register", "serviceId": "bluth",
            "schema": {"type": "number"}, "hash": "h",
        }),
    )
    .await;
    peer.sync().await;
    peer
}

/// A pulse of the register.
pub(crate) fn cash(peer: &Peer, data: Value) -> Value {
    let mut pulse =
        json!({"id": "stand.register:cash:i", "emitterId": "stand.register:cash", "data": data});
    // Servers until 2024 tell what differs by it.
    pulse["hash"] = pulse.to_string().into();
    if peer.generation != Generation::V2026 {
        pulse["clientId"] = peer.client_id.clone().into();
    }
    pulse
}

pub(crate) const CASH: &str = "e/i/stand.register:cash";

#[tokio::test]
async fn the_page_is_served_with_a_strict_policy_and_other_paths_are_not() {
    let core = LocalCore::builder().start().await.unwrap();
    assert_eq!(core.page_url(), format!("http://{}/", core.addr()));
    let page = http(&core, &get("/", "")).await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let lower = page.to_lowercase();
    for header in [
        "content-type: text/html; charset=utf-8\r\n",
        "content-security-policy: default-src 'none'; script-src 'self' 'sha256-",
        "x-content-type-options: nosniff\r\n",
        "referrer-policy: no-referrer\r\n",
        "cache-control: no-cache\r\n",
    ] {
        assert!(lower.contains(header), "{header}: {page}");
    }
    let etag = lower
        .split("etag: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap();
    let known = http(&core, &get("/", &format!("If-None-Match: {etag}\r\n"))).await;
    assert!(known.starts_with("HTTP/1.1 304"), "{known}");
    let script = http(&core, &get("/page/vendor/preact.js", "")).await;
    assert!(script.contains("text/javascript"), "{script}");
    let head = get("/", "").replace("GET", "HEAD");
    let head = http(&core, &head).await;
    assert!(
        head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
    for missing in [
        "/favicon.ico",
        "/page/",
        "/page/../Cargo.toml",
        "/index.html",
        "/page/none.js",
    ] {
        let said = http(&core, &get(missing, "")).await;
        assert!(
            said.starts_with("HTTP/1.1 404") && said.contains("text/plain"),
            "{said}"
        );
    }
    // Whoever is refused is not waited for.
    let kept = get("/none", "").replace("Connection: close\r\n", "");
    assert!(http(&core, &kept).await.starts_with("HTTP/1.1 404"));
    let post = get("/", "").replace("GET", "POST");
    let said = http(&core, &post).await;
    assert!(
        said.starts_with("HTTP/1.1 405") && said.to_lowercase().contains("allow: get, head"),
        "{said}"
    );
    let said = http(&core, &get("/myko", "")).await;
    assert!(
        said.starts_with("HTTP/1.1 426") && said.contains("the page is at /"),
        "{said}"
    );
    assert!(core.drops().is_empty(), "{:?}", core.drops());
}

#[tokio::test]
async fn several_files_come_over_one_connection_and_then_a_socket() {
    let core = LocalCore::builder().start().await.unwrap();
    let mut stream = TcpStream::connect(core.addr()).await.unwrap();
    let file = "GET /page/vendor/htm.js HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let upgrade = "GET /myko HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    // A masked ping of the WebSocket, which comes with the request.
    let ping = [0x89, 0x80, 0, 0, 0, 0];
    let all = [file.as_bytes(), file.as_bytes(), upgrade.as_bytes(), &ping].concat();
    within("room", stream.write_all(&all)).await.unwrap();
    let mut said = Vec::new();
    within("a pong", async {
        while !said.ends_with(&[0x8a, 0x00]) {
            assert!(stream.read_buf(&mut said).await.unwrap() > 0);
        }
    })
    .await;
    let said = String::from_utf8_lossy(&said);
    assert_eq!(said.matches("HTTP/1.1 200").count(), 2);
    assert_eq!(said.matches("HTTP/1.1 101").count(), 1);
    assert_eq!(core.clients(), 1);
}

#[tokio::test]
async fn files_and_socket_are_for_pages_of_this_core_alone() {
    let core = LocalCore::builder().start().await.unwrap();
    for (path, headers) in [
        ("/", "Origin: https://evil.example\r\n"),
        ("/page/socket", "Origin: https://evil.example\r\n"),
    ] {
        let said = http(&core, &get(path, headers)).await;
        assert!(said.starts_with("HTTP/1.1 403"), "{path}: {said}");
    }
    let rebound = get("/", "").replace("localhost", "evil.example");
    let said = http(&core, &rebound).await;
    assert!(
        said.starts_with("HTTP/1.1 403") && said.contains("--allow-host"),
        "{said}"
    );
    let url = core.page_url().replace("http://", "ws://") + "page/socket";
    let mut request = url.into_client_request().unwrap();
    let evil = "https://evil.example".parse().unwrap();
    request.headers_mut().insert("origin", evil);
    match within("answer", connect_async(request)).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{other:?}"),
    }
    // Under a name by which it may be reached, its own page is.
    let core = LocalCore::builder()
        .allow_host("core.example")
        .start()
        .await
        .unwrap();
    let named = get("/", "Origin: http://core.example:80\r\n").replace("localhost", "core.example");
    assert!(http(&core, &named).await.starts_with("HTTP/1.1 200"));
    let other = get("/", "Origin: http://core.example:81\r\n").replace("localhost", "core.example");
    assert!(http(&core, &other).await.starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn a_page_says_the_token_and_may_try_again() {
    let core = LocalCore::builder().token("hunter2").start().await.unwrap();
    assert!(http(&core, &get("/", "")).await.starts_with("HTTP/1.1 200"));
    let mut page = Page::connect(&core).await;
    page.say(json!({"t": "hello"})).await;
    let denied = page.any().await.unwrap();
    assert_eq!(denied["t"], "denied");
    assert!(denied["reason"].as_str().unwrap().contains("token"));
    page.say(json!({"t": "hello", "token": "hunter1"})).await;
    assert_eq!(page.any().await.unwrap()["t"], "denied");
    page.say(json!({"t": "hello", "token": "hunter2"})).await;
    assert_eq!(page.any().await.unwrap()["t"], "welcome");
    let mut page = Page::connect(&core).await;
    for _ in 0..3 {
        page.say(json!({"t": "hello", "token": "x"})).await;
        assert_eq!(page.any().await.unwrap()["t"], "denied");
    }
    assert_eq!(page.any().await, None);
    assert_eq!(core.clients(), 0, "a page is no client");
}

#[tokio::test]
async fn the_tree_comes_whole_and_then_what_changes() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = stand(&core).await;
        let (mut page, welcome) = Page::welcomed(&core).await;
        assert_eq!(welcome["generation"], generation.as_str());
        assert_eq!(welcome["from"], core.url());
        assert_eq!(
            (&welcome["source"], &welcome["readOnly"]),
            (&json!("core"), &Value::Null)
        );
        let tree = page.next("tree").await;
        assert_eq!(
            (&tree["reset"], &tree["complete"]),
            (&json!(true), &json!(true))
        );
        let instance = &tree["instances"][0];
        assert_eq!(
            (&instance["k"], &instance["online"]),
            (&json!("i/i"), &json!(true))
        );
        let rows: Vec<_> = tree["targets"].as_array().unwrap().iter().collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(
            (&rows[0]["k"], &rows[0]["parent"], &rows[0]["actions"]),
            (&json!("t/i/stand"), &Value::Null, &json!(1))
        );
        assert_eq!(
            (&rows[1]["parent"], &rows[1]["ik"]),
            (&json!("t/i/stand"), &json!("i/i"))
        );
        assert_eq!(rows[1]["emitters"][0]["k"], CASH);
        peer.set(
            "Emitter",
            json!({"id": "stand:worth", "name": "Worth", "targetId": "stand", "serviceId": "bluth", "schema": {"type": "number"}}),
        )
        .await;
        let news = page.next("tree").await;
        assert_eq!(news["targets"].as_array().unwrap().len(), 1, "{news}");
        assert_eq!(news["targets"][0]["emitters"][0]["name"], "Worth");
        assert_eq!(news.get("reset"), None);
        drop(peer);
        let gone = page.next("tree").await;
        assert_eq!(gone["instances"][0]["online"], false);
        assert_eq!(gone["targets"][0]["online"], false);
        assert!(core.drops().is_empty(), "{:?}", core.drops());
    }
}

#[tokio::test]
async fn values_are_those_of_what_is_seen_and_the_newest_wins() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = stand(&core).await;
        peer.set("Pulse", cash(&peer, json!(5))).await;
        peer.sync().await;
        let (mut page, _) = Page::welcomed(&core).await;
        page.next("tree").await;
        page.say(json!({"t": "see", "targets": ["t/i/stand"], "emitters": [CASH], "plots": [{"ek": CASH, "path": ""}]}))
            .await;
        let known = page.next("values").await;
        assert_eq!(
            &known["e"][0].as_array().unwrap()[..3],
            &[json!(CASH), json!(5), json!(0)]
        );
        let (mut count, mut flashed, mut least, mut greatest) = (0, 0, f64::MAX, f64::MIN);
        for data in [7, 1, 9, 4] {
            peer.set("Pulse", cash(&peer, json!(data))).await;
        }
        while count < 4 {
            let values = page.next("values").await;
            for entry in values["e"].as_array().unwrap() {
                count += entry[2].as_u64().unwrap();
                if entry[2].as_u64() > Some(0) {
                    least = least.min(entry[4].as_f64().unwrap());
                    greatest = greatest.max(entry[5].as_f64().unwrap());
                    assert!(entry[3].is_u64());
                }
                if count == 4 {
                    assert_eq!(entry[1], 4);
                }
            }
            for row in values["a"].as_array().unwrap() {
                assert_eq!(row[0], "t/i/stand");
                flashed += row[1].as_u64().unwrap();
            }
        }
        assert_eq!((count, flashed), (4, 4));
        assert!(least >= 1.0 && greatest <= 9.0);
        // Of what is no longer seen nothing comes.
        page.say(json!({"t": "see"})).await;
        page.say(json!({"t": "call", "n": 1, "action": "a/i/none"}))
            .await;
        page.next("answer").await;
        peer.set("Pulse", cash(&peer, json!(1))).await;
        peer.sync().await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        page.say(json!({"t": "call", "n": 2, "action": "a/i/none"}))
            .await;
        loop {
            let frame = page.any().await.unwrap();
            assert_ne!(frame["t"], "values", "{frame}");
            if frame["t"] == "answer" {
                break;
            }
        }
    }
}

#[tokio::test]
async fn an_open_target_is_told_whole_and_again_when_it_changes() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = stand(&core).await;
        let (mut page, _) = Page::welcomed(&core).await;
        page.say(json!({"t": "open", "target": "t/i/stand"})).await;
        let target = page.next("target").await;
        assert_eq!(
            (&target["name"], &target["path"]),
            (&json!("Stand"), &json!([]))
        );
        let action = &target["actions"][0];
        assert_eq!(
            (&action["k"], &action["online"]),
            (&json!("a/i/stand:sell"), &json!(true))
        );
        assert_eq!(action["schema"]["properties"]["count"]["type"], "integer");
        page.say(json!({"t": "open", "target": "t/i/stand.register"}))
            .await;
        let target = page.next("target").await;
        assert_eq!(
            (&target["path"], &target["emitters"][0]["k"]),
            (&json!(["Stand"]), &json!(CASH))
        );
        peer.del("Emitter", json!({
            "id": "stand.register:cash", "name": "Cash", "targetId": "stand.register", "serviceId": "bluth",
            "schema": {"type": "number"}, "hash": "h",
        }))
        .await;
        let target = page.next("target").await;
        assert_eq!(target["emitters"], json!([]));
    }
}

#[tokio::test]
async fn an_action_is_answered_with_what_the_executor_says() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = stand(&core).await;
        let (mut page, _) = Page::welcomed(&core).await;
        page.say(json!({"t": "call", "n": 7, "action": "a/i/stand:sell", "data": {"count": 2}}))
            .await;
        let (_, command) = peer.recv_command().await;
        assert_eq!(command["data"], json!({"count": 2}));
        peer.respond(&command["tx"], json!({"paid": 20.5})).await;
        let answer = page.next("answer").await;
        assert_eq!(
            (&answer["n"], &answer["ok"], &answer["result"]),
            (&json!(7), &json!(true), &json!({"paid": 20.5}))
        );
        assert!(answer["ms"].is_f64() || answer["ms"].is_u64());
        page.say(json!({"t": "call", "n": "x", "action": "a/i/stand:sel"}))
            .await;
        let answer = page.next("answer").await;
        assert_eq!((&answer["n"], &answer["ok"]), (&json!("x"), &json!(false)));
        assert!(
            answer["error"].as_str().unwrap().contains("did you mean"),
            "{answer}"
        );
        page.say(json!({"t": "sing"})).await;
        assert!(
            page.next("problem").await["text"]
                .as_str()
                .unwrap()
                .contains("cannot be read")
        );
    }
}

#[tokio::test]
async fn a_connection_that_a_browser_keeps_is_closed_without_a_word() {
    let mut limits = Limits::default();
    limits.opening_time = Duration::from_millis(100);
    let core = LocalCore::builder().limits(limits).start().await.unwrap();
    let kept = get("/", "").replace("Connection: close\r\n", "");
    assert!(http(&core, &kept).await.starts_with("HTTP/1.1 200"));
    assert_eq!(http(&core, "").await, "", "one that it may need");
    assert!(core.drops().is_empty(), "{:?}", core.drops());
}

#[tokio::test]
async fn the_page_comes_over_a_connection_that_was_handed_in() {
    let core = LocalCore::builder().start_unbound();
    let (mut near, far) = tokio::io::duplex(1 << 16);
    core.accept(far);
    let request = get("/", "");
    within("room", near.write_all(request.as_bytes()))
        .await
        .unwrap();
    let mut said = String::new();
    within("answer", near.read_to_string(&mut said))
        .await
        .unwrap();
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    let (near, far) = tokio::io::duplex(1 << 16);
    core.accept(far);
    let url = "ws://localhost/page/socket";
    let opening = tokio_tungstenite::client_async(url, near);
    let (mut socket, _) = within("opening", opening).await.unwrap();
    let hello = Message::text(json!({"t": "hello"}).to_string());
    within("room", socket.send(hello)).await.unwrap();
    let welcome = within("welcome", socket.next()).await.unwrap().unwrap();
    assert!(welcome.into_text().unwrap().contains("\"welcome\""));
}

#[tokio::test]
async fn a_large_tree_comes_in_pieces_and_targets_in_a_circle_are_shown_once() {
    const MANY: usize = 3_000;
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.set("Instance", peer.instance("i")).await;
    let event = |item_type: &str, item: Value| json!({"itemType": item_type, "changeType": "SET", "item": item});
    let mut events = Vec::new();
    for number in 0..MANY {
        let (id, parent) = match number {
            0 => ("t0".to_owned(), vec!["t1".to_owned()]),
            1 => ("t1".to_owned(), vec!["t0".to_owned()]),
            _ => (format!("t{number}"), vec![format!("t{}", number / 10)]),
        };
        let target = json!({"id": id, "name": "Stand", "serviceId": "bluth", "category": "retail", "parentTargets": parent});
        events.push(event("Target", target));
        events.push(event("TargetStatus", crate::peer::status("i", &id)));
    }
    peer.send(json!({"event": "ws:m:event-batch", "data": events}))
        .await;
    peer.sync().await;
    let (mut page, _) = Page::welcomed(&core).await;
    let mut parents = std::collections::BTreeMap::new();
    let mut pieces = 0;
    loop {
        let tree = page.next("tree").await;
        assert!(tree.to_string().len() <= 256 << 10);
        assert_eq!(tree.get("reset").is_some(), pieces == 0);
        pieces += 1;
        for target in tree["targets"].as_array().unwrap() {
            parents.insert(target["k"].to_string(), target["parent"].clone());
        }
        if tree["complete"] == true {
            break;
        }
    }
    assert!(pieces > 1);
    assert_eq!(parents.len(), MANY);
    let roots = parents.values().filter(|parent| parent.is_null());
    assert_eq!(roots.count(), 1, "one of the circle");
}
