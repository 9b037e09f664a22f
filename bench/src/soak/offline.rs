//! What a device says that nobody takes, or that nobody can take.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::Stage;
use super::device::Note;
use super::link::Door;
use super::orders::Order;
use crate::Failure;

const MEGABYTE: usize = 1_000_000;

/// Items that stay published.
const KEPT: usize = 10;

/// Targets that go and come back before a server knows: some at once, some a moment later, some after it was told.
pub(super) async fn readded(stage: &mut Stage) -> Result<u64, Failure> {
    let indices: Vec<_> = (8..16).collect();
    let rounds = 20;
    for _ in 0..rounds {
        let pause = stage.random.u64(..6) * 25;
        let order = Order::Readd(indices.clone(), pause);
        let _: Value = stage.device.order(&order).await?;
        sleep(Duration::from_millis(stage.random.u64(..100))).await;
    }
    Ok(rounds * indices.len() as u64)
}

/// A state that no server takes.
pub(super) async fn huge_state(stage: &mut Stage) -> Result<u64, Failure> {
    let before = stage.look().await?.done.values_refused;
    let order = Order::Lengthen(5, 70 * MEGABYTE);
    let _: Value = stage.device.order(&order).await?;
    Ok(stage.look().await?.done.values_refused - before)
}

/// Large impulses while there is no server.
pub(super) async fn impulses(stage: &mut Stage) -> Result<u64, Failure> {
    let before = stage.look().await?.done.impulses_dropped;
    stage.server.link.close(Door::Shut);
    let order = Order::Impulses(300, MEGABYTE);
    let _: Value = stage.device.order(&order).await?;
    sleep(Duration::from_secs(1)).await;
    Ok(stage.look().await?.done.impulses_dropped - before)
}

/// Items that come and go while there is no server.
pub(super) async fn items(stage: &mut Stage) -> Result<u64, Failure> {
    stage.server.link.close(Door::Shut);
    let count = 20_000;
    // Another text each time, or nothing would have changed.
    let text = format!("session {}", stage.look().await?.sessions);
    let kept = (0..KEPT).map(|number| Note::number(number, &text));
    stage.notes = kept.map(|note| (note.id, note.text)).collect();
    let order = Order::Items(count, KEPT, text);
    let _: Value = stage.device.order(&order).await?;
    Ok(count as u64)
}

/// Queries that are dropped at once, with and without a server.
pub(super) async fn queries(stage: &mut Stage) -> Result<u64, Failure> {
    let mut count = 0;
    for round in 0..50 {
        if round == 25 {
            stage.server.link.close(Door::Shut);
        }
        let _: Value = stage.device.order(&Order::Queries(100)).await?;
        count += 100;
        sleep(Duration::from_millis(20)).await;
    }
    Ok(count)
}
