//! What a device says and asks beyond its targets: availability, layout, items of its own, queries and
//! commands to the server.

use rship_dev::LocalCore;
use rship_runtime::prelude::*;
use rship_runtime::{
    CommandError, Generation, Item, Member, Position, Query, QueryError, QueryFormError,
};
use rship_tests::{LIMIT, Running, Server, Stand, core, executor, within};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Serialize, Deserialize, PartialEq, Debug)]
struct Cue {
    id: String,
    label: String,
}

impl Item for Cue {
    const TYPE: &'static str = "Cue";

    fn id(&self) -> &str {
        &self.id
    }
}

fn cue(id: &str, label: &str) -> Cue {
    Cue {
        id: id.to_owned(),
        label: label.to_owned(),
    }
}

async fn stored(core: &LocalCore, what: &str, mut holds: impl FnMut(&LocalCore) -> bool + Send) {
    core.wait_until(LIMIT, what, |core| holds(core))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_action_that_is_not_available_is_shown_so_and_refused_until_it_is_again() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    let running = Running::online(&executor).await;

    stand.set_available(Member::action("burn"), false).unwrap();
    let instance = executor.first_instance().id();
    let id = format!("{}:{instance}:stand:burn", instance.len());
    stored(&core, "offline", |core| {
        core.item("ActionStatus", &id)
            .is_some_and(|status| status["status"] == "offline")
    })
    .await;
    let refused = core
        .exec(None, "stand:burn", Value::Null)
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "action `stand:burn` is not available now"
    );

    stand.set_available(Member::action("burn"), true).unwrap();
    stored(&core, "online", |core| {
        core.item("ActionStatus", &id)
            .is_some_and(|status| status["status"] == "online")
    })
    .await;
    core.exec(None, "stand:burn", Value::Null).await.unwrap();
    assert_eq!(core.drops(), []);

    let unknown = stand
        .set_available(Member::emitter("brightness"), true)
        .unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "target `stand` has no emitter `brightness`"
    );
    running.stop().await;
}

/// A core of the same generation at the same address, with nothing in its memory.
async fn again(core: LocalCore) -> LocalCore {
    let (address, generation) = (core.addr(), core.generation());
    core.shutdown().await;
    let builder = LocalCore::builder().bind(address).generation(generation);
    builder.start().await.unwrap()
}

#[tokio::test]
async fn availability_layout_and_topology_are_told_again_on_each_session_and_only_to_2026() {
    const DETAILS: [&str; 3] = ["EmitterStatus", "TargetLayout", "TargetTopology"];
    for generation in Generation::ALL {
        let mut core = core(generation).await;
        let executor = executor(&core.url());
        let stand = executor.add("stand", Stand::full()).unwrap();
        stand.set_available(Member::emitter("cash"), false).unwrap();
        let (x, y, z) = (1.0, 2.0, 3.0);
        stand.set_position(Position { x, y, z });
        stand.set_role("shop");
        stand.set_ephemeral_parents(["pier"]);
        let running = Running::online(&executor).await;
        for session in 1..=2 {
            // Values come after everything else.
            stored(&core, "the values", |core| core.count("Pulse") == 9).await;
            if generation == Generation::V2026 {
                assert_eq!(
                    DETAILS.map(|of| core.count(of)),
                    [1, 1, 1],
                    "session {session}"
                );
                let layout = core.items("TargetLayout").into_values().next().unwrap();
                assert_eq!(layout["position"], json!({"x": 1.0, "y": 2.0, "z": 3.0}));
                let topology = core.items("TargetTopology").into_values().next().unwrap();
                assert_eq!(topology["role"], "shop");
                assert_eq!(topology["ephemeralParentTargetIds"], json!(["pier"]));
                let status = core.items("EmitterStatus").into_values().next().unwrap();
                assert_eq!(status["status"], "offline");
            } else {
                assert_eq!(DETAILS.map(|of| core.count(of)), [0, 0, 0], "{generation}");
            }
            assert_eq!(core.drops(), []);
            core = again(core).await;
        }
        running.stop().await;
    }
}

#[derive(Target)]
struct Fader {
    #[emitter]
    level: f64,
}

/// How long.
#[derive(Deserialize, schemars::JsonSchema)]
struct Timing {
    seconds: f64,
    delay: f64,
}

#[actions]
impl Fader {
    #[action]
    fn fade(
        &mut self,
        #[arg(label = "Level", section = "Where to")] to: f64,
        #[arg(section = "Where to")] curve: Option<String>,
        #[arg(flatten, section = "When")] timing: Timing,
    ) {
        let _ = (curve, timing.seconds, timing.delay);
        self.level = to;
    }
}

