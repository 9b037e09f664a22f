//! What a process has: memory, threads, descriptors.

use std::fs;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::Failure;

/// At one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) rss_kib: u64,
    pub(super) threads: u64,
    pub(super) descriptors: u64,
}

impl Sample {
    /// That of another process; threads and descriptors are 0 where the system does not say.
    pub(super) fn of(process: u32) -> Result<Self, Failure> {
        let mut system = System::new()?;
        let pid = Pid::from_u32(process);
        let memory = ProcessRefreshKind::nothing().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, memory);
        let rss = system.process(pid).map(sysinfo::Process::memory);
        let count = |what| {
            let folder = fs::read_dir(format!("/proc/{process}/{what}"));
            folder.map_or(0, |all| all.count() as u64)
        };
        Ok(Self {
            rss_kib: rss.ok_or("the device has no memory any more: it has ended")? / 1024,
            threads: count("task"),
            descriptors: count("fd"),
        })
    }

    pub(super) fn mib(&self) -> f64 {
        self.rss_kib as f64 / 1024.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_one_that_is_not_there_has_none() {
        let own = Sample::of(std::process::id());
        assert!(own.is_ok_and(|own| own.rss_kib > 0));
        assert!(Sample::of(u32::MAX).is_err());
    }
}
