//! The targets of a load device.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rship_runtime::model::{ActionSpec, Arg, EmitterSpec, Model, ModelBuilder};
use rship_runtime::prelude::*;
use serde_json::Value;
use tokio::sync::Notify;

use super::Level;
use crate::Failure;

/// One state emitter.
#[derive(Target)]
pub(super) struct Channel {
    #[emitter]
    pub(super) value: Level,
}

/// Always has something new.
#[derive(Target)]
pub(super) struct Ticker {
    #[emitter]
    pub(super) value: u64,
}

/// One action.
#[derive(Target)]
pub(super) struct Fader {
    pub(super) left: Arc<Left>,
}

#[actions]
impl Fader {
    #[action]
    fn level(&mut self, level: f64, channel: u32, label: String) {
        std::hint::black_box((level, channel, label));
        self.left.count_one();
    }
}

/// One action that changes a state.
#[derive(Target)]
pub(super) struct Dimmer {
    #[emitter]
    pub(super) level: f64,
    pub(super) left: Arc<Left>,
}

#[actions]
impl Dimmer {
    #[action(id = "level")]
    fn dim(&mut self, level: f64, channel: u32, label: String) {
        std::hint::black_box((channel, label));
        self.level = level;
        self.left.count_one();
    }
}

/// Any number of actions and emitters.
#[derive(Clone)]
pub(super) struct Unit {
    pub(super) emitters: Vec<Emitter<Level>>,
    left: Arc<Left>,
}

/// The commands that all targets together still wait for.
pub(super) struct Left {
    commands: AtomicU64,
    done: Notify,
}

impl Left {
    pub(super) fn new(commands: u64) -> Arc<Self> {
        Arc::new(Self {
            commands: AtomicU64::new(commands),
            done: Notify::new(),
        })
    }

    fn count_one(&self) {
        if self.commands.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.done.notify_one();
        }
    }

    /// Waits for the last command.
    pub(super) async fn none(&self) {
        self.done.notified().await;
    }
}

impl Unit {
    pub(super) fn new(emitters: usize, left: &Arc<Left>) -> Self {
        Self {
            emitters: (0..emitters).map(|_| Emitter::default()).collect(),
            left: Arc::clone(left),
        }
    }

    /// What a unit of this size looks like to a server: actions `a0`, `a1`.., impulse emitters `e0`, `e1`..
    pub(super) fn model(actions: usize, emitters: usize) -> Result<Arc<Model<Self>>, Failure> {
        let mut model = ModelBuilder::<Self>::new("Load");
        for index in 0..actions {
            let level = Arg::<f64>::new("level");
            let channel = Arg::<u32>::new("channel");
            let label = Arg::<String>::new("label");
            let spec = ActionSpec::new(format!("a{index}"));
            let spec = spec.arg(&level).arg(&channel).arg(&label);
            let (level, channel, label) = (level.reader(), channel.reader(), label.reader());
            model.action(spec.sync(move |unit: &mut Self, arguments| {
                let level = arguments.read(&level)?;
                let channel = arguments.read(&channel)?;
                let label = arguments.read(&label)?;
                std::hint::black_box((level, channel, label));
                unit.left.count_one();
                Ok(Value::Null)
            }));
        }
        for index in 0..emitters {
            model.impulse(EmitterSpec::new(format!("e{index}")), move |unit: &Self| {
                &unit.emitters[index]
            });
        }
        Ok(model.build()?)
    }
}
