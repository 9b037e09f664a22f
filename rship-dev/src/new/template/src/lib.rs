//! A countdown, to begin with: change it, part by part, into a device of your own.

use std::time::Duration;

use rship_runtime::prelude::*;

/// The id of the service, and of its target. Shows hold it, so it stays as it is.
pub const ID: &str = "new-device";

/// Counts seconds, and tells when they are over.
#[derive(Target)]
#[target(name = "New device")]
pub struct Device {
    /// Seconds that a countdown takes.
    #[emitter]
    #[action(min = 1, max = 3600)]
    length: u32,
    /// Seconds that are left.
    #[emitter]
    left: u32,
    /// A countdown is over; it took this many seconds.
    #[emitter]
    done: Emitter<u32>,
    /// Without an attribute, so the show does not see it.
    whole: u32,
}

impl Default for Device {
    fn default() -> Self {
        Self {
            length: 60,
            left: 0,
            done: Emitter::default(),
            whole: 0,
        }
    }
}

#[actions]
impl Device {
    /// Starts a countdown, and answers with its seconds.
    #[action]
    fn start(
        &mut self,
        /// Seconds; as many as `length` says if it is left out.
        #[arg(min = 1, max = 3600, unit = "s")]
        length: Option<u32>,
    ) -> Result<u32, String> {
        if self.left > 0 {
            return Err(format!("a countdown is running: {} s are left", self.left));
        }
        self.whole = length.unwrap_or(self.length);
        self.left = self.whole;
        Ok(self.whole)
    }

    /// Ends the countdown early.
    #[action]
    fn stop(&mut self) {
        self.left = 0;
    }

    /// A method without an attribute is the device's own.
    fn second(&mut self) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        if self.left == 0 {
            self.done.pulse(self.whole);
        }
    }
}

/// The device's own life: here a clock, elsewhere what the hardware says.
pub async fn run(device: Handle<Device>) {
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    loop {
        clock.tick().await;
        // What changed is published at the end of the line, where the guard is dropped.
        device.lock().await.second();
    }
}
