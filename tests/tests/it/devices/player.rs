//! The player: code that threads share, annotated as it is.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use rship_tests::within;

use super::at_work::AtWork;

#[tokio::test]
async fn what_all_its_blocks_do_is_on_the_show_and_so_is_what_its_threads_change() {
    let mut player = AtWork::start("player", &[]).await;
    player.tells("player:state", json!("stopped")).await;
    let actions = player.core.items("Action").into_keys().collect::<Vec<_>>();
    let expected =
        "add clear jump next pause play remove seek set-volume stop toggle-mute".split(' ');
    let expected = expected.map(|action| format!("player:{action}"));
    assert_eq!(actions, expected.collect::<Vec<_>>());

    // By the show, and seen by the thread that prints what is played.
    let calls = [
        ("player:set-volume", json!(0.5)),
        ("player:play", Value::Null),
        ("player:seek", json!({"to": 94.5})),
    ];
    for (action, payload) in calls {
        assert_eq!(player.call(action, payload).await, Ok(Value::Null));
    }
    let mut lines = BufReader::new(player.child.stdout.take().unwrap()).lines();
    let printed = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.starts_with("Playing: ") {
                return;
            }
        }
        panic!("it ended");
    };
    within("a line", printed).await;
    player.tells("player:volume", json!(0.5)).await;
    // By the thread that plays, and seen by the show.
    player.tells("player:title", json!("Finale")).await;
    // Its own errors answer.
    let refused = player.call("player:jump", json!({"index": 9})).await;
    assert!(refused.is_err_and(|error| error.contains("there is no track 9")));
    assert_eq!(player.core.drops(), []);
}
