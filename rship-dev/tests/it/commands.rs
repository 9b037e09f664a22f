//! Commands on their way to executors and answers on their way back.

use std::time::Duration;

use rship_dev::{CommandError, Generation, LocalCore};
use serde_json::{Value, json};

use crate::peer::{Peer, core, status, within};

/// Runs `exec` while the executor answers.
async fn exec_answered(
    core: &LocalCore,
    peer: &mut Peer,
    instance: Option<&str>,
) -> ((String, Value), Result<Value, CommandError>) {
    let executor = async {
        let (id, command) = peer.recv_command().await;
        peer.respond(&command["tx"], json!({"burnt": true})).await;
        (id, command)
    };
    within("answer", async {
        tokio::join!(
            executor,
            core.exec(instance, "stand:burn", json!({"count": 3}))
        )
    })
    .await
}

#[tokio::test]
async fn exec_speaks_each_generation_s_command() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        peer.register("stand-1", "stand").await;
        let ((id, command), answer) = exec_answered(&core, &mut peer, None).await;
        assert_eq!(answer, Ok(json!({"burnt": true})));
        assert_eq!(command["data"], json!({"count": 3}));
        assert!(command["tx"].is_string());
        let short = json!({"id": "stand:burn", "targetId": "stand"});
        match generation {
            Generation::V2023 => {
                assert_eq!(
                    (id.as_str(), &command["action"]),
                    ("target:action:exec", &peer.action("stand"))
                );
                assert!(command["createdAt"].is_string() && command.get("instanceId").is_none());
            }
            Generation::V2024 => {
                assert_eq!(
                    (id.as_str(), &command["action"]),
                    ("ExecTargetAction", &short)
                );
                assert!(command["createdAt"].is_string());
            }
            Generation::V2026 => {
                assert_eq!(
                    (id.as_str(), &command["action"]),
                    ("ExecTargetAction", &short)
                );
                assert_eq!(command["instanceId"], "stand-1");
                assert!(command.get("createdAt").is_none());
            }
        }
        let (_, answer) = exec_answered(&core, &mut peer, Some("stand-1")).await;
        assert_eq!(answer, Ok(json!({"burnt": true})), "{generation}");
        assert!(core.drops().is_empty());
    }
}

#[tokio::test]
async fn an_executor_s_error_comes_back_as_its_text() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        peer.register("stand-1", "stand").await;
        let executor = async {
            let (_, command) = peer.recv_command().await;
            peer.refuse(&command["tx"], "`count` is too big").await;
        };
        let (_, answer) = within("answer", async {
            tokio::join!(executor, core.exec(None, "stand:burn", Value::Null))
        })
        .await;
        let error = answer.unwrap_err();
        assert!(
            matches!(&error, CommandError::Refused { command_id, .. } if command_id == "theirs"),
            "{error:?}"
        );
        assert_eq!(error.to_string(), "`count` is too big");
    }
}

#[tokio::test]
async fn what_cannot_be_sent_says_why() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.register("stand-1", "stand").await;
    let exec = async |instance, action| {
        within("error", core.exec(instance, action, Value::Null))
            .await
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        exec(None, "stand:brun").await,
        "there is no action `stand:brun`; did you mean `stand:burn`?"
    );
    assert_eq!(
        exec(Some("stand-9"), "stand:burn").await,
        "no executor has the instance `stand-9`"
    );
    core.disconnect_all();
    assert_eq!(
        exec(Some("stand-1"), "stand:burn").await,
        "the executor of the instance `stand-1` is not connected"
    );
    assert_eq!(
        exec(None, "stand:burn").await,
        "no connected executor has the target `stand` online"
    );
    let error = within("error", core.command(None, "ExecTargetAction", json!(3)))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("object"), "{error}");
}

