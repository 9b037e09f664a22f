//! What a client can do to others, and how much it may.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rship_dev::{EventsError, Generation, Limits, LocalCore};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;

use crate::peer::{LIMIT, Peer, core, event, with, within};

/// A core with other limits, whose store has each change at once.
async fn limited(generation: Generation, change: impl FnOnce(&mut Limits)) -> LocalCore {
    let mut limits = Limits::default();
    change(&mut limits);
    let builder = LocalCore::builder().generation(generation).limits(limits);
    builder.window(Duration::ZERO).start().await.unwrap()
}

/// Waits until something was dropped for this reason.
async fn dropped(core: &LocalCore, reason: &str) {
    core.wait_until(LIMIT, reason, |core| {
        let drops = core.drops();
        drops.iter().any(|drop| drop.reason.contains(reason))
    })
    .await
    .unwrap();
}

/// Waits until the server hangs up.
async fn until_the_end(peer: &mut Peer) {
    within("end", async {
        while let Some(Ok(_)) = peer.socket.next().await {}
    })
    .await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_and_stalls_nobody() {
    let core = limited(Generation::V2026, |limits| limits.waiting = 1 << 20).await;
    let mut lazy = Peer::connect(&core).await;
    lazy.query("q", "GetAllPulses", "Pulse", json!({})).await;
    lazy.sync().await;
    let mut busy = Peer::connect(&core).await;
    // More than the queue and what the system buffers between two sockets.
    let data = "x".repeat(2_048);
    for number in 0..8_000 {
        let pulse = busy.pulse("t", json!([number, data]));
        let frame = event("Pulse", "SET", pulse);
        within(
            "room to send",
            busy.socket.feed(Message::text(frame.to_string())),
        )
        .await
        .unwrap();
    }
    within("room to send", busy.socket.flush()).await.unwrap();
    core.wait_until(LIMIT, "the disconnection", |core| core.clients() == 1)
        .await
        .unwrap();
    dropped(&core, "it read too slowly: 1.0 MiB waited").await;
    busy.sync().await;
    assert_eq!(core.item("Pulse", "t:cash").unwrap()["data"][0], 7_999);
}

#[tokio::test]
async fn of_all_who_do_not_read_the_slowest_has_to_go() {
    let core = limited(Generation::V2026, |limits| limits.waiting_for_all = 2 << 20).await;
    let mut lazy = Peer::connect(&core).await;
    lazy.query("q", "GetAllPulses", "Pulse", json!({})).await;
    lazy.sync().await;
    let mut busy = Peer::connect(&core).await;
    let data = "x".repeat(1 << 20);
    for number in 0..16 {
        let pulse = busy.pulse("t", json!([number, data]));
        busy.set("Pulse", pulse).await;
    }
    core.wait_until(LIMIT, "the disconnection", |core| core.clients() == 1)
        .await
        .unwrap();
    dropped(&core, "it read too slowly").await;
    busy.sync().await;
}

#[tokio::test]
async fn who_reads_nothing_at_all_while_something_waits_is_disconnected() {
    let core = limited(Generation::V2026, |limits| {
        limits.progress = Duration::from_millis(200);
    })
    .await;
    let mut lazy = Peer::connect(&core).await;
    lazy.query("q", "GetAllPulses", "Pulse", json!({})).await;
    lazy.sync().await;
    let mut busy = Peer::connect(&core).await;
    // More than the system buffers between two sockets, and less than may wait.
    let data = "x".repeat(1 << 20);
    for number in 0..20 {
        let pulse = busy.pulse("t", json!([number, data]));
        busy.set("Pulse", pulse).await;
    }
    dropped(&core, "it read nothing for 200ms").await;
    busy.sync().await;
    assert_eq!(core.clients(), 1);
}

#[tokio::test]
async fn a_half_message_that_does_not_go_on_ends_the_connection_and_an_idle_one_stays() {
    let core = limited(Generation::V2026, |limits| {
        limits.progress = Duration::from_millis(100);
    })
    .await;
    let mut idle = Peer::connect(&core).await;
    for begun in [
        // A text of 64 MB, of which one byte comes.
        &[0x81, 0xff, 0, 0, 0, 0, 3, 0xd0, 0x90, 0, 0, 0, 0, 0, b'{'][..],
        // The first frame of several, and half a header.
        &[0x01, 0x81, 0, 0, 0, 0, b'{'],
        &[0x81],
    ] {
        let mut peer = Peer::connect(&core).await;
        peer.sync().await;
        let stream = peer.socket.get_mut();
        within("room", stream.write_all(begun)).await.unwrap();
        within("room", stream.flush()).await.unwrap();
        until_the_end(&mut peer).await;
    }
    dropped(&core, "a part of a message and nothing more for 100ms").await;
    idle.sync().await;
    assert_eq!(core.clients(), 1);
}

#[tokio::test]
async fn a_core_that_reads_nothing_itself_blames_nobody() {
    let core = limited(Generation::V2026, |limits| {
        limits.progress = Duration::from_millis(50);
    })
    .await;
    let mut peer = Peer::connect(&core).await;
    peer.sync().await;
    core.stall_reading(true);
    let pulse = peer.pulse("t", json!("x".repeat(1 << 20)));
    peer.set("Pulse", pulse).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    core.stall_reading(false);
    peer.sync().await;
    assert_eq!((core.count("Pulse"), core.drops()), (1, vec![]));
}

#[tokio::test]
async fn what_all_clients_have_half_sent_is_limited() {
    let core = limited(Generation::V2026, |limits| limits.receiving = 4 << 20).await;
    let mut other = Peer::connect(&core).await;
    let mut peers = Vec::new();
    for _ in 0..2 {
        let mut peer = Peer::connect(&core).await;
        let stream = peer.socket.get_mut();
        let header = [0x81, 0xff, 0, 0, 0, 0, 3, 0xd0, 0x90, 0, 0, 0, 0, 0];
        let part = [&header[..], &vec![b' '; 3 << 20]].concat();
        // The second one is hung up on meanwhile.
        let _ = within("room", stream.write_all(&part)).await;
        let _ = within("room", stream.flush()).await;
        peers.push(peer);
    }
    dropped(&core, "all clients together had 4.0 MiB of messages").await;
    let small = other.pulse("t", json!("x".repeat(1 << 19)));
    other.set("Pulse", small).await;
    other.sync().await;
    assert_eq!((core.count("Pulse"), core.clients()), (1, 2));
}

#[tokio::test]
async fn a_message_beyond_64_mib_ends_the_connection_with_an_explanation() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    let huge = format!("\"{}\"", "x".repeat(64 << 20));
    // The server may hang up before it has all been sent.
    drop(within("room to send", peer.socket.send(Message::text(huge))).await);
    core.wait_until(LIMIT, "the end of the connection", |core| {
        core.clients() == 0
    })
    .await
    .unwrap();
    until_the_end(&mut peer).await;
    assert!(
        core.drops()[0].reason.contains("64 MiB"),
        "{}",
        core.drops()[0]
    );
}

