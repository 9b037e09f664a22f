//! What the device's process has: memory, threads, descriptors.

use rship_examples::load::{resident_kib, threads};
use serde::{Deserialize, Serialize};

/// At one moment.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Sample {
    pub(super) rss_kib: u64,
    pub(super) threads: u64,
    pub(super) descriptors: u64,
}

impl Sample {
    pub(super) fn take() -> Self {
        let descriptors = std::fs::read_dir("/proc/self/fd");
        Self {
            rss_kib: resident_kib(),
            threads: threads(),
            // One of them is the folder itself.
            descriptors: descriptors.map_or(0, |all| (all.count() as u64).saturating_sub(1)),
        }
    }
}
