//! What a sequence is: which server, which device, and which toxics come and go when.

use std::time::Duration;

use rship_runtime::{Encoding, Generation};
use rship_tests::{Direction, Host, Toxic, on_current_thread, on_two_workers};

use crate::host::on_no_runtime;

/// How many kinds of toxics there are, in each direction; `down` has none.
pub(crate) const KINDS: usize = 19;

/// A sequence, by its seed.
pub(crate) struct Plan {
    pub(crate) generation: Generation,
    pub(crate) encoding: Encoding,
    pub(crate) host: Host,
    pub(crate) tls: bool,
    pub(crate) toxics: Vec<Planned>,
}

/// A toxic that comes and goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) direction: Direction,
    pub(crate) toxic: Toxic,
    pub(crate) after: Duration,
    pub(crate) lasts: Duration,
}

impl Plan {
    /// Seeds one after the other have all combinations after 36, and all toxics in both directions after 19.
    pub(crate) fn of(seed: u64, random: &mut fastrand::Rng) -> Self {
        let turn = usize::try_from(seed).expect("a small seed");
        let hosts: [Host; 3] = [on_two_workers, on_current_thread, on_no_runtime];
        let count = random.usize(1..=3);
        let toxics = (0..count).map(|nth| {
            let (direction, toxic) = toxic((turn + nth * 7) % KINDS, random);
            Planned {
                direction,
                toxic,
                after: milliseconds(random, 0, 300),
                lasts: milliseconds(random, 100, 800),
            }
        });
        Self {
            toxics: toxics.collect(),
            generation: Generation::ALL[turn % 3],
            host: hosts[turn / 3 % 3],
            encoding: match turn / 9 % 2 {
                0 => Encoding::Json,
                _ => Encoding::Cbor,
            },
            tls: turn / 18 % 2 == 1,
        }
    }
}

impl Plan {
    /// When the last toxic has gone.
    pub(crate) fn end(&self) -> Duration {
        let ends = self.toxics.iter().map(|one| one.after + one.lasts);
        ends.max().unwrap_or_default()
    }
}

fn milliseconds(random: &mut fastrand::Rng, least: u64, most: u64) -> Duration {
    Duration::from_millis(random.u64(least..=most))
}

fn toxic(kind: usize, random: &mut fastrand::Rng) -> (Direction, Toxic) {
    let direction = match kind % 2 {
        0 => Direction::Up,
        _ => Direction::Down,
    };
    let toxic = match kind / 2 {
        0 => Toxic::Latency {
            delay: milliseconds(random, 20, 200),
            jitter: milliseconds(random, 0, 20),
        },
        1 => Toxic::Bandwidth {
            rate: random.u32(2_000..50_000),
        },
        2 => Toxic::Slicer {
            size: random.usize(1..100),
            delay: milliseconds(random, 1, 5),
        },
        3 => Toxic::LimitData {
            bytes: random.usize(1..2_000),
        },
        4 => Toxic::Timeout {
            after: milliseconds(random, 0, 100),
        },
        5 => Toxic::ResetPeer {
            after: milliseconds(random, 0, 100),
        },
        6 => Toxic::SlowClose {
            delay: milliseconds(random, 50, 300),
        },
        7 => Toxic::Stall,
        8 => Toxic::HalfOpen,
        _ => Toxic::Down,
    };
    (direction, toxic)
}