#[tokio::test]
async fn a_message_that_becomes_too_much_is_refused_in_both_encodings() {
    let core = limited(Generation::V2026, |limits| limits.document = 32 << 20).await;
    let mut peer = Peer::connect(&core).await;
    let members = 2 << 20;
    let text = format!("[{}0]", "0,".repeat(members));
    peer.send_text(&text).await;
    let bytes = [&[0x9f][..], &vec![0; members], &[0xff]].concat();
    within("room", peer.socket.send(Message::binary(bytes)))
        .await
        .unwrap();
    core.wait_until(LIMIT, "both", |core| {
        core.drops()
            .iter()
            .any(|drop| drop.count == 2 || core.drops().len() == 2)
    })
    .await
    .unwrap();
    dropped(
        &core,
        "it would take 64.0 MiB of memory, the core takes 32.0 MiB at most",
    )
    .await;
}

#[tokio::test]
async fn entities_are_limited_in_bytes_and_so_is_the_store() {
    for generation in Generation::ALL {
        let core = limited(generation, |limits| {
            limits.entity = 10_000;
            limits.store = 20_000;
            limits.entities = 8;
        })
        .await;
        let mut peer = Peer::connect(&core).await;
        let pulse = |name: &str, length: usize| {
            let pulse = peer.pulse(name, "x".repeat(length).into());
            event("Pulse", "SET", pulse)
        };
        let frames = [
            pulse("large", 10_000),
            pulse("first", 8_000),
            pulse("second", 8_000),
            // It takes the place of its former self.
            pulse("second", 8_100),
            pulse("third", 8_000),
        ];
        for frame in frames {
            peer.send(frame).await;
        }
        dropped(&core, "the core takes entities of 10000 bytes at most").await;
        dropped(&core, "the store would take more than 20000 bytes").await;
        assert_eq!(core.count("Pulse"), 2, "{generation}");
        let second = core.item("Pulse", "second:cash").unwrap();
        assert_eq!(second["data"].as_str().unwrap().len(), 8_100);
        peer.del("Pulse", peer.pulse("second", Value::Null)).await;
        let third = event(
            "Pulse",
            "SET",
            peer.pulse("third", "x".repeat(8_000).into()),
        );
        peer.send(third).await;
        peer.sync().await;
        assert!(core.item("Pulse", "third:cash").is_some(), "room again");
    }
}

