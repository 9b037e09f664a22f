//! What a device says that nobody takes, or that nobody can take.

use std::time::Duration;

use rship_runtime::Query;
use tokio::time::sleep;

use super::Stage;
use super::abuse::Abuse;
use super::device::Note;
use crate::Failure;

const MEGABYTE: usize = 1_000_000;

/// Items that stay published.
const KEPT: usize = 10;

/// A state that no server takes.
pub(super) async fn huge_state(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    let unit = stage.device.unit(5)?;
    unit.lock().await.text = "h".repeat(70 * MEGABYTE);
    sleep(Duration::from_secs(2)).await;
    unit.lock().await.text = "small again".to_owned();
    Ok(1)
}

/// Large impulses while there is no server.
pub(super) async fn impulses(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    stage.server.link.close();
    let count = 300;
    let unit = stage.device.unit(7)?;
    let hit = unit.lock().await.hit.clone();
    let value = "i".repeat(MEGABYTE);
    for _ in 0..count {
        let _ = hit.pulse(value.clone());
    }
    sleep(Duration::from_secs(1)).await;
    Ok(count)
}

/// Items that come and go while there is no server.
pub(super) async fn items(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    stage.server.link.close();
    let count = 20_000;
    let text = format!("of turn {}", stage.device.executor.metrics().sessions);
    for number in 0..count {
        let note = Note {
            id: format!("note-{number}"),
            text: text.clone(),
        };
        stage.device.executor.publish(&note)?;
        if number < KEPT {
            stage.device.notes.insert(note.id, note.text);
        } else {
            stage.device.executor.delete::<Note>(&note.id);
        }
    }
    Ok(count as u64)
}

/// Queries that are dropped at once, with and without a server.
pub(super) async fn queries(stage: &mut Stage, _: Abuse) -> Result<u64, Failure> {
    let count = 5_000;
    for number in 0..count {
        drop(stage.device.executor.query(Query::all("Instance")));
        if number % 100 == 0 {
            sleep(Duration::from_millis(10)).await;
        }
    }
    stage.server.link.close();
    for _ in 0..count {
        drop(stage.device.executor.query(Query::all("Instance")));
    }
    sleep(Duration::from_millis(500)).await;
    Ok(2 * count)
}
