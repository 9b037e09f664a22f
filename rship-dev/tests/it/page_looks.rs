//! What a page looks at beside the show: the wire, what was dropped, the sessions, a recording's time; and floods.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::SinkExt;
use rship_dev::{Generation, Limits, LocalCore, Moment, Timeline};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::page::{CASH, Page, cash, stand};
use crate::peer::{core, within};

#[tokio::test]
async fn the_wire_log_has_the_registration_and_pulses_from_when_it_is_on() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = stand(&core).await;
        peer.set("Pulse", cash(&peer, json!(1))).await;
        peer.sync().await;
        let (mut page, _) = Page::welcomed(&core).await;
        page.say(json!({"t": "wire", "on": true})).await;
        let frames = page.next("frames").await;
        assert_eq!(frames["missed"], 0);
        let text = frames.to_string();
        assert!(text.contains("stand.register") && !text.contains("Pulse"));
        let instance = frames["frames"].as_array().unwrap().iter().find(|frame| {
            let text = frame["text"].as_str().unwrap();
            text.contains("\"itemType\":\"Instance\"")
        });
        let instance = instance.unwrap();
        assert_eq!(
            (&instance["dir"], &instance["kind"], &instance["cut"]),
            (&json!("in"), &json!("ws:m:event"), &json!(false))
        );
        assert_eq!(
            instance["bytes"].as_u64().unwrap() as usize,
            instance["text"].as_str().unwrap().len()
        );
        let out = frames["frames"].as_array().unwrap().iter();
        assert!(out.clone().any(|frame| frame["dir"] == "out"), "{frames}");
        peer.set("Pulse", cash(&peer, json!(2))).await;
        let frames = page.next("frames").await;
        assert!(
            frames["frames"][0]["text"]
                .as_str()
                .unwrap()
                .contains("Pulse")
        );
        page.say(json!({"t": "wire", "on": true, "filter": "Machine"}))
            .await;
        let machine = json!({"id": "pier", "name": "pier", "addresses": []});
        peer.set("Machine", machine).await;
        let frames = page
            .until("frames", |frames| {
                frames["frames"][0]["text"]
                    .as_str()
                    .unwrap()
                    .contains("pier")
            })
            .await;
        assert_eq!(frames["frames"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_was_dropped_is_told_and_what_others_would_drop() {
    let core = core(Generation::V2026).await;
    let mut peer = stand(&core).await;
    let (mut page, _) = Page::welcomed(&core).await;
    page.say(json!({"t": "diagnosis", "on": true})).await;
    let first = page.next("diagnosis").await;
    assert_eq!(
        (&first["reset"], &first["explained"]),
        (&json!(true), &json!([]))
    );
    peer.set("Action", json!({"id": "stand:burn", "name": "Burn"}))
        .await;
    let told = page
        .until("diagnosis", |told| {
            told["explained"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
        })
        .await;
    let dropped = &told["explained"][0];
    assert_eq!(
        (
            &dropped["kind"],
            &dropped["type"],
            &dropped["id"],
            &dropped["generation"]
        ),
        (
            &json!("dropped"),
            &json!("Action"),
            &json!("stand:burn"),
            &json!("2026")
        )
    );
    assert!(
        dropped["reason"].as_str().unwrap().contains("`targetId`"),
        "{dropped}"
    );
    assert!(dropped["at"].is_u64());
}

#[tokio::test]
async fn what_only_other_generations_would_drop_names_them() {
    let core = core(Generation::V2023).await;
    let mut peer = stand(&core).await;
    // 2023 reads a schema as the text of one, whatever is in it.
    let schema = json!({"type": "object", "properties": {"level": {"type": ["number", "null"]}}})
        .to_string();
    let action = json!({"id": "stand:burn", "name": "Burn", "targetId": "stand", "serviceId": "bluth", "schema": schema});
    peer.set("Action", action.clone()).await;
    peer.sync().await;
    let (mut page, _) = Page::welcomed(&core).await;
    page.say(json!({"t": "diagnosis", "on": true})).await;
    let told = page
        .until("diagnosis", |told| {
            told["explained"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
        })
        .await;
    let all = told["explained"].as_array().unwrap();
    let of_2026 = all.iter().find(|one| one["generation"] == "2026").unwrap();
    assert_eq!(
        (&of_2026["id"], &of_2026["kind"]),
        (&json!("stand:burn"), &json!("dropped"))
    );
    assert_eq!(of_2026["field"], "schema.properties.level.type");
    peer.del("Action", action).await;
    let gone = page
        .until("diagnosis", |told| {
            told["gone"].as_array().is_some_and(|gone| !gone.is_empty())
        })
        .await;
    assert!(
        gone["gone"].as_array().unwrap().contains(&of_2026["key"]),
        "{gone}"
    );
}

#[tokio::test]
async fn sessions_are_measured_while_somebody_looks() {
    let core = core(Generation::V2026).await;
    core.offer_metrics(|| BTreeMap::from([("pulses_out".to_owned(), 7)]));
    let mut peer = stand(&core).await;
    let (mut page, _) = Page::welcomed(&core).await;
    page.say(json!({"t": "diagnosis", "on": true})).await;
    peer.set("Pulse", cash(&peer, json!(1))).await;
    // The executor answers pings of the core while it reads.
    let measured = tokio::spawn(async move {
        let is_measured = |sessions: &Value| {
            let session = &sessions["sessions"][0];
            session["rtt"].is_number() && session["pulses"] == 1
        };
        page.until("sessions", is_measured).await
    });
    while !measured.is_finished() {
        peer.sync().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let sessions = measured.await.unwrap();
    let session = &sessions["sessions"][0];
    assert_eq!(
        (&session["instance"], &session["encoding"]),
        (&json!("i"), &json!("json"))
    );
    assert!(
        session["in"].as_u64() > Some(1_000) && session["out"].as_u64() > Some(100),
        "{session}"
    );
    assert_eq!(sessions["metrics"], json!({"pulses_out": 7}));
    let events = sessions["events"].to_string();
    assert!(
        events.contains("c1 came") && events.contains("instance `i`: Available"),
        "{events}"
    );
}

#[derive(Debug)]
struct Player(Mutex<Moment>);

impl Timeline for Player {
    fn moment(&self) -> Moment {
        *self.0.lock().unwrap()
    }
    fn seek(&self, at: u64) {
        self.0.lock().unwrap().at = at;
    }
    fn play(&self, speed: f64) {
        let mut moment = self.0.lock().unwrap();
        (moment.playing, moment.speed) = (true, speed);
    }
    fn pause(&self) {
        self.0.lock().unwrap().playing = false;
    }
}

#[tokio::test]
async fn a_page_moves_through_the_time_of_a_recording() {
    let core = core(Generation::V2026).await;
    let moment = Moment {
        length: 60_000,
        at: 0,
        playing: false,
        speed: 1.0,
    };
    core.offer_timeline("show.jsonl", Arc::new(Player(Mutex::new(moment))));
    let (mut page, welcome) = Page::welcomed(&core).await;
    assert_eq!(
        (&welcome["source"], &welcome["from"], &welcome["timeline"]),
        (&json!("recording"), &json!("show.jsonl"), &json!(true))
    );
    let told = page.next("timeline").await;
    assert_eq!(
        told,
        json!({"t": "timeline", "from": 0, "to": 60_000, "at": 0, "playing": false, "speed": 1.0})
    );
    page.say(json!({"t": "seek", "at": 1500})).await;
    assert_eq!(page.next("timeline").await["at"], 1500);
    page.say(json!({"t": "play", "speed": 2.0})).await;
    let told = page.next("timeline").await;
    assert_eq!(
        (&told["playing"], &told["speed"]),
        (&json!(true), &json!(2.0))
    );
    page.say(json!({"t": "play", "speed": 0})).await;
    assert!(
        page.next("problem").await["text"]
            .as_str()
            .unwrap()
            .contains("`speed`")
    );
    page.say(json!({"t": "pause"})).await;
    assert_eq!(page.next("timeline").await["playing"], false);
    let core = LocalCore::builder().start().await.unwrap();
    let (mut page, welcome) = Page::welcomed(&core).await;
    assert_eq!(welcome["timeline"], false);
    page.say(json!({"t": "pause"})).await;
    assert!(
        page.next("problem").await["text"]
            .as_str()
            .unwrap()
            .contains("no recording")
    );
}

#[tokio::test]
async fn of_a_flood_a_page_gets_thirty_frames_a_second_and_every_pulse_counts() {
    const BATCHES: u64 = 200;
    const PULSES: u64 = 100;
    let core = core(Generation::V2026).await;
    let mut peer = stand(&core).await;
    let (mut page, _) = Page::welcomed(&core).await;
    page.next("tree").await;
    page.say(json!({"t": "see", "targets": ["t/i/stand"], "emitters": [CASH]}))
        .await;
    page.next("values").await;
    let began = Instant::now();
    let flood = tokio::spawn(async move {
        for batch in 0..BATCHES {
            let event = |pulse: u64| json!({"itemType": "Pulse", "changeType": "SET", "item": cash(&peer, json!(batch * PULSES + pulse))});
            let events: Vec<_> = (0..PULSES).map(event).collect();
            peer.send(json!({"event": "ws:m:event-batch", "data": events}))
                .await;
        }
        peer.sync().await;
        peer
    });
    let (mut frames, mut count, mut last) = (0, 0, Value::Null);
    while count < BATCHES * PULSES {
        let values = page.next("values").await;
        frames += 1;
        for entry in values["e"].as_array().unwrap() {
            count += entry[2].as_u64().unwrap();
            last = entry[1].clone();
        }
    }
    let most = began.elapsed().as_millis() / 30 + 2;
    assert!(frames <= most, "{frames} frames, {most} at the most");
    assert_eq!(
        (count, last),
        (BATCHES * PULSES, json!(BATCHES * PULSES - 1))
    );
    within("the end of the flood", flood).await.unwrap();
}

#[tokio::test]
async fn a_page_that_does_not_read_costs_nobody_anything_and_has_to_go() {
    let mut limits = Limits::default();
    limits.progress = Duration::from_millis(200);
    limits.pages = 1;
    let core = LocalCore::builder().limits(limits).start().await.unwrap();
    let mut peer = stand(&core).await;
    let (near, far) = tokio::io::duplex(4096);
    core.accept(far);
    let opening = tokio_tungstenite::client_async("ws://localhost/page/socket", near);
    let (mut page, _) = within("opening", opening).await.unwrap();
    for said in [json!({"t": "hello"}), json!({"t": "wire", "on": true})] {
        let said = Message::text(said.to_string());
        within("room", page.send(said)).await.unwrap();
    }
    let url = core.page_url().replace("http://", "ws://") + "page/socket";
    let another = || tokio_tungstenite::connect_async(url.clone());
    let refused = within("answer", another()).await.unwrap_err().to_string();
    assert!(refused.contains("503"), "{refused}");
    // The executor is served meanwhile.
    within("a free seat", async {
        while another().await.is_err() {
            peer.set("Pulse", cash(&peer, json!(1))).await;
            peer.sync().await;
        }
    })
    .await;
    assert_eq!(core.clients(), 1, "the executor stays");
}
