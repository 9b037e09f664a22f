//! Memory of a whole process, measured: tests of it run one at a time, each in a process of its own.

use std::fs;
use std::process::Command;
use std::time::Duration;

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<usize>().unwrap() << 10
}

/// Memory at the start, against which all is measured.
#[derive(Debug)]
pub struct Memory(usize);

impl Memory {
    /// As it is now.
    #[must_use]
    pub fn start() -> Self {
        Self(resident())
    }

    /// It grew by no more than that.
    ///
    /// # Panics
    /// When it did.
    #[track_caller]
    pub fn grew_at_most(&self, limit: usize, what: &str) {
        let grew = resident().saturating_sub(self.0);
        let (grew, limit) = (grew >> 20, limit >> 20);
        assert!(
            grew <= limit,
            "{what}: {grew} MiB more, {limit} are allowed"
        );
    }

    /// The same, for what is freed in its own time.
    ///
    /// # Panics
    /// When that does not come about.
    pub async fn is_back_at(&self, limit: usize, what: &str) {
        let waited = tokio::time::timeout(Duration::from_secs(10), async {
            while resident().saturating_sub(self.0) > limit {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let _ = waited.await;
        self.grew_at_most(limit, what);
    }
}

/// Runs an ignored test of this file in a process of its own.
///
/// # Panics
/// When it fails.
#[track_caller]
pub fn alone(test: &str) {
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE.lock();
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .args(["--ignored", "--exact", "--nocapture", test])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let panics = said.find("panicked at").map_or("", |at| &said[at..]);
    assert!(
        output.status.success(),
        "{}",
        panics.lines().take(3).collect::<Vec<_>>().join("\n")
    );
    let all = String::from_utf8_lossy(&output.stdout);
    assert!(all.contains("1 passed"), "{test} was not run");
}

/// Tests that are each run in a process of its own: `what_is_shown => function`.
#[macro_export]
macro_rules! alone {
    ($($(#[$meta:meta])* $name:ident => $body:ident,)*) => {
        $(
            $(#[$meta])*
            #[test]
            fn $name() {
                $crate::alone(concat!("measured::", stringify!($body)));
            }
        )*
        mod measured {
            $(
                #[tokio::test]
                #[ignore = "is run by another test, in a process of its own"]
                async fn $body() {
                    super::$body().await;
                }
            )*
        }
    };
}
