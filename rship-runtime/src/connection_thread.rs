//! The connection thread: one for all executors of a process, with a small runtime of its own. Sockets,
//! pings, time-outs, registration and replay live there; no line of the user's ever runs on it.

use std::cell::Cell;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::Sleep;

use crate::world;

/// Keeps the thread alive; it ends when the last of these is gone.
pub(crate) struct ConnectionThread {
    handle: Handle,
    /// None in a test's world, whose runtime takes the thread's place.
    end: Option<oneshot::Sender<()>>,
}

thread_local! {
    static IS_CURRENT: Cell<bool> = const { Cell::new(false) };
}

/// Whether the caller runs on the connection thread.
pub(crate) fn is_current() -> bool {
    IS_CURRENT.get()
}

static CURRENT: Mutex<Weak<ConnectionThread>> = Mutex::new(Weak::new());

impl ConnectionThread {
    /// The thread, started if there is none.
    pub(crate) fn get() -> io::Result<Arc<Self>> {
        if let Some(tests) = world::thread() {
            return Ok(tests);
        }
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = current.upgrade() {
            return Ok(running);
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel::<()>();
        let thread = Arc::new(Self {
            handle: runtime.handle().clone(),
            end: Some(end),
        });
        std::thread::Builder::new()
            .name("rship-connection".to_owned())
            .spawn(move || {
                IS_CURRENT.set(true);
                // Nothing is ever sent: the sender is dropped.
                let _ = runtime.block_on(ended);
                // A name look-up that hangs must not keep the thread.
                runtime.shutdown_background();
            })?;
        *current = Arc::downgrade(&thread);
        Ok(thread)
    }

    /// A runtime of a test's in the thread's place.
    pub(crate) fn of(handle: Handle) -> Self {
        Self { handle, end: None }
    }

    /// Whether it is that.
    pub(crate) fn is_tests(&self) -> bool {
        self.end.is_none()
    }

    /// Where tasks of ours are spawned.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// A timer that any thread may wait for, whatever runtime it is in.
    pub(crate) fn sleep(&self, time: Duration) -> Sleep {
        let _entered = self.handle.enter();
        tokio::time::sleep(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_share_one_thread_and_its_timers_work_without_a_runtime() {
        let first = ConnectionThread::get().unwrap();
        let second = ConnectionThread::get().unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        let (sender, receiver) = std::sync::mpsc::channel();
        let sleep = first.sleep(Duration::from_millis(1));
        first.handle().spawn(async move {
            sleep.await;
            sender.send(()).unwrap();
        });
        receiver.recv_timeout(Duration::from_secs(10)).unwrap();
    }
}
