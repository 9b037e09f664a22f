//! The runtime that handlers find themselves in: the user's, or one of ours where a program has none.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::runtime::{Builder, Handle, Runtime};

/// Keeps the runtime alive; ours is shared by all executors of a process.
pub(crate) enum HandlerRuntime {
    Users(Handle),
    Ours(Arc<Own>),
}

pub(crate) struct Own(Option<Runtime>);

static CURRENT: Mutex<Weak<Own>> = Mutex::new(Weak::new());

impl HandlerRuntime {
    /// The caller's runtime, or ours, started if there is none.
    pub(crate) fn get() -> io::Result<Self> {
        if let Ok(users) = Handle::try_current() {
            return Ok(Self::Users(users));
        }
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = current.upgrade() {
            return Ok(Self::Ours(running));
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("rship-async")
            .enable_all()
            .build()?;
        let own = Arc::new(Own(Some(runtime)));
        *current = Arc::downgrade(&own);
        Ok(Self::Ours(own))
    }

    pub(crate) fn handle(&self) -> Option<Handle> {
        match self {
            Self::Users(handle) => Some(handle.clone()),
            Self::Ours(own) => own.0.as_ref().map(|runtime| runtime.handle().clone()),
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // What users spawned there and blocks must not keep whoever drops this.
            runtime.shutdown_background();
        }
    }
}
