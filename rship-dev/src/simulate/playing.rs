//! A stand-in at work: its values move, and faults come and go.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rship_core::model::AnyModel;
use rship_runtime::__client::add_modelled;
use rship_runtime::{Error, Handle, InstanceHandle};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::NothingFails;
use super::cable::Cable;
use super::faults::Fault;
use super::figure::{Called, Figure, House};
use super::plan::Plan;
use crate::{near, pattern};

/// Moves that are due within this time are made together.
const TOGETHER: Duration = Duration::from_millis(2);

/// The targets of a stand-in in an executor.
pub struct Playing {
    house: Arc<House>,
    cable: Cable,
    roots: Vec<Handle<Figure>>,
    /// Of each target, with the position of its root.
    targets: Vec<(String, usize)>,
    actions: BTreeSet<String>,
    /// Those that are offline on request, by their positions.
    offline: Mutex<BTreeSet<usize>>,
    calls: tokio::sync::Mutex<mpsc::Receiver<Called>>,
}

impl std::fmt::Debug for Playing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Playing")
            .field("targets", &self.targets.len())
            .finish_non_exhaustive()
    }
}

impl Playing {
    pub(super) fn new(house: &Arc<House>, calls: mpsc::Receiver<Called>, cable: Cable) -> Self {
        Self {
            house: Arc::clone(house),
            cable,
            roots: Vec::new(),
            targets: Vec::new(),
            actions: BTreeSet::new(),
            offline: Mutex::default(),
            calls: tokio::sync::Mutex::new(calls),
        }
    }

    pub(super) fn enter(
        &mut self,
        instance: &InstanceHandle,
        id: &str,
        figure: Figure,
        plan: &Arc<Plan>,
    ) -> Result<(), Error> {
        let mut ids = Vec::new();
        figure.ids(&mut ids);
        self.name_actions(&figure);
        let model = Arc::clone(plan) as Arc<dyn AnyModel>;
        let root = self.roots.len();
        self.roots.push(add_modelled(instance, id, figure, model)?);
        self.targets.extend(ids.into_iter().map(|id| (id, root)));
        Ok(())
    }

    fn name_actions(&mut self, figure: &Figure) {
        let actions = &figure.plan.descriptor.actions;
        let ids = (0..actions.len()).map(|index| figure.action_id(index));
        self.actions.extend(ids);
        for (_, member) in figure.members.iter().flatten() {
            self.name_actions(member);
        }
    }

    /// How many targets there are.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.targets.len()
    }

    /// Has something go wrong from now on.
    ///
    /// # Errors
    /// When it is about nothing that there is.
    pub fn add(&self, fault: Fault) -> Result<(), NothingFails> {
        let actions = || self.actions.iter().map(String::as_str);
        match &fault {
            Fault::Refuse { action, .. }
            | Fault::Silent { action }
            | Fault::Slow { action, .. } => {
                known(&fault, "action", action, actions)?;
            }
            Fault::Offline { target } => {
                let targets = || self.targets.iter().map(|(id, _)| id.as_str());
                known(&fault, "target", target, targets)?;
            }
            Fault::Drop { .. } => {}
        }
        self.house.faults.add(fault);
        self.set_offline();
        Ok(())
    }

    /// Takes a fault back; whether it was there.
    pub fn mend(&self, fault: &Fault) -> bool {
        let was = self.house.faults.mend(fault);
        self.set_offline();
        was
    }

    /// Takes all faults back.
    pub fn mend_all(&self) {
        self.house.faults.mend_all();
        self.set_offline();
    }

    /// Cuts the connection once.
    pub fn cut(&self) {
        self.cable.cut();
    }

    /// Takes targets offline and back as the faults say.
    fn set_offline(&self) {
        let mut offline = self.offline.lock().unwrap_or_else(PoisonError::into_inner);
        let targets = self.targets.iter().enumerate();
        let now: BTreeSet<usize> = targets
            .filter(|(_, (id, _))| self.house.faults.is_offline(id))
            .map(|(index, _)| index)
            .collect();
        if now == *offline {
            return;
        }
        // Whoever is below one that comes back comes with it, and may have to go again.
        for back in offline.difference(&now) {
            self.set_online(*back, true);
        }
        for gone in &now {
            self.set_online(*gone, false);
        }
        *offline = now;
    }

    fn set_online(&self, target: usize, is_online: bool) {
        let Some((id, root)) = self.targets.get(target) else {
            return;
        };
        let Some(root) = self.roots.get(*root) else {
            return;
        };
        if root.id() == id {
            root.set_online(is_online);
        } else if let Ok(target) = root.sub_target_by_id::<Figure>(id) {
            target.set_online(is_online);
        }
    }

    /// The next action that it was told to carry out. Who does not keep up misses some.
    pub async fn called(&self) -> Called {
        match self.calls.lock().await.recv().await {
            Some(called) => called,
            None => std::future::pending().await,
        }
    }

    /// Moves each value that nothing sets, in the order of the manifest.
    pub async fn step(&self) {
        for root in &self.roots {
            root.lock().await.step();
        }
    }

    /// Moves each value so many times a second, not all of them at once, for as long as it is polled.
    pub async fn wander(&self, per_second: f64) -> Infallible {
        // So long that it is never, where nothing moves.
        let period = Duration::try_from_secs_f64(per_second.recip()).unwrap_or(Duration::MAX);
        let count = u32::try_from(self.roots.len()).unwrap_or(u32::MAX);
        if count == 0 || period > Duration::from_secs(u64::from(u32::MAX)) {
            return std::future::pending().await;
        }
        let mut began = Instant::now();
        loop {
            for (place, root) in (1..=count).zip(&self.roots) {
                let due = began + period.mul_f64(f64::from(place) / f64::from(count));
                if due > Instant::now() + TOGETHER {
                    sleep_until(due).await;
                }
                // An action may hold it for long, and another root has its turn then.
                if let Ok(mut figure) = root.try_lock() {
                    figure.step();
                }
            }
            // Who cannot keep up does not make up for it.
            began = (began + period).max(Instant::now() - period);
            tokio::task::yield_now().await;
        }
    }

    /// Cuts the connection as often as the faults say, for as long as it is polled.
    pub async fn cuts(&self) -> Infallible {
        let mut faults = self.house.faults.watch();
        loop {
            faults.mark_unchanged();
            let Some(every) = self.house.faults.cuts() else {
                if faults.changed().await.is_err() {
                    return std::future::pending().await;
                }
                continue;
            };
            let Some(due) = Instant::now().checked_add(every) else {
                return std::future::pending().await;
            };
            // Whether it is still to be cut then is asked when something changed.
            match timeout_at(due, faults.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => sleep(every).await,
                Err(_) => self.cut(),
            }
        }
    }
}

/// Whether a fault is about something.
fn known<'a, I: Iterator<Item = &'a str>>(
    fault: &Fault,
    kind: &'static str,
    wanted: &str,
    all: impl Fn() -> I,
) -> Result<(), NothingFails> {
    if all().any(|id| pattern::matches(wanted, id)) {
        return Ok(());
    }
    Err(NothingFails {
        fault: fault.to_string(),
        kind,
        id: wanted.to_owned(),
        near: near::did_you_mean(&near::names(wanted, all())),
    })
}
