//! What goes wrong, done to the network and to the server.

use std::sync::Arc;
use std::time::Duration;

use rship_runtime::Status;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::network::{Close, Face, Network, Weather};
use super::run::{System, core, millis};
use super::steps::{Memory, Storm};

/// What no server should say.
const GARBAGE: &[&str] = &[
    "",
    "{",
    "null",
    "[]",
    r#"{"event":"ws:m:ping"}"#,
    r#"{"event":"ws:m:command","data":{}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":7,"command":{"tx":"garbage-1"}}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"tx":"garbage-2"}}}"#,
    r#"{"event":"ws:m:query-response","data":{"tx":"nobody","sequence":0,"upserts":[],"deletes":[]}}"#,
    r#"{"event":"ws:m:command-response","data":{"tx":"nobody","response":null}}"#,
    r#"{"event":"ws:m:event","data":{"itemType":"Instance","changeType":"DEL","item":{"id":"storm-0"}}}"#,
    "\u{0}\u{1b}[31m",
];

/// Faults.
impl System {
    async fn restart(&mut self, memory: Memory, down: Duration) {
        self.look();
        let network = Arc::clone(&self.network);
        let Some(before) = self.core.clone() else {
            return;
        };
        let kept = before.entities();
        network.set_core(None);
        network.break_all(Close::Reset);
        let generation = match memory {
            Memory::Of(generation) => generation,
            Memory::Kept | Memory::Empty => before.generation(),
        };
        let kept = (memory == Memory::Kept).then_some(kept);
        sleep(down).await;
        self.look();
        let acted = match memory {
            Memory::Kept => "killed, with its store",
            Memory::Empty => "killed, empty",
            Memory::Of(_) => "another generation",
        };
        network.acted(acted);
        let core = core(generation, kept);
        self.core = Some(Arc::clone(&core));
        self.cores.send_modify(|number| *number += 1);
        network.set_core(Some(core));
        // Ends with the last who asks it.
        drop(before);
    }

    /// Does something for a while, beside what comes next.
    fn for_a_while(&self, time: u16, end: impl FnOnce(&Network) + Send + 'static) {
        let (network, open) = (Arc::clone(&self.network), Arc::clone(&self.open));
        tokio::spawn(async move {
            let _open = open;
            sleep(millis(time)).await;
            end(&network);
        });
    }

    fn face(&self, face: Face, time: u16) {
        self.network.set_face(face);
        self.network.break_all(Close::Reset);
        self.for_a_while(time, move |network| {
            if network.face() == face {
                network.set_face(Face::Core);
            }
        });
    }

    fn weather(
        &self,
        time: u16,
        begin: impl FnOnce(&mut Weather),
        end: impl FnOnce(&mut Weather) + Send + 'static,
    ) {
        self.network.set_weather(begin);
        self.for_a_while(time, move |network| network.set_weather(end));
    }

