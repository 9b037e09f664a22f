//! Answers: each command gets exactly one, whatever becomes of those who carry it out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rship_core::wire;
use serde_json::Value;
use tracing::{debug, warn};

use crate::hub::Hub;

/// What a command, or a part of one, came to.
pub(crate) type Outcome = Result<Value, String>;

/// The answer of a command, to be given once.
pub(crate) struct Answer {
    hub: Arc<Hub>,
    number: u64,
}

impl Answer {
    pub(crate) fn new(hub: &Arc<Hub>, tx: Option<String>, command: String) -> Self {
        Self {
            number: hub.unanswered.add(Unanswered { tx, command }),
            hub: Arc::clone(hub),
        }
    }

    /// The transaction to answer.
    pub(crate) fn tx(&self) -> Option<String> {
        self.hub.unanswered.tx(self.number)
    }

    pub(crate) fn give(self, outcome: Outcome) {
        let Self { hub, number } = self;
        let answered = hub.unanswered.settle(number, |unanswered| {
            let Unanswered { tx, command } = unanswered;
            match (tx, &outcome) {
                (Some(tx), Ok(response)) => hub.outbox.answer(&wire::response(tx, response)),
                (Some(tx), Err(why)) => hub.outbox.answer(&wire::error(tx, command, why)),
                (None, _) => {}
            }
        });
        let Some(Unanswered { tx, command }) = answered else {
            return;
        };
        hub.counters.commands_answered.add(1);
        if tx.is_none() {
            debug!(command, "the command has no tx: nobody can be answered");
        }
        if let Err(why) = outcome {
            hub.counters.commands_failed.add(1);
            warn!(command, tx, "command failed: {why}");
        }
    }
}

/// A command that has no answer yet.
struct Unanswered {
    tx: Option<String>,
    command: String,
}

/// The commands that have no answer yet, so that an executor that ends can say so.
#[derive(Default)]
pub(crate) struct AllUnanswered {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    commands: HashMap<u64, Unanswered>,
}

impl AllUnanswered {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, command: Unanswered) -> u64 {
        let mut state = self.state();
        state.last += 1;
        let number = state.last;
        state.commands.insert(number, command);
        number
    }

    fn tx(&self, number: u64) -> Option<String> {
        self.state().commands.get(&number)?.tx.clone()
    }

    /// Has a command answered now; `None` when it was before. The answer waits for the wire before
    /// anybody finds that none is missing.
    fn settle(&self, number: u64, answer: impl FnOnce(&Unanswered)) -> Option<Unanswered> {
        let mut state = self.state();
        let unanswered = state.commands.remove(&number)?;
        answer(&unanswered);
        Some(unanswered)
    }

    /// The frames that answer all with an error.
    pub(crate) fn refuse_all(&self, why: &str) -> Vec<String> {
        let commands = std::mem::take(&mut self.state().commands);
        let refused = commands.into_values();
        refused
            .filter_map(|refused| Some(wire::error(&refused.tx?, &refused.command, why)))
            .collect()
    }
}

/// What an outcome goes into. A part that is dropped has failed, so that an answer is given whatever
/// becomes of a handler.
pub(crate) struct Part(Option<Place>);

enum Place {
    /// It is the answer.
    Answer(Answer),
    /// It is one of several outcomes that make up an answer.
    Share { whole: Arc<Whole>, index: usize },
    /// A member of a batch that wanted an answer of its own besides.
    Both(Answer, Box<Part>),
}

type Finish = Box<dyn FnOnce(Vec<Outcome>) + Send>;

struct Whole(Mutex<Shares>);

struct Shares {
    outcomes: Vec<Option<Outcome>>,
    missing: usize,
    finish: Option<Finish>,
}

impl Part {
    /// The only part of an answer.
    pub(crate) fn only(answer: Answer) -> Self {
        Self(Some(Place::Answer(answer)))
    }

    /// The parts of an answer that `finish` gives when all their outcomes are there.
    pub(crate) fn several(
        count: usize,
        finish: impl FnOnce(Vec<Outcome>) + Send + 'static,
    ) -> Vec<Self> {
        if count == 0 {
            finish(Vec::new());
            return Vec::new();
        }
        let whole = Arc::new(Whole(Mutex::new(Shares {
            outcomes: (0..count).map(|_| None).collect(),
            missing: count,
            finish: Some(Box::new(finish)),
        })));
        (0..count)
            .map(|index| {
                let whole = Arc::clone(&whole);
                Self(Some(Place::Share { whole, index }))
            })
            .collect()
    }

    /// The same part, whose outcome also answers this tx.
    pub(crate) fn with_own_answer(self, hub: &Arc<Hub>, tx: Option<String>) -> Self {
        if tx.is_none() {
            return self;
        }
        let answer = Answer::new(hub, tx, "ExecTargetAction".to_owned());
        Self(Some(Place::Both(answer, Box::new(self))))
    }

    /// Says what this part came to.
    pub(crate) fn done(mut self, outcome: Outcome) {
        self.give(outcome);
    }

    fn give(&mut self, outcome: Outcome) {
        match self.0.take() {
            None => {}
            Some(Place::Answer(answer)) => answer.give(outcome),
            Some(Place::Share { whole, index }) => whole.give(index, outcome),
            Some(Place::Both(answer, part)) => {
                answer.give(outcome.clone());
                part.done(outcome);
            }
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.0.is_some() {
            self.give(Err("the action ended without an answer".to_owned()));
        }
    }
}

impl Whole {
    fn give(&self, index: usize, outcome: Outcome) {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shares.outcomes[index] = Some(outcome);
        shares.missing -= 1;
        if shares.missing > 0 {
            return;
        }
        let outcomes = shares.outcomes.iter_mut().map_while(Option::take).collect();
        let finish = shares.finish.take();
        drop(shares);
        if let Some(finish) = finish {
            finish(outcomes);
        }
    }
}
