//! What a device says that nobody takes, or that nobody can take.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::Stage;
use super::abuse::Abuse;
use super::device::Note;
use super::orders::Order;
use crate::Failure;

const MEGABYTE: usize = 1_000_000;

/// Items that stay published.
const KEPT: usize = 10;

/// A state that no server takes.
pub(super) async fn huge_state(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    // Of a target that the device's own loop leaves alone meanwhile.
    let _: Value = stage.device.order(&Order::Work(false)).await?;
    for bytes in [70 * MEGABYTE, 5] {
        let order = Order::Lengthen(5, bytes);
        let _: Value = stage.device.order(&order).await?;
        sleep(Duration::from_secs(2)).await;
    }
    Ok(1)
}

/// Large impulses while there is no server.
pub(super) async fn impulses(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    stage.server.link.close();
    let count = 300;
    let order = Order::Impulses(count, MEGABYTE);
    let _: Value = stage.device.order(&order).await?;
    sleep(Duration::from_secs(1)).await;
    Ok(count.into())
}

/// Items that come and go while there is no server.
pub(super) async fn items(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    stage.server.link.close();
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
pub(super) async fn queries(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    let mut count = 0;
    for round in 0..100 {
        if round == 50 {
            stage.server.link.close();
        }
        let _: Value = stage.device.order(&Order::Queries(100)).await?;
        count += 100;
        sleep(Duration::from_millis(20)).await;
    }
    Ok(count)
}
