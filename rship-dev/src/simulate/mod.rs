//! A stand-in for a device that is not there yet: what its manifest announces, as an executor.
//!
//! It has the device's instances, targets, actions and emitters, checks what comes by the manifest's schemas, and
//! answers. An action that sets an emitter publishes the value; other values wander within their bounds, the same way
//! for the same seed. What goes wrong is said with [`Fault`]s.
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use rship_dev::LocalCore;
//! use rship_dev::simulate::StandIn;
//!
//! let core = LocalCore::builder().start().await?;
//! let stand_in = StandIn::read(&std::fs::read_to_string("device.manifest.json")?)?.seed(7);
//! let executor = stand_in.builder().url(core.url()).build()?;
//! let playing = stand_in.join(&executor)?;
//! playing.add("refuse=lamp:fade=the lamp is too hot".parse()?)?;
//! let running = executor.start()?;
//! playing.step().await; // moves each value once
//! # Ok(())
//! # }
//! ```

mod cable;
mod chance;
mod describe;
mod faults;
mod figure;
mod members;
mod numbers;
mod patterns;
mod payload;
mod plan;
mod playing;
mod read;
mod refs;
mod texts;
mod values;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use rship_runtime::Executor;
use serde_json::Value;
use tokio::sync::mpsc;

use self::cable::Cable;
use self::faults::Faults;
use self::figure::{Figure, House};
use self::read::{Cast, MOST_TARGETS};
use crate::manifest::in_text;

pub use self::faults::{Fault, FaultError};
pub use self::figure::Called;
pub use self::playing::Playing;

/// How many actions are kept for whoever hears of them.
const CALLS: usize = 1000;

/// Why there is no stand-in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StandInError {
    /// The manifest cannot be used.
    #[error("{0}")]
    Manifest(String),
    /// There would be too many targets.
    #[error(
        "with {members} members in each array there would be {count} targets, and a stand-in has at most \
         {MOST_TARGETS}: ask for fewer members"
    )]
    TooMany {
        /// The members of each array.
        members: usize,
        /// The targets that this makes.
        count: usize,
    },
    /// The executor takes no such targets.
    #[error(transparent)]
    Executor(#[from] rship_runtime::Error),
}

/// A fault that is about nothing in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{fault}`: there is no {kind} `{id}`{near}")]
pub struct NothingFails {
    fault: String,
    kind: &'static str,
    id: String,
    near: String,
}

/// A device that is played by its manifest.
#[must_use]
pub struct StandIn {
    cast: Cast,
    cable: Cable,
    seed: u64,
    members: usize,
    long: Duration,
}

impl std::fmt::Debug for StandIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StandIn")
            .field("service", &self.cast.service)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl StandIn {
    /// Reads the manifest in a text: all of it, or the first document in it that is one.
    ///
    /// # Errors
    /// When there is none that can be used: where, and what to do.
    pub fn read(text: &str) -> Result<Self, StandInError> {
        Self::of(&in_text(text).map_err(StandInError::Manifest)?)
    }

    /// The same of a manifest that was read.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of(manifest: &Value) -> Result<Self, StandInError> {
        Ok(Self {
            cast: read::cast(manifest).map_err(StandInError::Manifest)?,
            cable: Cable::new(),
            seed: 0,
            members: 2,
            long: Duration::from_secs(3),
        })
    }

    /// What all values follow from: the same seed, the same values in the same order. 0 unless set.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many members each array and map has of which the manifest shows only what its members will be; 2 unless set.
    pub const fn members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// How long an action takes that says how far it is, or can be cancelled; 3 s unless set.
    pub const fn long(mut self, long: Duration) -> Self {
        self.long = long;
        self
    }

    /// The executor of the device: its service, its first instance, and a connection that can be cut. What else it
    /// needs comes from the environment, or is set.
    pub fn builder(&self) -> rship_runtime::Builder {
        let mut builder = Executor::builder(&self.cast.service).connect(self.cable.clone());
        let Some(first) = self.cast.instances.first() else {
            return builder;
        };
        let text = |field: &str| first.item.get(field).and_then(Value::as_str);
        builder = builder.instance_id(&first.id);
        if let Some(name) = text("name") {
            builder = builder.name(name);
        }
        if let Some(code) = text("serviceTypeCode") {
            builder = builder.service_type(code);
        }
        if let Some(color) = text("color") {
            builder = builder.color(color);
        }
        if let Some(machine) = text("machineId") {
            builder = builder.machine_id(machine);
        }
        if let Some(cluster) = text("clusterId") {
            builder = builder.cluster_id(cluster);
        }
        if let Some(message) = text("message") {
            builder = builder.message(message);
        }
        builder
    }

    /// Adds all instances and targets to an executor that was made with [`builder`](Self::builder).
    ///
    /// # Errors
    /// When there would be too many targets, or the executor does not take one.
    pub fn join(&self, executor: &Executor) -> Result<Playing, StandInError> {
        let plans = self.cast.instances.iter().flat_map(|one| &one.targets);
        let counts = plans.map(|(_, plan)| plan.count(self.members));
        let count = counts.fold(0, usize::saturating_add);
        if count > MOST_TARGETS {
            return Err(StandInError::TooMany {
                members: self.members,
                count,
            });
        }
        let (calls, called) = mpsc::channel(CALLS);
        let house = Arc::new(House {
            faults: Faults::new(),
            calls,
            seed: self.seed,
            members: self.members,
            long: self.long,
        });
        let mut playing = Playing::new(&house, called, self.cable.clone());
        for (index, instance) in self.cast.instances.iter().enumerate() {
            let handle = match index {
                0 => executor.first_instance(),
                _ => executor.instance(&instance.id)?,
            };
            let own: Arc<str> = instance.id.as_str().into();
            for (id, plan) in &instance.targets {
                let figure = Figure::new(plan, &house, &own, id.clone());
                playing.enter(&handle, id, figure, plan)?;
            }
        }
        Ok(playing)
    }
}

#[cfg(test)]
mod schema_tests;
