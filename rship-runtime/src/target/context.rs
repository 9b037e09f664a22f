//! What all trees of an executor share. Trees hold it, and it holds no tree.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::runtime::Handle;

use super::keeper::Keeper;
use super::registry::Registry;
use super::sampling::Sampling;
use super::tasks::Tasks;
use super::watch::Attention;
use crate::journal::Journal;
use crate::metrics::Counters;
use crate::outbox::Outbox;
use crate::settings::{Ids, Settings};

pub(crate) struct Context {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) registry: Weak<Registry>,
    pub(crate) tasks: Tasks,
    pub(crate) attention: Attention,
    pub(crate) sampling: Sampling,
    /// Who keeps states over a restart, if anybody does.
    pub(crate) keeper: Option<Arc<dyn Keeper>>,
    service: String,
    ids: Ids,
    pub(super) action_timeout: Duration,
    pub(super) mailbox_bytes: usize,
    /// Bytes of the commands that wait for all trees.
    pub(super) waiting: AtomicUsize,
    /// The runtime that handlers find themselves in.
    runtime: OnceLock<Handle>,
    /// Whether the executor ends: nothing more is begun.
    ending: AtomicBool,
    /// The runtime that takes the handler pool's place in a test.
    stage: OnceLock<Handle>,
}

impl Context {
    pub(crate) fn new(
        settings: &Settings,
        outbox: &Arc<Outbox>,
        (counters, journal): (&Arc<Counters>, &Arc<Journal>),
        registry: &Arc<Registry>,
        keeper: Option<Arc<dyn Keeper>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            outbox: Arc::clone(outbox),
            counters: Arc::clone(counters),
            journal: Arc::clone(journal),
            registry: Arc::downgrade(registry),
            tasks: Tasks::default(),
            attention: Attention::default(),
            sampling: Sampling::default(),
            keeper,
            service: settings.service.clone(),
            ids: settings.ids,
            action_timeout: settings.timing.action,
            mailbox_bytes: settings.limits.mailbox_bytes,
            waiting: AtomicUsize::new(0),
            runtime: OnceLock::new(),
            ending: AtomicBool::new(false),
            stage: OnceLock::new(),
        })
    }

    /// From here on handlers run as tasks of this runtime, and by its clock; for a test.
    pub(crate) fn set_stage(&self, runtime: Handle) {
        self.set_runtime(runtime.clone());
        // A test has one.
        let _ = self.stage.set(runtime);
    }

    pub(super) fn stage(&self) -> Option<&Handle> {
        self.stage.get()
    }

    /// From here on handlers run in this runtime: what they spawn and wait for is its.
    pub(crate) fn set_runtime(&self, runtime: Handle) {
        // An executor runs once.
        let _ = self.runtime.set(runtime);
    }

    pub(super) fn runtime(&self) -> Option<&Handle> {
        self.runtime.get()
    }

    /// From here on nothing more is begun.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Release);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// The whole id of what was added under this one.
    pub(super) fn whole_id(&self, id: &str) -> Arc<str> {
        match self.ids {
            Ids::Plain => id.into(),
            Ids::Service => format!("{}:{id}", self.service).into(),
        }
    }
}
