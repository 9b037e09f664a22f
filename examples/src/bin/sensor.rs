//! The smallest useful device: a sensor that says a value and its unit on each line, such as `21.5 °C`, to
//! standard input, over a serial port, or over TCP.
//!
//! ```text
//! while sleep 1; do date "+%S s"; done | cargo run -p rship-examples --bin sensor
//! cargo run -p rship-examples --bin sensor -- --serial /dev/ttyUSB0 --baud 115200
//! cargo run -p rship-examples --bin sensor -- --tcp 192.168.0.7:4000
//! cargo run -p rship-examples --bin sensor -- --manifest
//! ```
//!
//! With nothing attached, type lines. Try `warm` in place of a number; unplug the sensor, and plug it in again.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::thread;
use std::time::Duration;

use clap::Parser;
use rship_examples::{Failure, Show, Warnings};
use rship_runtime::prelude::*;
use serial2::SerialPort;
use socket2::{SockRef, TcpKeepalive};
use tracing::{info, warn};

/// The longest line that can be a reading, in bytes.
const LONGEST: u64 = 80;

/// How long a connection may take, and be dead before that is noticed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Time between two tries to reach a source that is not there.
const RETRY: Duration = Duration::from_secs(1);

/// What a sensor measures.
#[derive(Debug, Default, Target)]
#[target(category = "sensor")]
struct Sensor {
    /// The newest reading.
    #[emitter(max_rate = "20 Hz")]
    value: Option<f64>,
    /// What it is measured in.
    #[emitter]
    unit: String,
    /// The highest value since the last reset.
    #[emitter(max_rate = "20 Hz")]
    peak: Option<f64>,
    /// How many lines were not readings.
    #[emitter(max_rate = "1 Hz")]
    skipped: u64,
}

#[actions]
impl Sensor {
    /// Takes in a line; says whether it is a reading.
    fn hear(&mut self, line: &str) -> bool {
        let Some((value, unit)) = reading(line) else {
            self.skipped += 1;
            return false;
        };
        self.value = Some(value);
        self.peak = Some(self.peak.map_or(value, |peak| peak.max(value)));
        self.unit = unit.to_owned();
        true
    }

    /// Looks for the highest value anew.
    #[action]
    fn reset_peak(&mut self) {
        self.peak = self.value;
    }
}

/// A value and its unit, which may be missing.
fn reading(line: &str) -> Option<(f64, &str)> {
    // A line without its end was cut, and its number may be, too.
    let line = line.strip_suffix('\n')?.trim();
    let (value, unit) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let value = value.parse().ok().filter(|value: &f64| value.is_finite())?;
    Some((value, unit.trim_start()))
}

/// Reads lines until the source ends, however long they are and however fast they come.
fn follow(mut source: impl BufRead, sensor: &Handle<Sensor>, log: &mut Warnings) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if source.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if !line.ends_with(b"\n") {
            source.skip_until(b'\n')?;
        }
        let line = String::from_utf8_lossy(&line);
        // What changed is published when the guard is dropped.
        if !sensor.blocking_lock().hear(&line) {
            log.say(|| format!("{line:?} is skipped: a line is to be such as `21.5 °C`"));
        }
    }
}

/// Where a sensor is.
#[derive(Debug, Parser)]
#[command(about = "Puts a sensor on the show that says a value and its unit on each line")]
struct Source {
    /// A serial port, such as /dev/ttyUSB0 or COM3.
    #[arg(long, value_name = "PORT")]
    serial: Option<String>,
    /// How fast the serial port is.
    #[arg(long, value_name = "RATE", default_value_t = 9600, requires = "serial")]
    baud: u32,
    /// A TCP server.
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "serial")]
    tcp: Option<String>,
    /// Prints what there is as JSON, and ends.
    #[arg(long = "manifest")]
    _manifest: bool,
}

impl Source {
    fn open(&self) -> io::Result<Box<dyn BufRead>> {
        if let Some(port) = &self.serial {
            let mut port = SerialPort::open(port, self.baud)?;
            port.set_read_timeout(Duration::MAX)?;
            let mut lines = BufReader::new(port);
            // The first line may have begun before, and its number with it.
            lines.skip_until(b'\n')?;
            return Ok(Box::new(lines));
        }
        match &self.tcp {
            Some(address) => Ok(Box::new(BufReader::new(connect(address)?))),
            None => Ok(Box::new(io::stdin().lock())),
        }
    }

    /// Stays with the sensor, wherever it is and whenever it comes back.
    fn attend(&self, sensor: &Handle<Sensor>) {
        let mut log = Warnings::default();
        let mut before = String::new();
        loop {
            let why = match self.open() {
                Ok(source) => {
                    info!("{self} is there");
                    sensor.set_online(true);
                    let ended = follow(source, sensor, &mut log);
                    sensor.set_online(false);
                    before.clear();
                    ended.map_or_else(|error| error.to_string(), |()| "it ended".to_owned())
                }
                Err(error) => error.to_string(),
            };
            if before != why {
                warn!("{self} is not there: {why}");
                before = why;
            }
            if self.serial.is_none() && self.tcp.is_none() {
                return;
            }
            thread::sleep(RETRY);
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.serial.as_ref().or(self.tcp.as_ref());
        f.write_str(named.map_or("standard input", |name| name))
    }
}

/// A connection that ends when the other side is no longer there, even if it could not say so.
fn connect(address: &str) -> io::Result<TcpStream> {
    let mut connected = Err(io::Error::other("the name has no address"));
    for address in address.to_socket_addrs()? {
        connected = TcpStream::connect_timeout(&address, PATIENCE);
        if connected.is_ok() {
            break;
        }
    }
    let stream = connected?;
    let probes = TcpKeepalive::new().with_time(PATIENCE).with_interval(RETRY);
    SockRef::from(&stream).set_tcp_keepalive(&probes)?;
    Ok(stream)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let source = Source::parse();
    let show = Show::open("sensors").await?;
    let sensor = show.executor.add("sensor", Sensor::default())?;
    sensor.set_online(false);
    if !show.executor.wants_manifest() {
        thread::spawn(move || source.attend(&sensor));
    }
    show.run(&["watch sensor:value", "ls", "call sensor:reset-peak"])
        .await
}
