//! Links that misbehave.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use super::Stage;
use super::link::{Cut, Door, Flow};
use super::orders::Order;
use crate::Failure;

/// A bit longer than the silence that the device bears.
const SILENCE: Duration = Duration::from_secs(3);

/// How long a link is slow, late or sliced.
const A_WHILE: Duration = Duration::from_secs(3);

/// How long a link lets nobody in.
const SHUT: Duration = Duration::from_secs(1);

/// Until a device has given up a connection and made another.
const SUCCEEDED: Duration = Duration::from_secs(20);

/// A peer that sends but does not read.
pub(super) async fn unread(stage: &mut Stage) -> Result<u64, Failure> {
    stage.through(Flow::Stopped, Flow::Free, SILENCE).await
}

/// A peer of which nothing is heard, while targets come and go.
pub(super) async fn silent(stage: &mut Stage) -> Result<u64, Failure> {
    let before = stage.server.link.acted();
    stage.server.link.down(Flow::Stopped);
    let until = Instant::now() + SILENCE;
    while Instant::now() < until {
        let _: Value = stage.device.order(&Order::Guests(20)).await?;
        sleep(Duration::from_millis(50)).await;
    }
    Ok(stage.server.link.acted() - before)
}

/// A link that takes less than the device has to say, registration included: it is never cut.
pub(super) async fn slow(stage: &mut Stage) -> Result<u64, Failure> {
    stage.server.link.up(Flow::Slow(100_000));
    let connections = stage.server.link.connections();
    stage.server.link.cut(Cut::Reset);
    let acted = stage
        .through(Flow::Slow(100_000), Flow::Free, A_WHILE)
        .await?;
    let more = stage.server.link.connections() - connections;
    if more > 1 {
        stage.record.violation(&format!(
            "the device connected {more} times, although the link made progress"
        ));
    }
    Ok(acted)
}

/// A link that lets next to nothing through, either way.
pub(super) async fn trickle(stage: &mut Stage) -> Result<u64, Failure> {
    let flow = Flow::Slow(10_000);
    stage.through(flow, flow, A_WHILE).await
}

/// A link on which each part comes later than it should, and not always by the same time.
pub(super) async fn late(stage: &mut Stage) -> Result<u64, Failure> {
    let flow = Flow::Late(Duration::from_millis(200));
    stage.through(flow, flow, A_WHILE).await
}

/// A link that ends what it passes on anywhere.
pub(super) async fn sliced(stage: &mut Stage) -> Result<u64, Failure> {
    stage.through(Flow::Sliced, Flow::Sliced, A_WHILE).await
}

/// Connections that end without a word, at all stages of a registration.
pub(super) async fn reset(stage: &mut Stage) -> Result<u64, Failure> {
    stage.cut(Cut::Reset, 10).await
}

/// Connections that end as they should.
pub(super) async fn fin(stage: &mut Stage) -> Result<u64, Failure> {
    stage.cut(Cut::Fin, 10).await
}

/// Connections that end where a frame does not.
pub(super) async fn mid_frame(stage: &mut Stage) -> Result<u64, Failure> {
    stage.cut(Cut::MidFrame, 10).await
}

/// Connections of which the data comes when the device has long made others.
pub(super) async fn abandoned(stage: &mut Stage) -> Result<u64, Failure> {
    let before = stage.server.link.acted();
    let sessions = stage.look().await?.sessions;
    stage.server.link.hold();
    let begun = Instant::now();
    while stage.look().await?.sessions == sessions && begun.elapsed() < SUCCEEDED {
        sleep(Duration::from_millis(50)).await;
    }
    stage.server.link.restore();
    // Until the link has let go of what it held.
    sleep(Duration::from_millis(500)).await;
    Ok(stage.server.link.acted() - before)
}

/// Frames that mean nothing, then bytes that are no frames.
pub(super) async fn garbage(stage: &mut Stage) -> Result<u64, Failure> {
    let kinds = [
        json!(null),
        json!([[[]]]),
        json!({"event": 7, "data": "x"}),
        json!({"event": "ws:m:ping"}),
        json!({"event": "ws:m:ping", "data": {"id": 3, "timestamp": "now"}}),
        json!({"event": "ws:m:query-response", "data": {"tx": "nobody", "upserts": 3}}),
        json!({"event": "ws:m:command-response", "data": {"tx": "nobody", "response": null}}),
        json!({"event": "\u{0}\u{7}".repeat(1000)}),
    ];
    let before = stage.server.link.acted();
    let mut frames = 0;
    for _ in 0..2 {
        for frame in kinds.iter().cycle().take(200) {
            frames += stage.server.core().send_frame(None, frame) as u64;
        }
        sleep(Duration::from_millis(300)).await;
        stage.server.link.garbage();
        sleep(Duration::from_millis(700)).await;
    }
    Ok(frames + stage.server.link.acted() - before)
}

/// A server that hangs up on everybody at once.
pub(super) async fn closes_at_once(stage: &mut Stage) -> Result<u64, Failure> {
    stage.behind(Door::AtOnce, SHUT).await
}

/// A server that takes connections and says nothing at all.
pub(super) async fn mute(stage: &mut Stage) -> Result<u64, Failure> {
    stage.behind(Door::Mute, A_WHILE).await
}

impl Stage {
    /// What passes, passes in this way for a while.
    pub(super) async fn through(
        &mut self,
        up: Flow,
        down: Flow,
        time: Duration,
    ) -> Result<u64, Failure> {
        let link = &self.server.link;
        let before = link.acted();
        link.up(up);
        link.down(down);
        sleep(time).await;
        Ok(link.acted() - before)
    }

    /// Cuts what is connected so often.
    async fn cut(&mut self, cut: Cut, times: usize) -> Result<u64, Failure> {
        let before = self.server.link.acted();
        for _ in 0..times {
            self.server.link.cut(cut);
            sleep(Duration::from_millis(self.random.u64(..400))).await;
        }
        Ok(self.server.link.acted() - before)
    }

    /// Those who connect meet this for a while.
    pub(super) async fn behind(&mut self, door: Door, time: Duration) -> Result<u64, Failure> {
        let before = self.server.link.acted();
        self.server.link.close(door);
        sleep(time).await;
        Ok(self.server.link.acted() - before)
    }
}
