//! What is written of a device, when, and how often.

use std::time::Duration;

use rship_runtime::prelude::*;
use rship_tests::{Lamp, Sign};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{Place, while_running};

#[derive(Target, Default)]
struct Desk {
    #[emitter]
    #[action]
    level: f64,
    #[emitter(deadband = 0.1)]
    #[action]
    coarse: f64,
    #[emitter(max_rate = "1 Hz")]
    #[action]
    seldom: u32,
    #[emitter]
    #[action(transient)]
    solo: bool,
    #[emitter]
    cash: f64,
}

#[actions]
impl Desk {
    /// A further writer.
    #[action(writes = "level")]
    fn up(&mut self) {
        self.level += 1.0;
        self.cash += 1.0;
        self.solo = true;
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_changes_writes_the_file_every_three_seconds_and_no_value_is_older() {
    let place = Place::new();
    let executor = place.executor();
    let desk = executor.add("desk", Desk::default()).unwrap();
    while_running(&executor, async {
        let (began, mut now) = (Instant::now(), 0.0);
        while began.elapsed() < Duration::from_secs(60) {
            sleep(Duration::from_millis(10)).await;
            now = began.elapsed().as_secs_f64();
            desk.lock().await.level = now;
            if now > 2.0 && now % 1.0 < 0.011 {
                let saved = place.saved()["targets"]["desk"]["level"].as_f64().unwrap();
                assert!(now - saved < 3.1, "{saved} at {now}");
            }
        }
        let writes = executor.metrics().state_writes;
        assert!((19..=21).contains(&writes), "{writes}");
        sleep(Duration::from_secs(60)).await;
        assert!(executor.metrics().state_writes <= writes + 1);
        assert_eq!(place.saved()["targets"]["desk"]["level"], json!(now));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_change_is_written_after_a_second_and_at_the_end_at_once() {
    let place = Place::new();
    let executor = place.executor();
    let desk = executor.add("desk", Desk::default()).unwrap();
    while_running(&executor, async {
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            executor.metrics().state_writes,
            0,
            "nobody has set anything"
        );
        desk.lock().await.level = 1.0;
        sleep(Duration::from_millis(900)).await;
        assert_eq!(executor.metrics().state_writes, 0);
        sleep(Duration::from_millis(200)).await;
        assert_eq!(executor.metrics().state_writes, 1);
        desk.lock().await.cash = 5.0;
        sleep(Duration::from_secs(10)).await;
        assert_eq!(executor.metrics().state_writes, 1, "nobody can set that");
        desk.lock().await.level = 2.0;
    })
    .await;
    assert_eq!(place.saved()["targets"], json!({"desk": {"level": 2.0}}));
}

#[tokio::test(start_paused = true)]
async fn the_true_value_is_kept_whatever_is_told_of_it_and_whoever_changed_it() {
    let place = Place::new();
    let executor = place.executor();
    let desk = executor.add("desk", Desk::default()).unwrap();
    while_running(&executor, async {
        desk.lock().await.coarse = 0.05;
        desk.lock().await.coarse = 0.09;
        for count in 1..5 {
            desk.lock().await.seldom = count;
        }
        desk.lock().await.up();
        desk.lock().await.level += 0.5;
    })
    .await;
    let wanted = json!({"level": 1.5, "coarse": 0.09, "seldom": 4});
    assert_eq!(
        place.saved()["targets"]["desk"],
        wanted,
        "and nothing of `solo` and `cash`"
    );
    let executor = place.executor();
    let desk = executor.add("desk", Desk::default()).unwrap();
    assert_eq!(desk.lock().await.coarse, 0.09);
    while_running(&executor, async {
        // Near what was told, and back.
        desk.lock().await.coarse = 0.1;
        desk.lock().await.coarse = 0.09;
    })
    .await;
    assert_eq!(place.saved()["targets"]["desk"], wanted);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_json_cannot_hold_does_not_take_the_place_of_the_one_before() {
    let place = Place::new();
    let executor = place.executor();
    let desk = executor.add("desk", Desk::default()).unwrap();
    while_running(&executor, async {
        desk.lock().await.level = 0.5;
        sleep(Duration::from_secs(5)).await;
        desk.lock().await.level = f64::NAN;
        sleep(Duration::from_secs(5)).await;
    })
    .await;
    assert_eq!(place.saved()["targets"], json!({"desk": {"level": 0.5}}));
}

#[tokio::test(start_paused = true)]
async fn a_field_that_has_become_transient_is_not_given_back() {
    let place = Place::new();
    place.put_targets(json!({"desk": {"solo": true, "level": 1.0}}));
    let executor = place.executor();
    let desk = executor.add("desk", Desk::default()).unwrap();
    assert!(!desk.lock().await.solo && desk.lock().await.level == 1.0);
    while_running(&executor, async {}).await;
    assert_eq!(place.saved()["targets"], json!({"desk": {"level": 1.0}}));
}

#[tokio::test(start_paused = true)]
async fn the_file_is_bounded_and_what_has_no_room_is_counted_and_named() {
    let place = Place::new();
    place.put_targets(json!({"unplugged": {"level": 0.5}}));
    let executor = place.builder().state_file_bytes(400).build().unwrap();
    let sign = executor.add("sign", Sign::default()).unwrap();
    let lamp = executor.add("lamp", Lamp::default()).unwrap();
    while_running(&executor, async {
        lamp.lock().await.level = 0.25;
        sign.lock().await.text = "x".repeat(240);
        sleep(Duration::from_secs(5)).await;
        let targets = &place.saved()["targets"];
        assert!(targets["sign"]["text"].is_string() && targets["lamp"]["level"] == 0.25);
        assert_eq!(executor.metrics().states_not_kept, 1);
        let said = place.said();
        assert!(
            said.contains("may have 400 bytes: those of target `unplugged`"),
            "{said}"
        );
        sign.lock().await.text = "y".repeat(400);
    })
    .await;
    assert_eq!(executor.metrics().states_not_kept, 2);
    let said = place.said();
    assert!(
        said.contains("that of emitter `sign:text` is not kept"),
        "{said}"
    );
    assert_eq!(place.saved()["targets"], json!({"lamp": {"level": 0.25}}));
    let length = std::fs::metadata(place.path()).unwrap().len();
    assert!(length <= 400, "{length}");
}
