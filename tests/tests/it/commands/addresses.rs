//! Where commands go, and what is said when they go nowhere.

use rship_runtime::Generation;
use rship_tests::{LIMIT, Running, Stand, core, executor, pulse};
use serde_json::{Value, json};

use super::lab::setup;

#[tokio::test]
async fn actions_run_and_are_answered_in_every_generation() {
    for generation in Generation::ALL {
        let core = core(generation).await;
        let executor = executor(&core.url());
        let stand = executor.add("stand", Stand::full()).unwrap();
        let _running = Running::online(&executor).await;
        core.wait_until(LIMIT, "all pulses", |core| core.count("Pulse") == 9)
            .await
            .unwrap();
        let sold = core.exec(None, "stand:sell", json!({"count": 2})).await;
        assert_eq!(sold.unwrap(), 20.0, "{generation}");
        assert_eq!(stand.lock().await.stock, 98);
        // The states that a command changed are there when its answer is.
        assert_eq!(pulse(&core, "stand-1", "stand:stock").unwrap(), 98);
        assert_eq!(
            pulse(&core, "stand-1", "stand:sold").unwrap(),
            json!({"count": 2})
        );
        let refused = core
            .exec(None, "stand:sell", json!({"count": 13}))
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("count"), "{refused}");
        let refused = core
            .exec(None, "stand.register:set-open", json!(true))
            .await;
        assert_eq!(refused.unwrap(), Value::Null);
        core.wait_until(LIMIT, "the drawer", |core| {
            pulse(core, "stand-1", "stand.register:open") == Some(json!(true))
        })
        .await
        .unwrap();
        assert_eq!(core.drops(), [], "{generation}");
        assert_eq!(executor.metrics().commands_failed, 1);
    }
}

#[tokio::test]
async fn a_command_that_reaches_nobody_is_answered_with_where_it_ends() {
    let mut setup = setup().await;
    setup.other.set_online(false);
    let exec = |id: &str, target: &str, instance: &str| json!({"action": {"id": id, "targetId": target}, "instanceId": instance, "data": {}});
    let table = [
        ("Dance", json!({}), "no such command"),
        ("ExecTargetAction", json!({"data": 1}), "cannot be read"),
        ("ExecTargetAction", json!({"action": 7}), "cannot be read"),
        ("BatchTargetAction", json!({}), "`actions` must be an array"),
        (
            "CompactBatchTargetAction",
            json!({"groups": 1}),
            "`groups` must be an array",
        ),
        ("ResendEmitterValue", json!({}), "emitterId"),
        (
            "ResendEmitterValue",
            json!({"emitterId": "level"}),
            "TARGET:EMITTER",
        ),
        (
            "ResendEmitterValue",
            json!({"emitterId": "lab:leevel"}),
            "no emitter `leevel`",
        ),
        (
            "ResendEmitterValue",
            json!({"emitterId": "lab:bang"}),
            "impulse",
        ),
        (
            "ResendEmitterValue",
            json!({"emitterId": "pub:level"}),
            "no target `pub`",
        ),
        (
            "ExecTargetAction",
            exec("lab:nothing", "other", "stand-1"),
            "does not belong",
        ),
        (
            "ExecTargetAction",
            exec("pub:nothing", "pub", "stand-1"),
            "no target `pub`",
        ),
        (
            "ExecTargetAction",
            exec("lab:dance", "lab", "stand-1"),
            "no action `dance`",
        ),
        (
            "ExecTargetAction",
            exec("nothing", "lab", "stand-1"),
            "not an action id",
        ),
        (
            "ExecTargetAction",
            exec("lab:nothing", "lab", "stand-2"),
            "instance `stand-2` does not belong",
        ),
        (
            "ExecTargetAction",
            exec("other:nothing", "other", "stand-1"),
            "`other` is offline",
        ),
        (
            "target:action:exec",
            exec("pub:nothing", "pub", "stand-1"),
            "no target `pub`",
        ),
    ];
    for (number, (id, mut command, expected)) in table.into_iter().enumerate() {
        command["tx"] = format!("t-{number}").into();
        setup.peer.command(id, command.clone()).await;
        let (tx, outcome) = setup.peer.answer().await;
        assert_eq!(tx, format!("t-{number}"), "{command}");
        let message = outcome.expect_err(expected);
        assert!(message.contains(expected), "{command}: {message}");
    }
    setup.other.set_online(true);
    setup.nothing_more().await;
}

#[tokio::test]
async fn a_command_without_a_tx_is_carried_out_and_not_answered() {
    let mut setup = setup().await;
    let action = json!({"id": "lab:note", "targetId": "lab"});
    setup
        .peer
        .command(
            "target:action:exec",
            json!({"action": action, "data": {"number": 7}}),
        )
        .await;
    setup.nothing_more().await;
    assert_eq!(setup.bench.notes(), [7]);
}

#[tokio::test]
async fn the_last_value_is_published_once_more_on_command_and_on_event() {
    let mut setup = setup().await;
    let emitter = json!({"tx": "r", "emitterId": "lab:level", "instanceId": "stand-1"});
    setup
        .peer
        .command("ResendEmitterValue", emitter.clone())
        .await;
    assert_eq!(setup.peer.pulse("lab:level").await, 0);
    assert_eq!(setup.peer.answer().await, ("r".to_owned(), Ok(Value::Null)));
    let data = json!({"itemType": "ResendEmitterValue", "changeType": "SET", "item": emitter});
    setup
        .peer
        .send(json!({"event": "ws:m:event", "data": data}))
        .await;
    assert_eq!(setup.peer.pulse("lab:level").await, 0);
    setup.nothing_more().await;
}