#[tokio::test]
async fn time_outs_and_closed_connections_are_errors() {
    let core = LocalCore::builder()
        .answer_limit(Duration::from_millis(50))
        .start()
        .await
        .unwrap();
    let mut peer = Peer::connect(&core).await;
    peer.register("stand-1", "stand").await;
    let mut ui = Peer::connect(&core).await;
    let error = within("time-out", core.exec(None, "stand:burn", Value::Null))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the executor did not answer `ExecTargetAction` within 50ms"
    );
    let command =
        json!({"tx": "u", "action": {"id": "stand:burn", "targetId": "stand"}, "data": null});
    ui.command("ExecTargetAction", command).await;
    let answer = ui.recv().await;
    assert_eq!(
        answer["data"]["message"],
        "the executor did not answer within 50ms, and the action may go on: the executor's log names what it waits for"
    );
    let (_, first) = peer.recv_command().await;
    peer.respond(&first["tx"], Value::Null).await;
    peer.sync().await;
    assert!(
        core.drops()[0]
            .reason
            .contains("came too late: command `stand:burn` was given up after 50ms"),
        "{:?}",
        core.drops()
    );

    let patient = self::core(Generation::V2026).await;
    let mut peer = Peer::connect(&patient).await;
    peer.register("stand-1", "stand").await;
    let leaving = async {
        peer.recv_command().await;
        patient.disconnect_all();
    };
    let (_, answer) = within("error", async {
        tokio::join!(leaving, patient.exec(None, "stand:burn", Value::Null))
    })
    .await;
    assert!(
        matches!(answer, Err(CommandError::Closed { .. })),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_second_answer_is_explained() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.register("stand-1", "stand").await;
    let ((_, command), _) = exec_answered(&core, &mut peer, None).await;
    peer.respond(&command["tx"], Value::Null).await;
    peer.sync().await;
    assert_eq!(core.drops()[0].item_type, "ws:m:command-response");
    assert!(core.drops()[0].reason.contains("second answer"));
}

#[tokio::test]
async fn a_2023_answer_means_nothing_to_2026() {
    let core = LocalCore::builder()
        .answer_limit(Duration::from_millis(200))
        .start()
        .await
        .unwrap();
    let mut peer = Peer::connect(&core).await;
    peer.register("stand-1", "stand").await;
    let executor = async {
        let (_, command) = peer.recv_command().await;
        peer.send(json!({"event": "ws:m:command-response", "tx": command["tx"], "data": {}}))
            .await;
    };
    let (_, answer) = within("time-out", async {
        tokio::join!(executor, core.exec(None, "stand:burn", Value::Null))
    })
    .await;
    assert!(
        matches!(answer, Err(CommandError::TimedOut { .. })),
        "{answer:?}"
    );
    assert_eq!(core.drops()[0].field, "data.tx");
}

#[tokio::test]
async fn a_ui_s_command_is_relayed_with_its_tx() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let mut peer = Peer::connect(&core).await;
        peer.register("stand-1", "stand").await;
        let mut ui = Peer::connect(&core).await;
        let command_id = if generation == Generation::V2023 {
            "target:action:exec"
        } else {
            "ExecTargetAction"
        };
        let action = json!({"id": "stand:burn", "targetId": "stand"});
        for tx in ["good", "bad"] {
            let command =
                json!({"tx": tx, "instanceId": "stand-1", "action": action, "data": {"n": 1}});
            ui.command(command_id, command.clone()).await;
            let received = peer.recv_command().await;
            assert_eq!(received, (command_id.to_owned(), command));
            if tx == "good" {
                peer.respond(&json!(tx), json!(5)).await;
            } else {
                peer.refuse(&json!(tx), "no").await;
            }
            let answer = ui.recv().await;
            let data = match (generation, tx) {
                (Generation::V2023, "good") => {
                    json!({"event": "ws:m:command-response", "tx": "good", "data": 5})
                }
                (_, "good") => {
                    json!({"event": "ws:m:command-response", "data": {"tx": "good", "response": 5}})
                }
                (Generation::V2023, _) => {
                    json!({"event": "ws:m:command-error", "tx": "bad", "message": "no",
                    "data": {"tx": "bad", "commandId": "theirs", "message": "no"}})
                }
                _ => {
                    json!({"event": "ws:m:command-error", "data": {"tx": "bad", "commandId": "theirs", "message": "no"}})
                }
            };
            assert_eq!(answer, data, "{generation}");
        }
    }
}