    pub(crate) async fn storm(&mut self, storm: &Storm) {
        let network = Arc::clone(&self.network);
        match storm {
            Storm::Restart(memory, down) => self.restart(*memory, millis(*down)).await,
            Storm::Break(close) => {
                network.acted(match close {
                    Close::Fin => "end",
                    Close::Reset => "reset",
                });
                network.break_all(*close);
            }
            Storm::Cut(bytes, close) => network.cut_after(usize::from(*bytes), *close),
            Storm::StallUp(time) => self.weather(
                *time,
                |weather| weather.stalled_up = true,
                |weather| weather.stalled_up = false,
            ),
            Storm::StallDown(time) => self.weather(
                *time,
                |weather| weather.stalled_down = true,
                |weather| weather.stalled_down = false,
            ),
            Storm::Delay(delay, time) => {
                let delay = millis(*delay);
                self.weather(
                    *time,
                    |weather| weather.delay = delay,
                    |weather| weather.delay = Duration::ZERO,
                );
            }
            Storm::Loss(lost, time) => {
                let lost = u32::from(*lost);
                self.weather(
                    *time,
                    |weather| weather.lost = lost,
                    |weather| weather.lost = 0,
                );
            }
            Storm::Slow(time) => self.weather(
                *time,
                |weather| weather.bytes_per_second = Some(10_000),
                |weather| weather.bytes_per_second = None,
            ),
            Storm::Cross => self.cross().await,
            Storm::Lose(pick) => {
                if let Some((of, id)) = self.pick(*pick) {
                    self.note(format!("the server loses {of} {id}"));
                    network.acted("loses an entity");
                    if let Some(core) = &self.core {
                        core.lose(&of, &id);
                    }
                }
            }
            Storm::Overwrite(pick) => {
                if let Some((of, id)) = self.pick(*pick) {
                    let change = match of.as_str() {
                        "Instance" => json!({"status": "Unavailable"}),
                        "TargetStatus" => json!({"status": "offline"}),
                        "Pulse" => json!({"data": 7}),
                        _ => json!({"name": "an operator's"}),
                    };
                    self.note(format!("the server overwrites {of} {id}"));
                    network.acted("overwrites an entity");
                    if let Some(core) = &self.core {
                        core.overwrite(&of, &id, change);
                    }
                }
            }
            Storm::Refuses(time) => self.face(Face::Refuses, *time),
            Storm::Silent(time) => self.face(Face::Silent, *time),
            Storm::Closes(time) => self.face(Face::Closes, *time),
            Storm::Late(time) => self.face(Face::Late(millis(*time / 2)), *time),
            Storm::Babbles(time) => self.face(Face::Babbles, *time),
            Storm::Garbage(which) => {
                let text = GARBAGE[usize::from(*which) % GARBAGE.len()];
                let core = self.core.as_ref();
                if core.is_some_and(|core| core.send_text(text) > 0) {
                    network.acted("garbage");
                }
            }
            Storm::Flood(count) => {
                let frame = json!({"event": "ws:m:event", "data": {"itemType": "Cue", "changeType": "SET"}});
                for _ in 0..*count {
                    let core = self.core.as_ref();
                    if core.is_some_and(|core| core.send_frame(None, &frame) > 0) {
                        network.acted("flood");
                    }
                }
            }
        }
    }

    /// An entity of the executor's that the server has.
    fn pick(&mut self, pick: u16) -> Option<(String, String)> {
        let snapshot = self.core.as_ref()?.snapshot();
        let of = |of: &str| !matches!(of, "Machine" | "Client" | "Cue");
        let all: Vec<_> = snapshot
            .into_iter()
            .filter(|(item_type, _)| of(item_type))
            .flat_map(|(of, items)| items.into_keys().map(move |id| (of.clone(), id)))
            // An impulse's last value is nobody's state.
            .filter(|(_, id)| !id.contains(":beat"))
            .collect();
        let index = usize::from(pick).checked_rem(all.len())?;
        all.into_iter().nth(index)
    }

    /// The uplink stalls until the executor has given the connection up, and made another; what it sent comes then.
    async fn cross(&mut self) {
        let mut status = self.executor.status();
        let online = |status: &Status| matches!(status, Status::Online { .. });
        let offline = |status: &Status| matches!(status, Status::Offline { .. });
        if !online(&status.borrow()) {
            return;
        }
        self.network.hold_up();
        let racks: Vec<_> = self.racks.keys().copied().collect();
        for rack in racks {
            let Some(racked) = self.racks.get_mut(&rack) else {
                continue;
            };
            let Ok(mut rack) = racked.handle.try_lock() else {
                continue;
            };
            racked.bumps += 1;
            rack.count += 1;
        }
        // Whatever else happens meanwhile, it does not take longer.
        let limit = Duration::from_secs(60);
        let crossed = timeout(limit, async {
            drop(status.wait_for(offline).await);
            drop(status.wait_for(online).await);
        });
        if crossed.await.is_ok() {
            self.network.acted("crossing connections");
        }
        self.network.set_weather(|_| {});
    }

    /// All faults end.
    pub(crate) fn calm(&mut self) {
        self.network.set_face(Face::Core);
        self.network
            .set_weather(|weather| *weather = Weather::default());
    }
}
