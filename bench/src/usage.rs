//! What this process used: CPU time and resident memory.

use std::time::Duration;

/// User and system time of this process.
#[cfg(unix)]
pub(crate) fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Not measured on this system.
#[cfg(not(unix))]
pub(crate) fn cpu_time() -> Duration {
    Duration::ZERO
}

/// Resident memory of this process, in KiB; 0 where the system does not say.
pub(crate) fn resident_kib() -> u64 {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid};
    let (Ok(own), Ok(mut system)) = (get_current_pid(), System::new()) else {
        return 0;
    };
    let memory = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), true, memory);
    system.process(own).map_or(0, |own| own.memory() / 1024)
}