#[tokio::test]
async fn unknown_commands_and_commands_to_nobody_are_answered() {
    let core = core(Generation::V2026).await;
    let mut ui = Peer::connect(&core).await;
    for (command_id, command, message) in [
        (
            "MakeCoffee",
            json!({"tx": "a"}),
            "Command handler not found",
        ),
        (
            "target:action:exec",
            json!({"tx": "b"}),
            "Command handler not found",
        ),
        (
            "ExecTargetAction",
            json!({"tx": "c", "instanceId": "i", "action": {}}),
            "no executor has the instance `i`",
        ),
        (
            "ExecTargetAction",
            json!({"tx": "d", "action": {"id": "t:a", "targetId": "t"}}),
            "no connected executor has the target `t` online",
        ),
        (
            "ExecTargetAction",
            json!({"tx": "e"}),
            "the command names neither an instance nor a target",
        ),
        (
            "BatchTargetAction",
            json!({"tx": "f"}),
            "the command has no array `actions`",
        ),
    ] {
        ui.command(command_id, command.clone()).await;
        let answer = ui.recv().await;
        assert_eq!(answer["event"], "ws:m:command-error");
        assert_eq!(
            (&answer["data"]["tx"], &answer["data"]["commandId"]),
            (&command["tx"], &json!(command_id))
        );
        assert_eq!(answer["data"]["message"], message);
    }
}

#[tokio::test]
async fn a_command_without_an_instance_reaches_all_who_have_the_target() {
    let core = core(Generation::V2023).await;
    let mut one = Peer::connect(&core).await;
    one.register("i", "stand").await;
    let mut two = Peer::connect(&core).await;
    two.register("j", "stand").await;
    let answering = async |peer: &mut Peer, answer: Value| {
        let (_, command) = peer.recv_command().await;
        peer.respond(&command["tx"], answer).await;
    };
    let (_, _, answer) = within("answers", async {
        tokio::join!(
            answering(&mut one, json!(1)),
            answering(&mut two, json!(2)),
            core.exec(None, "stand:burn", Value::Null)
        )
    })
    .await;
    let mut answers = answer.unwrap().as_array().unwrap().clone();
    answers.sort_by_key(Value::as_i64);
    assert_eq!(answers, [json!(1), json!(2)]);
}

#[tokio::test]
async fn batches_are_split_by_owner() {
    let core = core(Generation::V2026).await;
    let mut one = Peer::connect(&core).await;
    one.register("i", "a").await;
    let mut two = Peer::connect(&core).await;
    two.register("j", "b").await;
    let mut ui = Peer::connect(&core).await;
    let member = |instance: &str, target: &str| json!({"instanceId": instance, "action": {"id": format!("{target}:burn"), "targetId": target}, "data": {}});
    let members = json!([
        member("i", "a"),
        member("j", "b"),
        member("k", "c"),
        member("i", "a")
    ]);
    ui.command("BatchTargetAction", json!({"tx": "x", "actions": members}))
        .await;
    let (_, to_one) = one.recv_command().await;
    let (_, to_two) = two.recv_command().await;
    assert_eq!(
        to_one,
        json!({"tx": "x", "actions": [member("i", "a"), member("i", "a")]})
    );
    assert_eq!(to_two, json!({"tx": "x", "actions": [member("j", "b")]}));
    one.respond(&json!("x"), Value::Null).await;
    two.refuse(&json!("x"), "b is stuck").await;
    let message = ui.recv().await["data"]["message"].clone();
    assert_eq!(message, "no executor has the instance `k`; b is stuck");

    let assignment = |instance: &str, target: &str| json!({"instanceId": instance, "targetId": target, "payloadIndex": 0});
    let group = |assignments: Value| json!({"actionId": "burn", "payloads": [{"n": 1}], "assignments": assignments});
    let groups = json!([group(json!([assignment("i", "a"), assignment("j", "b")]))]);
    ui.command(
        "CompactBatchTargetAction",
        json!({"tx": "y", "groups": groups}),
    )
    .await;
    let (_, to_one) = one.recv_command().await;
    let (_, to_two) = two.recv_command().await;
    assert_eq!(
        to_one["groups"],
        json!([group(json!([assignment("i", "a")]))])
    );
    assert_eq!(
        to_two["groups"],
        json!([group(json!([assignment("j", "b")]))])
    );
    one.respond(&json!("y"), json!(1)).await;
    two.respond(&json!("y"), json!(2)).await;
    assert_eq!(ui.recv().await["data"]["response"], json!([1, 2]));
}