#[tokio::test]
async fn the_number_of_entities_is_limited() {
    let core = limited(Generation::V2026, |limits| limits.entities = 3).await;
    let mut peer = Peer::connect(&core).await;
    for number in 0..5 {
        let pulse = peer.pulse(&number.to_string(), json!(number));
        peer.set("Pulse", pulse).await;
    }
    dropped(&core, "the store has 3 entities and takes no more").await;
    peer.sync().await;
    assert!(core.count("Pulse") < 4);
}

#[tokio::test]
async fn what_gathers_in_a_window_is_limited_too() {
    let mut limits = Limits::default();
    limits.store = 100_000;
    let builder = LocalCore::builder().limits(limits);
    let builder = builder.window(Duration::from_secs(3600));
    let core = builder.start().await.unwrap();
    let mut peer = Peer::connect(&core).await;
    for number in 0..10 {
        let name = format!("{number}{}", "x".repeat(20_000));
        peer.set("Target", with(peer.target("t"), "name", name))
            .await;
    }
    peer.sync().await;
    let drops = core.drops();
    assert!(
        drops
            .iter()
            .any(|drop| drop.reason.contains("came within one window")),
        "{drops:?}"
    );
}

#[tokio::test]
async fn queries_are_limited_in_number_and_in_bytes() {
    for generation in Generation::ALL {
        let core = limited(generation, |limits| {
            limits.queries = 3;
            limits.query_bytes = 100_000;
        })
        .await;
        let mut peer = Peer::connect(&core).await;
        for tx in ["a", "b", "c", "d"] {
            peer.query(tx, "GetAllPulses", "Pulse", json!({})).await;
        }
        dropped(&core, "has 3 queries open").await;
        for tx in ["b", "c"] {
            peer.send(json!({"event": "ws:m:query-cancel", "tx": tx, "data": {"tx": tx}}))
                .await;
        }
        let ids: Vec<_> = (0..4_000).map(|id| format!("id-{id}")).collect();
        peer.query("e", "GetPulsesByIds", "Pulse", json!({"ids": ids}))
            .await;
        dropped(&core, "would take more than 100000 bytes").await;
        peer.sync().await;
        assert_eq!(core.clients(), 1, "{generation}");
    }
}

#[tokio::test]
async fn what_queries_find_is_limited_at_first_and_later() {
    let core = limited(Generation::V2026, |limits| {
        limits.query_bytes = 50_000;
        limits.query_bytes_of_all = 60_000;
    })
    .await;
    let mut busy = Peer::connect(&core).await;
    let mut greedy = Peer::connect(&core).await;
    greedy.query("q", "GetAllPulses", "Pulse", json!({})).await;
    greedy.sync().await;
    for number in 0..2_000 {
        let pulse = busy.pulse(&number.to_string(), json!(number));
        busy.set("Pulse", pulse).await;
    }
    until_the_end(&mut greedy).await;
    dropped(&core, "its queries found so much").await;
    busy.query("q", "GetAllPulses", "Pulse", json!({})).await;
    dropped(&core, "would take more than 50000 bytes").await;
    busy.sync().await;
    for number in 1_200..2_000 {
        busy.del("Pulse", busy.pulse(&number.to_string(), json!(0)))
            .await;
    }
    busy.query("r", "GetAllPulses", "Pulse", json!({})).await;
    let mut other = Peer::connect(&core).await;
    busy.sync().await;
    other.query("s", "GetAllPulses", "Pulse", json!({})).await;
    dropped(&core, "the queries of all clients").await;
    other.sync().await;
}

