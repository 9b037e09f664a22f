//! An action that takes a handle in place of a receiver runs beside the others.

#![deny(warnings)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp {
    #[emitter]
    level: f64,
}

#[actions]
impl Lamp {
    #[action(restart, writes = "level")]
    async fn fade(this: Handle<Self>, to: f64, #[arg(min = 0, max = 60)] seconds: f64) -> Result<f64, String> {
        drop(this);
        Ok(to * seconds)
    }

    #[action]
    async fn wait(_: Handle<Lamp>) {}

    #[action(timeout = "500ms")]
    fn start(mut _this: rship_runtime::Handle<Self>, times: u8) -> u8 {
        times
    }

    #[action(blocking, timeout = "1m 30s")]
    fn write_to_serial_port(&mut self) {}

    #[action(restart, timeout = "5s")]
    async fn slow(&mut self) {}

    #[action(progress, cancel, restart, answer = "accepted", timeout = "1h")]
    async fn scan(this: Handle<Self>) -> Result<(), String> {
        this.progress(0.5);
        this.progress_with(0.75, "the last shelf");
        Ok(())
    }

    #[action(cancel)]
    async fn creep(&mut self, #[cfg(any())] not_there: u8) {}
}

fn main() {
    use rship_runtime::descriptor::ActionMode::{Blocking, Cancel, Detached, Exclusive};

    let lamp = Lamp::descriptor().unwrap();
    let modes: Vec<_> = lamp.actions.iter().map(|action| (action.mode, action.restart)).collect();
    assert_eq!(
        modes,
        [
            (Detached, true),
            (Detached, false),
            (Detached, false),
            (Blocking, false),
            (Exclusive, true),
            (Detached, true),
            (Cancel { action: 5 }, false),
            (Exclusive, false),
            (Cancel { action: 7 }, false),
        ]
    );
    let ids: Vec<_> = lamp.actions.iter().map(|action| &*action.id).collect();
    assert_eq!(ids[6..], ["scan-cancel", "creep", "creep-cancel"]);
    assert_eq!(Lamp::EMITTER_IDS, ["scan-progress"]);
    assert_eq!(lamp.action("scan-cancel").unwrap().name, "Scan: cancel");
    let progress = lamp.emitter("scan-progress").unwrap();
    assert_eq!(progress.name, "Scan: progress");
    assert!(progress.kind.is_state());
    assert_eq!(progress.schema["properties"]["progress"]["maximum"], 1.0);
    let seconds: Vec<_> =
        lamp.actions.iter().map(|action| action.timeout.map(|after| after.as_secs_f64())).collect();
    let first = [None, None, Some(0.5), Some(90.0), Some(5.0), Some(3600.0)];
    assert_eq!(seconds[..6], first);
    assert_eq!(lamp.action("fade").unwrap().writes.as_ref().unwrap().emitter, "level");
    let mut lamp = Lamp { level: 0.0 };
    lamp.write_to_serial_port();
    assert_eq!(lamp.level, 0.0);
}
