//! A lamp with five DMX channels (intensity, red, green, blue, strobe), over sACN: it fades beside whatever else it
//! is told, until the next fade takes over.
//!
//! ```text
//! cargo run -p rship-examples --bin lamp
//! cargo run -p rship-examples --bin lamp -- --universe 7 --address 101
//! cargo run -p rship-examples --bin lamp -- --to 192.168.10.60
//! cargo run -p rship-examples --bin lamp -- --manifest
//! ```
//!
//! Its packets go to all that listen to its universe, or with `--to` to one receiver.

use std::mem;

use clap::{Parser, value_parser};
use rship_examples::protocols::sacn::{FRAME, Output};
use rship_examples::{Failure, Show, Warnings};
use rship_runtime::prelude::*;
use rship_runtime::show::Rgb;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// A lamp of any color.
#[derive(Debug, Clone, Copy, Target)]
#[target(category = "light")]
struct Lamp {
    /// How bright it is, from 0 to 1.
    #[emitter]
    #[action(min = 0, max = 1)]
    intensity: f64,
    /// Its color, of parts from 0 to 1.
    #[emitter]
    #[action]
    color: Rgb,
    /// Flashes per second; with 0 it does not flash.
    #[emitter]
    #[action(min = 0, max = 25)]
    strobe: f64,
}

#[actions]
impl Lamp {
    /// Fades to an intensity, and to a color if one is given. The next fade takes over from where this one is, and
    /// an intensity that is set meanwhile ends it.
    #[action(restart, answer = "accepted", writes = "intensity")]
    async fn fade(
        // In place of a receiver: the lamp is locked for moments only, and stays free in between.
        this: Handle<Self>,
        #[arg(min = 0, max = 1)] intensity: f64,
        color: Option<Rgb>,
        #[arg(min = 0, max = 600, default = 2.0, unit = "s")] seconds: f64,
    ) {
        let before = *this.lock().await;
        let mut last = before.intensity;
        let began = Instant::now();
        let mut frames = interval(FRAME);
        loop {
            frames.tick().await;
            // In no time at all it is there at once.
            let part = (began.elapsed().as_secs_f64() / seconds).min(1.0);
            let mut lamp = this.lock().await;
            if lamp.intensity != last {
                return;
            }
            lamp.intensity = between(before.intensity, intensity, part);
            if let Some(color) = color {
                lamp.color = Rgb {
                    r: between(before.color.r, color.r, part),
                    g: between(before.color.g, color.g, part),
                    b: between(before.color.b, color.b, part),
                };
            }
            if part >= 1.0 {
                return;
            }
            last = lamp.intensity;
        }
    }

    /// What is on its channels.
    fn channels(&self) -> [u8; 5] {
        let Rgb { r, g, b } = self.color;
        let parts = [self.intensity, r, g, b, self.strobe / 25.0];
        parts.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8)
    }
}

fn between(from: f64, to: f64, part: f64) -> f64 {
    from * (1.0 - part) + to * part
}

/// Sends what the lamp does, frame by frame. It is offline while the network takes no packets.
async fn send(lamp: &Handle<Lamp>, address: u16, output: &mut Output) {
    let mut frames = interval(FRAME);
    // After a delay there are not more packets than DMX has room for.
    frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut warnings = Warnings::default();
    let mut was_sent = true;
    loop {
        frames.tick().await;
        let channels = lamp.lock().await.channels();
        let sent = output.send(address, &channels).await;
        if mem::replace(&mut was_sent, sent.is_ok()) != sent.is_ok() {
            lamp.set_online(sent.is_ok());
        }
        if let Err(error) = sent {
            warnings.say(|| format!("the lamp cannot be reached: {error}"));
        }
    }
}

#[derive(Debug, Parser)]
struct Arguments {
    /// Its universe.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u16).range(1..=63_999))]
    universe: u16,
    /// Its first channel.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u16).range(1..=508))]
    address: u16,
    /// Send to this receiver alone.
    #[arg(long, value_name = "HOST[:PORT]")]
    to: Option<String>,
    /// Print what this is on a show, as JSON.
    #[arg(long)]
    manifest: bool,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let show = Show::open("lamps").await?;
    let white = Rgb {
        r: 1.0,
        g: 1.0,
        b: 1.0,
    };
    let lamp = Lamp {
        intensity: 0.0,
        color: white,
        strobe: 0.0,
    };
    let lamp = show.executor.add("lamp", lamp)?;
    let to = arguments.to.as_deref();
    let mut output = Output::open("rship lamp", arguments.universe, to).await?;
    let ended = tokio::select! {
        biased;
        ended = show.run(&[
            "watch lamp:intensity",
            "call lamp:fade '{\"intensity\": 1, \"seconds\": 10}'",
            "call lamp:fade '{\"intensity\": 0.2, \"color\": {\"r\": 1, \"g\": 0.5, \"b\": 0}}'",
            "call lamp:set-strobe 5",
            "call lamp:set-intensity 0",
        ]) => ended,
        () = send(&lamp, arguments.address, &mut output) => Ok(()),
    };
    output.end().await?;
    ended
}