#[tokio::test]
async fn a_client_may_have_so_many_commands_waiting_and_no_more() {
    let core = limited(Generation::V2026, |limits| limits.commands = 10).await;
    let mut executor = Peer::connect(&core).await;
    executor.register("i", "t").await;
    let mut ui = Peer::connect(&core).await;
    let run =
        |tx: String| json!({"tx": tx, "action": {"id": "t:burn", "targetId": "t"}, "data": null});
    for number in 0..11 {
        ui.command("ExecTargetAction", run(number.to_string()))
            .await;
    }
    let refused = ui.recv_event("ws:m:command-error").await;
    assert_eq!(refused["data"]["tx"], "10");
    assert!(refused.to_string().contains("10 commands of this client"));
    let (_, first) = executor.recv_command().await;
    executor.respond(&first["tx"], json!(1)).await;
    ui.recv_event("ws:m:command-response").await;
    ui.command("ExecTargetAction", run("again".into())).await;
    for _ in 0..10 {
        let (_, command) = executor.recv_command().await;
        executor.respond(&command["tx"], json!(1)).await;
        ui.recv_event("ws:m:command-response").await;
    }
}

#[tokio::test]
async fn commands_for_an_executor_that_reads_slowly_are_refused_and_do_not_end_it() {
    let core = limited(Generation::V2026, |limits| limits.waiting = 8 << 20).await;
    let mut executor = Peer::connect(&core).await;
    executor.register("i", "t").await;
    let mut ui = Peer::connect(&core).await;
    let data = "x".repeat(1 << 20);
    for number in 0..24 {
        let action = json!({"id": "t:burn", "targetId": "t"});
        let command = json!({"tx": number.to_string(), "action": action, "data": data});
        ui.command("ExecTargetAction", command).await;
    }
    let refused = ui.recv_event("ws:m:command-error").await;
    assert!(
        refused.to_string().contains("reads too slowly"),
        "{refused}"
    );
    let (_, command) = executor.recv_command().await;
    assert_eq!(command["tx"], "0");
    assert_eq!(core.clients(), 2);
}

#[tokio::test]
async fn little_is_kept_of_what_is_explained() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    let long = "x".repeat(1 << 20);
    let action = json!({
        "id": long, "name": "Burn", "targetId": "t", "serviceId": "s",
        "schema": {"type": "object", "properties": {&long: {"properties": {&long: {"type": [&long]}}}}},
    });
    peer.set("Action", action).await;
    peer.send(json!({"event": long})).await;
    peer.set(&long, json!({"id": 1})).await;
    peer.sync().await;
    let (drops, warnings) = (core.drops(), core.warnings());
    assert!(drops.len() >= 3, "{drops:?}");
    for one in drops.iter().chain(&warnings) {
        assert!(one.to_string().len() < 2_000, "{one}");
        assert!(one.field.len() < 300 && one.id.len() < 300);
    }
}

#[tokio::test]
async fn of_a_message_in_which_everything_is_wrong_the_first_hundred_things_are_explained() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    let events: Vec<_> = (0..1_000)
        .map(|number| json!({"itemType": "Target", "changeType": "SET", "item": {"id": number}}))
        .collect();
    peer.send(json!({"event": "ws:m:event-batch", "data": events}))
        .await;
    dropped(&core, "more things were wrong").await;
    let layout: Vec<_> = (0..1_000).map(|_| json!({})).collect();
    let action = with(peer.action("t"), "schemaLayout", layout);
    peer.set("Action", action).await;
    peer.sync().await;
    assert!(core.drops().len() < 210, "{}", core.drops().len());
    assert_eq!(core.count("Action"), 0, "it is judged all the same");
}

