//! Memory of the local core: whoever connects to it, and whatever they send, it takes no more than its limits, and
//! serves others meanwhile.
#![cfg(target_os = "linux")]

use futures_util::{SinkExt as _, StreamExt as _};
use rship_dev::{Limits, LocalCore};
use rship_tests::{Memory, alone, within};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What one client may have waiting is 128 MiB, one message 64 MiB; allocators and this test itself need some more.
const BOUNDED: usize = 320 << 20;
/// What a core with smaller limits may take.
const LESS: usize = 96 << 20;
/// What little things may take.
const SMALL: usize = 64 << 20;

alone! {
    queries_that_nobody_reads_the_answers_of_are_bounded => queries,
    refused_entities_of_16_mb_leave_little => refused,
    messages_of_which_one_byte_comes_take_nothing => half_messages,
    a_watcher_that_does_not_read_is_bounded => watcher,
    a_message_that_would_become_gigabytes_is_refused => small_objects,
    a_follower_of_events_that_does_not_read_is_bounded => follower,
    an_entity_with_thousands_of_mistakes_is_explained_in_little => mistakes,
    batches_for_nobody_are_answered_in_little => batches,
    an_entity_takes_no_more_than_4_kb => entities,
}

/// A client that says what it likes, without a copy of it.
struct Client(TcpStream);

impl Client {
    async fn open(core: &LocalCore) -> Self {
        let mut stream = TcpStream::connect(core.addr()).await.unwrap();
        let request = "GET /myko HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(within("an answer", stream.read_u8()).await.unwrap());
        }
        Self(stream)
    }

    /// Says that a text of this length follows; masked with zeros, it goes as it is.
    async fn begin(&mut self, length: usize) {
        let mut header = vec![0x81, 0xff];
        header.extend(u64::try_from(length).unwrap().to_be_bytes());
        header.extend([0; 4]);
        within("room", self.0.write_all(&header)).await.unwrap();
    }

    async fn send(&mut self, text: &str) {
        self.send_repeated("", text, 1, "").await;
    }

    async fn send_repeated(&mut self, before: &str, part: &str, times: usize, after: &str) {
        self.begin(before.len() + part.len() * times + after.len())
            .await;
        within("room", self.0.write_all(before.as_bytes()))
            .await
            .unwrap();
        let at_once = (1 << 16) / part.len().max(1) + 1;
        let many = part.repeat(at_once);
        let (whole, rest) = (times / at_once, times % at_once);
        for _ in 0..whole {
            within("room", self.0.write_all(many.as_bytes()))
                .await
                .unwrap();
        }
        for _ in 0..rest {
            within("room", self.0.write_all(part.as_bytes()))
                .await
                .unwrap();
        }
        within("room", self.0.write_all(after.as_bytes()))
            .await
            .unwrap();
    }

    async fn pulse(&mut self, id: &str, kilobytes: usize) {
        let before = format!(
            r#"{{"event":"ws:m:event","data":{{"itemType":"Pulse","changeType":"SET","item":{{"id":"{id}","emitterId":"{id}","data":""#
        );
        self.send_repeated(&before, &"x".repeat(1 << 10), kilobytes, "\"}}}")
            .await;
    }
}

fn query(tx: &str, item_type: &str) -> String {
    let data = json!({"queryId": "GetAll", "queryItemType": item_type, "query": {"tx": tx}});
    json!({"event": "ws:m:query", "data": data}).to_string()
}

/// Another client is served, all that came before it included.
async fn others_are_served(core: &LocalCore) {
    let (mut socket, _) = tokio_tungstenite::connect_async(core.url()).await.unwrap();
    socket.send(query("q", "Nothing").into()).await.unwrap();
    let answer = within("an answer", socket.next()).await.unwrap().unwrap();
    let answer: Value = serde_json::from_str(answer.to_text().unwrap()).unwrap();
    assert_eq!(answer["data"]["tx"], "q");
}

async fn core() -> LocalCore {
    LocalCore::builder().start().await.unwrap()
}

async fn limited(change: impl FnOnce(&mut Limits)) -> LocalCore {
    let mut limits = Limits::default();
    change(&mut limits);
    LocalCore::builder().limits(limits).start().await.unwrap()
}