#[tokio::test]
async fn the_order_and_the_headings_of_arguments_are_the_layout_of_the_form() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    executor.add("fader", Fader { level: 0.0 }).unwrap();
    let running = Running::online(&executor).await;
    stored(&core, "the action", |core| {
        core.item("Action", "fader:fade").is_some()
    })
    .await;
    assert_eq!(
        core.item("Action", "fader:fade").unwrap()["schemaLayout"],
        json!([
            {"path": "to", "label": "Level", "section": "Where to"},
            {"path": "curve", "section": "Where to"},
            {"path": "delay", "section": "When"},
            {"path": "seconds", "section": "When"},
        ])
    );
    let payload = json!({"to": 0.5, "seconds": 1, "delay": 0});
    core.exec(None, "fader:fade", payload).await.unwrap();
    assert_eq!(core.drops(), []);
    running.stop().await;
}

#[tokio::test]
async fn setters_are_announced_as_the_writers_of_their_emitters() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    executor.add("stand", Stand::full()).unwrap();
    let running = Running::online(&executor).await;
    stored(&core, "the setter", |core| {
        core.item("Action", "stand:set-stock").is_some()
    })
    .await;
    let setter = core.item("Action", "stand:set-stock").unwrap();
    let writes = json!({"emitterId": "stand:stock", "role": "canonical"});
    assert_eq!(setter["writesTo"], writes);
    // What a server saw is what it sends back to restore it.
    stored(&core, "the stock", |core| core.count("Pulse") == 9).await;
    let seen = rship_tests::pulse(&core, "stand-1", "stand:stock").unwrap();
    core.exec(None, "stand:set-stock", seen).await.unwrap();
    running.stop().await;
}

#[tokio::test]
async fn an_item_of_ones_own_is_stored_told_again_and_deleted_even_while_offline() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    executor.publish(&cue("q1", "Doors")).unwrap();
    let running = Running::online(&executor).await;
    executor.publish(&cue("q2", "Lights")).unwrap();
    stored(&core, "both cues", |core| core.count("Cue") == 2).await;
    assert_eq!(core.item("Cue", "q2").unwrap()["label"], "Lights");

    let core = again(core).await;
    stored(&core, "both cues again", |core| core.count("Cue") == 2).await;
    assert!(executor.delete::<Cue>("q1"));
    assert!(!executor.delete::<Cue>("q1"), "it is gone already");
    stored(&core, "one cue", |core| {
        core.items("Cue").into_keys().eq(["q2".to_owned()])
    })
    .await;
    assert_eq!(core.drops(), []);
    running.stop().await;
}

#[tokio::test]
async fn an_item_that_was_not_changed_is_not_sent_again() {
    let core = core(Generation::V2023).await;
    let executor = executor(&core.url());
    let running = Running::online(&executor).await;
    for label in ["Doors", "Doors", "Lights"] {
        executor.publish(&cue("q1", label)).unwrap();
        executor.flush().await;
    }
    stored(&core, "the last label", |core| {
        core.item("Cue", "q1")
            .is_some_and(|cue| cue["label"] == "Lights")
    })
    .await;
    let told = core
        .frames()
        .into_iter()
        .filter(|frame| frame.contains("\"Cue\""))
        .count();
    assert_eq!(told, 2);
    running.stop().await;
}

#[derive(Serialize)]
struct Nameless(String);

impl Item for Nameless {
    const TYPE: &'static str = "Nameless";

    fn id(&self) -> &str {
        &self.0
    }
}

#[tokio::test]
async fn an_item_that_a_server_could_not_store_is_an_error() {
    let executor = executor("ws://127.0.0.1:9/myko");
    let error = executor
        .publish(&Nameless("n".to_owned()))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("the Nameless `n` cannot be published: "),
        "{error}"
    );
}

#[tokio::test]
async fn a_query_sees_what_others_publish_and_stays_live_over_a_restart() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let (here, there) = (
            executor(&core.url()),
            rship_tests::builder(&core.url())
                .instance_id("stand-2")
                .build()
                .unwrap(),
        );
        let mut cues = here.query(Query::all("Cue"));
        assert_eq!(cues.items(), Err(QueryError::Waiting("Cue".to_owned())));
        let (running, other) = (Running::online(&here).await, Running::online(&there).await);

        there.publish(&cue("q1", "Doors")).unwrap();
        wait_for(&mut cues, 1).await;
        there.publish(&cue("q1", "House open")).unwrap();
        while cues.items_as::<Cue>().unwrap().get("q1") != Some(&cue("q1", "House open")) {
            within("the new label", cues.changed()).await.unwrap();
        }
        there.publish(&cue("q2", "Lights")).unwrap();
        wait_for(&mut cues, 2).await;
        there.delete::<Cue>("q1");
        wait_for(&mut cues, 1).await;

        let core = again(core).await;
        there.publish(&cue("q3", "Curtain")).unwrap();
        wait_for(&mut cues, 2).await;
        let ids: Vec<String> = cues.items().unwrap().keys().cloned().collect();
        assert_eq!(ids, ["q2", "q3"], "{generation}");
        drop(cues);
        running.stop().await;
        other.stop().await;
        core.shutdown().await;
    }
}

async fn wait_for(cues: &mut rship_runtime::LiveQuery, count: usize) {
    while cues.items().map(|cues| cues.len()) != Ok(count) {
        within("news of the cues", cues.changed()).await.unwrap();
    }
}

