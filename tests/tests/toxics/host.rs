//! A program without a runtime, and what this process holds.

use std::thread;
use std::time::Duration;

use rship_runtime::{Error, Executor, Status};

/// In a program that has no runtime, and does other things meanwhile.
pub(crate) fn on_no_runtime(executor: &Executor) -> Result<(), Error> {
    let running = executor.start()?;
    running.wait();
    assert_eq!(*executor.status().borrow(), Status::Stopped);
    Ok(())
}

/// How many descriptors this process has, and how many threads of executors; 0 where the system does not say.
pub(crate) fn held() -> (usize, usize) {
    let count = |path| std::fs::read_dir(path).map_or(0, Iterator::count);
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let names = tasks.flatten().filter_map(|task| {
        // It may have ended meanwhile.
        std::fs::read_to_string(task.path().join("comm")).ok()
    });
    let ours = names.filter(|name| name.starts_with("rship-")).count();
    (count("/proc/self/fd"), ours)
}

/// Waits until no thread of an executor is left, and no descriptor more than there were.
pub(crate) fn nothing_is_left(before: (usize, usize), limit: Duration) {
    let begin = std::time::Instant::now();
    loop {
        let now = held();
        if now.0 <= before.0 && now.1 <= before.1 {
            return;
        }
        assert!(
            begin.elapsed() < limit,
            "descriptors and threads before: {before:?}, after: {now:?}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}