/// Waits until the core said this of something that it dropped.
async fn dropped(core: &LocalCore, words: &str) {
    within(words, async {
        while !core.drops().iter().any(|drop| drop.reason.contains(words)) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
}

async fn queries() {
    let core = core().await;
    let mut busy = Client::open(&core).await;
    for number in 0..40 {
        busy.pulse(&number.to_string(), 100).await;
    }
    while core.count("Pulse") < 40 {
        tokio::task::yield_now().await;
    }
    let memory = Memory::start();
    let mut lazy = Client::open(&core).await;
    for number in 0..2_000 {
        lazy.send(&query(&number.to_string(), "Pulse")).await;
    }
    dropped(&core, "1000 queries open").await;
    others_are_served(&core).await;
    memory.grew_at_most(SMALL, "answers that wait");
    // Each of these is told a thousand times.
    for number in 0..20 {
        busy.pulse(&number.to_string(), 1_000).await;
    }
    others_are_served(&core).await;
    memory.grew_at_most(BOUNDED, "updates that wait");
}

async fn refused() {
    let core = core().await;
    let memory = Memory::start();
    let mut client = Client::open(&core).await;
    for number in 0..12 {
        let before = format!(
            r#"{{"event":"ws:m:event","data":{{"itemType":"Target","changeType":"SET","item":{{"id":"{number}"#
        );
        client
            .send_repeated(&before, "xxxxxxxxxxxxxxxx", 1 << 20, "\"}}}")
            .await;
    }
    others_are_served(&core).await;
    within("all", async {
        while core.drops().len() < 36 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    drop(client);
    memory.is_back_at(SMALL, "what is kept of them").await;
}

async fn half_messages() {
    let core = core().await;
    let memory = Memory::start();
    let mut clients = Vec::new();
    for _ in 0..200 {
        let mut client = Client::open(&core).await;
        client.begin(64_000_000).await;
        client.0.write_all(b"{").await.unwrap();
        clients.push(client);
    }
    others_are_served(&core).await;
    memory.grew_at_most(SMALL, "200 messages of 64 MB that were begun");
}

async fn watcher() {
    let core = limited(|limits| limits.waiting = 16 << 20).await;
    let memory = Memory::start();
    let mut lazy = Client::open(&core).await;
    lazy.send(&query("q", "Pulse")).await;
    others_are_served(&core).await;
    let mut busy = Client::open(&core).await;
    for _ in 0..120 {
        busy.pulse("p", 1_000).await;
    }
    dropped(&core, "it read too slowly").await;
    others_are_served(&core).await;
    memory.is_back_at(SMALL, "what waited for it").await;
}

async fn small_objects() {
    let core = limited(|limits| limits.document = 64 << 20).await;
    let memory = Memory::start();
    let mut client = Client::open(&core).await;
    client
        .send_repeated("[", r#"{"":0},"#, 1_500_000, "0]")
        .await;
    dropped(&core, "of memory, the core takes").await;
    others_are_served(&core).await;
    memory.grew_at_most(LESS, "1,500,000 objects in 10 MB");
}

async fn follower() {
    let core = limited(|limits| limits.followed = 16 << 20).await;
    let memory = Memory::start();
    let _events = core.events();
    let mut busy = Client::open(&core).await;
    for number in 0..120 {
        busy.pulse(&(number % 2).to_string(), 1_000).await;
    }
    within("the last", async {
        while core.count("Pulse") < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    others_are_served(&core).await;
    memory.grew_at_most(LESS, "events that wait");
}

async fn mistakes() {
    let core = core().await;
    let memory = Memory::start();
    let mut client = Client::open(&core).await;
    // A long name above many parts, each of which is wrong.
    let before = format!(
        r#"{{"event":"ws:m:event","data":{{"itemType":"Action","changeType":"SET","item":{{"id":"a","name":"a","targetId":"t","serviceId":"s","schema":{{"properties":{{"{}":{{"oneOf":["#,
        "n".repeat(1 << 17)
    );
    client
        .send_repeated(&before, "0,", 20_000, "0]}}}}}}")
        .await;
    dropped(&core, "a 2026 server wants an object there").await;
    others_are_served(&core).await;
    memory.grew_at_most(SMALL, "its explanations");
}

async fn batches() {
    let core = core().await;
    let memory = Memory::start();
    let mut client = Client::open(&core).await;
    for number in 0..4 {
        let before = format!(
            r#"{{"event":"ws:m:command","data":{{"commandId":"BatchTargetAction","command":{{"tx":"{number}","actions":["#
        );
        client
            .send_repeated(
                &before,
                r#"{"action":{"targetId":"nobody"}},"#,
                100_000,
                "0]}}}",
            )
            .await;
    }
    others_are_served(&core).await;
    memory.grew_at_most(BOUNDED, "400,000 members for nobody");
}

async fn entities() {
    const COUNT: usize = 30_000;
    let core = core().await;
    let memory = Memory::start();
    let mut client = Client::open(&core).await;
    let field = |kind: &str| json!({"type": kind, "description": "What it is for"});
    let properties =
        json!({"level": field("number"), "channel": field("integer"), "label": field("string")});
    let schema = json!({"type": "object", "properties": properties, "required": ["level", "channel", "label"]});
    for from in (0..COUNT).step_by(100) {
        let event = |number: usize| {
            let item = json!({
                "id": format!("service:target-{number}:level"), "name": "Level", "schema": schema, "hash": "0",
                "targetId": format!("service:target-{number}"), "serviceId": "service", "category": "levels",
            });
            json!({"itemType": "Action", "changeType": "SET", "item": item})
        };
        let events: Vec<_> = (from..from + 100).map(event).collect();
        let batch = json!({"event": "ws:m:event-batch", "data": events});
        client.send(&batch.to_string()).await;
    }
    within("all", async {
        while core.count("Action") < COUNT {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    memory.grew_at_most(COUNT * 4_000, "entities with a schema each");
}