#[tokio::test]
async fn a_query_that_is_dropped_is_cancelled() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    let query = executor.query(Query::by_ids("Target", ["a"]));
    let asked = loop {
        // The executor asks for its own instance, too.
        let asked = peer.event("ws:m:query").await;
        if asked["data"]["query"]["ids"] == json!(["a"]) {
            break asked;
        }
    };
    drop(query);
    let cancelled = peer.event("ws:m:query-cancel").await;
    assert_eq!(cancelled["data"]["tx"], asked["data"]["query"]["tx"]);
    running.stop().await;
}

#[tokio::test]
async fn a_query_that_is_not_answered_says_so_and_an_answer_that_comes_late_counts() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let limit = std::time::Duration::from_millis(20);
    let mut cues = executor.query(Query::all("Cue").answer_limit(limit));
    assert_eq!(cues.items(), Err(QueryError::Waiting("Cue".to_owned())));
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    let asked = loop {
        let asked = peer.event("ws:m:query").await;
        if asked["data"]["queryItemType"] == "Cue" {
            break asked;
        }
    };
    let why = within("the end of the wait", cues.changed())
        .await
        .unwrap_err();
    assert_eq!(
        why,
        QueryError::Unanswered {
            item_type: "Cue".to_owned(),
            limit
        }
    );
    assert_eq!(cues.items_as::<Cue>().unwrap_err(), why, "no empty map");
    let item = json!({"itemType": "Cue", "item": cue("q1", "Doors")});
    let tx = &asked["data"]["query"]["tx"];
    let data = json!({"tx": tx, "sequence": 0, "upserts": [item], "deletes": []});
    peer.send(json!({"event": "ws:m:query-response", "data": data}))
        .await;
    let found = within("the answer", cues.changed()).await.unwrap();
    assert_eq!(found.len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_query_without_a_form_for_the_server_is_an_error_and_is_not_sent() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let executor = executor(&core.url());
        let list = Query::matching("Target").field("category", json!(["retail"]));
        let any = Query::matching("Target").any_of("category", ["retail", "light"]);
        let (mut list, mut any) = (executor.query(list), executor.query(any));
        executor.add("stand", Stand::full()).unwrap();
        let running = Running::online(&executor).await;
        let (good, bad) = match generation {
            Generation::V2026 => (&mut any, &mut list),
            _ => (&mut list, &mut any),
        };
        let why = loop {
            match bad.items() {
                Err(QueryError::Form(why)) => break why,
                _ => drop(within("an error", bad.changed()).await),
            }
        };
        let QueryFormError { field, problem, .. } = &why;
        assert!(
            field == "category" && problem.contains("`any_of`") || problem.contains("`$in`"),
            "{why}"
        );
        while good.items().is_err() {
            drop(within("an answer", good.changed()).await);
        }
        assert_eq!(core.drops(), [], "{generation}");
        assert_eq!(core.warnings(), [], "{generation}");
        running.stop().await;
    }
}

#[tokio::test]
async fn a_command_to_the_server_is_answered_refused_or_interrupted() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let offline = executor
        .command("PlayCue", &json!({"cue": "q1"}))
        .await
        .unwrap_err();
    assert_eq!(offline, CommandError::Offline("PlayCue".into()));
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    peer.reading(within("a session", executor.flush())).await;

    let play = |executor: rship_runtime::Executor| {
        tokio::spawn(async move { executor.command("PlayCue", &json!({"cue": "q1"})).await })
    };
    let asked = |frame: &Value| frame["data"]["command"]["tx"].as_str().unwrap().to_owned();
    let answered = play(executor.clone());
    let tx = asked(&play_cue(&mut peer).await);
    let response = json!({"event": "ws:m:command-response", "data": {"tx": tx, "response": 5}});
    peer.send(response).await;
    assert_eq!(within("the answer", answered).await.unwrap(), Ok(json!(5)));

    let refused = play(executor.clone());
    let tx = asked(&play_cue(&mut peer).await);
    let data = json!({"tx": tx, "commandId": "PlayCue", "message": "no such cue"});
    peer.send(json!({"event": "ws:m:command-error", "data": data}))
        .await;
    let refusal = within("the refusal", refused).await.unwrap().unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the server refused command `PlayCue`: no such cue"
    );

    let interrupted = play(executor.clone());
    play_cue(&mut peer).await;
    drop(peer);
    let ended = within("the end", interrupted).await.unwrap().unwrap_err();
    assert_eq!(ended, CommandError::Interrupted("PlayCue".into()));
    let no_object = executor.command("PlayCue", &5).await.unwrap_err();
    assert!(
        matches!(no_object, CommandError::Content { .. }),
        "{no_object}"
    );
    running.stop().await;
}

async fn play_cue(peer: &mut rship_tests::Peer<tokio::net::TcpStream>) -> Value {
    loop {
        let frame = peer.event("ws:m:command").await;
        if frame["data"]["commandId"] == "PlayCue" {
            assert_eq!(frame["data"]["command"]["cue"], "q1");
            return frame;
        }
    }
}
