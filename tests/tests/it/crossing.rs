//! Crossing connections: what an old connection had in the network arrives after the new one's, and is wrong in
//! the end for no one.

use std::time::Duration;

use rship_runtime::{Generation, Status};
use rship_tests::{
    Direction, LIMIT, Proxy, Running, Stand, Toxic, builder, core, differences, pulse,
};
use serde_json::json;

#[tokio::test]
async fn frames_of_an_old_connection_that_come_late_leave_nothing_wrong_in_the_end() {
    let core = core(Generation::V2026).await;
    let link = Proxy::to(core.addr()).await;
    let executor = builder(&link.url())
        .keepalive(Duration::from_millis(100), Duration::from_secs(1))
        .build()
        .unwrap();
    let stand = executor.add("stand", Stand::full()).unwrap();
    let mut running = Running::online(&executor).await;
    for round in 1..=5 {
        // Each round gives one connection up. Its uplink stalls: what is said goes into the network, and no further.
        let stall = link.add_to_open(Direction::Up, Toxic::Stall);
        for stock in 0..20 {
            let mut stand = stand.lock().await;
            stand.stock = 1000 * round + stock;
            stand.sign.as_mut().unwrap().text = format!("old {round} {stock}");
            drop(stand);
            tokio::task::yield_now().await;
        }
        stand.rename(format!("old name {round}"));
        stand.set_online(false);
        running
            .wait("offline", |status| matches!(status, Status::Offline { .. }))
            .await;
        stand.set_online(true);
        stand.rename(format!("new name {round}"));
        let mut guard = stand.lock().await;
        guard.stock = round;
        guard.sign.as_mut().unwrap().text = format!("new {round}");
        drop(guard);
        running
            .wait("online", |status| matches!(status, Status::Online { .. }))
            .await;
        core.wait_until(LIMIT, "the new value", |core| {
            pulse(core, "stand-1", "stand:stock") == Some(json!(round))
        })
        .await
        .unwrap();
        // The network comes back with what it held, and then with the end of the old connection.
        link.remove(stall);
        let waited = core.wait_until(LIMIT, "what is true", |core| {
            let name = core
                .item("Target", "stand")
                .map(|stand| stand["name"].clone());
            core.clients() == 1
                && differences(core, &executor).is_empty()
                && name == Some(json!(format!("new name {round}")))
                && pulse(core, "stand-1", "stand:stock") == Some(json!(round))
                && pulse(core, "stand-1", "stand.sign:text") == Some(json!(format!("new {round}")))
        });
        let waited = waited.await;
        assert!(
            waited.is_ok(),
            "round {round}: {:?}, {:?}",
            differences(&core, &executor),
            core.items("Pulse")
        );
    }
    running.stop().await;
}
