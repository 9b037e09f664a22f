//! What this process uses: CPU time, memory, threads, wake-ups.

use std::time::Duration;

/// User and system time of this process.
#[cfg(unix)]
#[must_use]
pub fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Not measured on this system.
#[cfg(not(unix))]
#[must_use]
pub fn cpu_time() -> Duration {
    Duration::ZERO
}

/// Resident memory of this process, in KiB; 0 where the system does not say.
#[must_use]
pub fn resident_kib() -> u64 {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid};
    let (Ok(own), Ok(mut system)) = (get_current_pid(), System::new()) else {
        return 0;
    };
    let memory = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), true, memory);
    system.process(own).map_or(0, |own| own.memory() / 1024)
}

/// Threads of this process; 0 where the system does not say.
#[must_use]
pub fn threads() -> u64 {
    std::fs::read_dir("/proc/self/task").map_or(0, |tasks| tasks.count() as u64)
}

/// How often threads of this process went to sleep of their own accord, and so were woken; 0 where the system
/// does not say.
pub(super) fn sleeps() -> u64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else {
        return 0;
    };
    // A thread may end meanwhile.
    let texts =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("status")).ok());
    texts.filter_map(|text| switches(&text)).sum()
}

fn switches(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_voluntary_switches_are_counted() {
        let status = "Name:\tload\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t5\n";
        assert_eq!(switches(status), Some(150));
    }
}
