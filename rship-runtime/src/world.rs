//! The world that executors are in: threads and clocks of their own, or those of a test.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::connection_thread::ConnectionThread;
use crate::mistake::Mistake;

/// A test's own world: as long as it is there, executors that are run on this thread are wholly in it. Their
/// connections and handlers are tasks of the test's runtime, which must be of the flavor `current_thread`, no
/// thread is started, all time is that of the runtime's clock, which may be paused, and all chance comes from
/// a seed. So the same test does the same things in the same order each time.
///
/// Handlers that block their thread block everything in it.
///
/// ```
/// use rship_runtime::Executor;
/// use rship_runtime::testing::World;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), rship_runtime::Error> {
/// let _world = World::new(1);
/// let executor = Executor::builder("lights").url("ws://127.0.0.1:1/myko").build()?;
/// executor.run_until(tokio::time::sleep(std::time::Duration::from_millis(1))).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "it ends when this is dropped"]
pub struct World {
    /// It is of one thread.
    _thread: PhantomData<*const ()>,
}

struct Current {
    thread: Arc<ConnectionThread>,
    random: u64,
    mistake: Option<Mistake>,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

impl World {
    /// The world of the calling thread, with this seed for all chance. Has to be called inside a tokio runtime.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn new(seed: u64) -> Self {
        let current = Current {
            thread: Arc::new(ConnectionThread::of(Handle::current())),
            random: seed,
            mistake: None,
        };
        let before = CURRENT.replace(Some(current));
        drop(before);
        Self {
            _thread: PhantomData,
        }
    }

    /// Has executors make a mistake, so that a test can show that it would notice; they do in debug builds only.
    #[doc(hidden)]
    pub fn make(self, mistake: Mistake) -> Self {
        CURRENT.with_borrow_mut(|current| {
            if let Some(current) = current {
                current.mistake = Some(mistake);
            }
        });
        self
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let before = CURRENT.take();
        drop(before);
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

fn current<R>(of: impl FnOnce(&mut Current) -> R) -> Option<R> {
    CURRENT
        .try_with(|current| current.borrow_mut().as_mut().map(of))
        .ok()
        .flatten()
}

/// What a test's world has in place of the connection thread.
pub(crate) fn thread() -> Option<Arc<ConnectionThread>> {
    current(|current| Arc::clone(&current.thread))
}

/// Whether the calling thread is in a test's world.
pub(crate) fn is_tests() -> bool {
    current(|_| ()).is_some()
}

/// The time of now.
pub(crate) fn now() -> Instant {
    tests_time().unwrap_or_else(Instant::now)
}

/// The time of now by a test's clock.
fn tests_time() -> Option<Instant> {
    is_tests().then(|| tokio::time::Instant::now().into_std())
}

/// How long ago it was.
pub(crate) fn elapsed(since: Instant) -> Duration {
    now().saturating_duration_since(since)
}

/// A test's next random number.
pub(crate) fn random() -> Option<u64> {
    current(|current| {
        // SplitMix64, after Steele, Lea and Flood 2014.
        current.random = current.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = current.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

/// Whether this mistake is to be made here.
pub(crate) fn makes(mistake: Mistake) -> bool {
    cfg!(debug_assertions) && current(|current| current.mistake == Some(mistake)) == Some(true)
}