#[tokio::test]
async fn recorded_frames_are_limited_and_the_newest_are_there() {
    let mut limits = Limits::default();
    limits.recorded = 10_000;
    let builder = LocalCore::builder().limits(limits).record(true);
    let core = builder.start().await.unwrap();
    let mut peer = Peer::connect(&core).await;
    for number in 0..100 {
        let pulse = peer.pulse("t", json!([number, "x".repeat(1_000)]));
        peer.set("Pulse", pulse).await;
    }
    dropped(&core, "the oldest are forgotten").await;
    core.wait_until(LIMIT, "the last", |core| {
        core.frames()
            .last()
            .is_some_and(|last| last.contains("[99,"))
    })
    .await
    .unwrap();
    assert!(core.frames().len() < 10);
}

#[tokio::test]
async fn a_follower_that_is_slow_loses_the_oldest_events_and_is_told() {
    let core = limited(Generation::V2026, |limits| limits.followed = 10_000).await;
    let mut events = core.events();
    let mut peer = Peer::connect(&core).await;
    for number in 0..100 {
        let pulse = peer.pulse("t", json!([number, "x".repeat(1_000)]));
        peer.set("Pulse", pulse).await;
    }
    peer.sync().await;
    assert!(matches!(events.recv().await, Err(EventsError::Missed(missed)) if missed > 80));
    let mut last = events.recv().await.unwrap();
    while let Some(event) = events.try_recv().unwrap() {
        last = event;
    }
    assert_eq!(last.item["data"][0], 99);
}

#[tokio::test]
async fn a_query_asked_while_much_waits_is_answered_when_it_is_its_turn() {
    const COUNT: usize = 100;
    let core = core(Generation::V2026).await;
    let mut busy = Peer::connect(&core).await;
    let mut slow = Peer::connect(&core).await;
    // More than a connection takes that nobody reads from.
    for number in 0..COUNT {
        let pulse = busy.pulse(&number.to_string(), json!("x".repeat(1 << 17)));
        busy.set("Pulse", pulse).await;
    }
    busy.sync().await;
    slow.query("first", "GetAllPulses", "Pulse", json!({}))
        .await;
    slow.query("second", "GetAllPulses", "Pulse", json!({}))
        .await;
    slow.query("third", "GetAllTargets", "Target", json!({}))
        .await;
    let target = busy.target("t");
    busy.set("Target", target).await;
    busy.sync().await;
    for (tx, count) in [("first", COUNT), ("second", COUNT), ("third", 1)] {
        let answer = slow.recv_event("ws:m:query-response").await;
        let data = &answer["data"];
        assert_eq!((&data["tx"], &data["sequence"]), (&json!(tx), &json!(0)));
        assert_eq!(data["upserts"].as_array().unwrap().len(), count, "{tx}");
    }
    let target = busy.target("t");
    busy.del("Target", target).await;
    let told = slow.recv_event("ws:m:query-response").await;
    assert_eq!(told["data"]["deletes"], json!(["t"]));
    assert_eq!(told["data"]["sequence"], 1);
}

#[tokio::test]
async fn an_answer_that_no_message_can_carry_is_sent_without_the_largest_entities() {
    let core = core(Generation::V2026).await;
    for number in 0..5 {
        let data = "x".repeat(14 << 20);
        core.overwrite("Pulse", &number.to_string(), json!({ "data": data }));
    }
    core.overwrite("Pulse", "small", json!({"data": 1}));
    let mut peer = Peer::connect(&core).await;
    peer.query("q", "GetAllPulses", "Pulse", json!({})).await;
    let answer = peer.recv_event("ws:m:query-response").await;
    let upserts = answer["data"]["upserts"].as_array().unwrap();
    assert_eq!(
        (upserts.len(), &upserts[0]["item"]["id"]),
        (1, &json!("small"))
    );
    let warnings = core.warnings();
    assert!(
        warnings[0].reason.contains("left out of its answer"),
        "{warnings:?}"
    );
}