#[tokio::test]
async fn a_resend_goes_to_the_emitter_s_executor_as_command_or_event() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.register("i", "a").await;
    let mut ui = Peer::connect(&core).await;
    let resend = json!({"tx": "r", "instanceId": "i", "emitterId": "a:cash"});
    ui.command("ResendEmitterValue", resend.clone()).await;
    assert_eq!(
        peer.recv_command().await,
        ("ResendEmitterValue".to_owned(), resend.clone())
    );
    peer.respond(&json!("r"), Value::Null).await;
    assert_eq!(ui.recv().await["data"]["tx"], "r");
    ui.set("ResendEmitterValue", resend.clone()).await;
    let event = peer.recv_event("ws:m:event").await;
    assert_eq!(
        (&event["data"]["itemType"], &event["data"]["item"]),
        (&json!("ResendEmitterValue"), &resend)
    );
    assert!(core.items("ResendEmitterValue").is_empty() && core.drops().is_empty());
}

#[tokio::test]
async fn registering_an_instance_by_command_makes_its_machine() {
    let core = core(Generation::V2026).await;
    let mut peer = Peer::connect(&core).await;
    peer.command(
        "RegisterInstance",
        json!({"tx": "r", "createdAt": "now", "instance": peer.instance("i")}),
    )
    .await;
    assert_eq!(
        peer.recv().await["data"],
        json!({"tx": "r", "response": "i"})
    );
    assert!(core.items("Machine").contains_key("pier"));
    assert_eq!(core.item("Instance", "i").unwrap()["status"], "Available");
    peer.command(
        "RegisterInstance",
        json!({"tx": "s", "instance": {"id": "bad"}}),
    )
    .await;
    assert_eq!(peer.recv().await["event"], "ws:m:command-error");
    assert!(
        core.drops()
            .iter()
            .any(|dropped| dropped.id == "bad" && dropped.field == "machineId")
    );
    peer.set("Instance", peer.instance("j")).await;
    peer.sync().await;
    assert_eq!(core.items("Machine").len(), 1, "a plain SET makes none");
    for generation in [Generation::V2023, Generation::V2024] {
        let core = self::core(generation).await;
        let mut peer = Peer::connect(&core).await;
        peer.command(
            "RegisterInstance",
            json!({"tx": "r", "instance": peer.instance("i")}),
        )
        .await;
        assert_eq!(
            peer.recv().await["data"]["message"],
            "Command handler not found"
        );
        assert!(core.snapshot().is_empty());
    }
}

#[tokio::test]
async fn the_library_sends_any_command_to_any_instance() {
    let core = core(Generation::V2024).await;
    let mut peer = Peer::connect(&core).await;
    peer.register("i", "a").await;
    for instance in [Some("i"), None] {
        let executor = async {
            let (id, command) = peer.recv_command().await;
            peer.respond(&command["tx"], json!(id)).await;
            command
        };
        let sending = core.command(
            instance,
            "MakeCoffee",
            json!({"tx": "mine", "strong": true}),
        );
        let (command, answer) = within("answer", async { tokio::join!(executor, sending) }).await;
        assert_eq!(command, json!({"tx": "mine", "strong": true}));
        assert_eq!(answer, Ok(json!("MakeCoffee")));
    }
    peer.set("TargetStatus", status("i", "a")).await;
    assert_eq!(core.send_frame(Some("i"), &json!({"event": "odd"})), 1);
    assert_eq!(peer.recv_event("odd").await, json!({"event": "odd"}));
    assert_eq!(core.send_frame(Some("nobody"), &json!({})), 0);
}
