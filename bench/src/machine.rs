//! The machine that the figures are of.

use std::process::Command;
use std::time::SystemTime;

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use crate::Failure;

/// One line: processor, memory, system, compiler, day.
pub(crate) fn line() -> Result<String, Failure> {
    let wanted = RefreshKind::nothing()
        .with_cpu(CpuRefreshKind::nothing())
        .with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(wanted)?;
    let cores = system.cpus().len();
    let cpu = system.cpus().first().map_or("", |cpu| cpu.brand().trim());
    let memory = system.total_memory() as f64 / f64::from(1 << 30);
    let os = System::long_os_version().unwrap_or_default();
    let kernel = System::kernel_version().unwrap_or_default();
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiler = Command::new(compiler).arg("--version").output()?.stdout;
    let compiler = String::from_utf8_lossy(&compiler);
    // `rustc 1.95.0 (59807616e 2026-04-14)`
    let compiler: Vec<_> = compiler.split_whitespace().take(2).collect();
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let day = now.split('T').next().unwrap_or_default();
    Ok(format!(
        "{cpu}, {cores} cores, {memory:.0} GiB; {os}, kernel {kernel}; {}; {day}",
        compiler.join(" ")
    ))
}
