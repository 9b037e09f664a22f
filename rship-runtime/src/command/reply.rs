//! Replies: each command gets exactly one, whatever becomes of those who carry it out.

use std::sync::{Arc, Mutex, PoisonError};

use rship_core::{json, wire};
use tracing::debug;

use crate::journal::{Journal, Topic, shown, shown_error};
use crate::metrics::Counters;
use crate::outbox::{Epoch, Outbox, SlotId};
use crate::target::{Complete, Of, Outcome};

/// What a part of an answer came to, its response as JSON text.
pub(super) type Written = Result<String, String>;

/// What replies are given with.
pub(crate) struct Desk {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) journal: Arc<Journal>,
}

/// The reply to a command, to be given once.
pub(super) struct Reply {
    desk: Arc<Desk>,
    epoch: Epoch,
    tx: Option<String>,
    command: String,
}

impl Reply {
    pub(super) fn new(desk: &Arc<Desk>, epoch: Epoch, tx: Option<String>, command: String) -> Self {
        Self {
            desk: Arc::clone(desk),
            epoch,
            tx,
            command,
        }
    }

    /// The transaction to answer.
    pub(super) fn tx(&self) -> Option<&str> {
        self.tx.as_deref()
    }

    pub(super) fn give(self, outcome: Written, touched: &[SlotId]) {
        self.give_of(None, outcome, touched);
    }

    /// Gives the outcome of an action.
    fn give_of(self, of: Option<Of<'_>>, outcome: Written, touched: &[SlotId]) {
        match &self.tx {
            Some(tx) => self.answer(tx, of, &outcome, touched),
            None => debug!(
                command = self.command,
                "the command has no tx: nobody can be answered"
            ),
        }
        if let Err(why) = outcome {
            self.desk.counters.commands_failed.add(1);
            self.desk.journal.warn(Topic::CommandFailed, || {
                let (command, told) = (shown(&self.command), shown_error(&why));
                match of {
                    Some(of) if why.starts_with(&of.to_string()) => told.to_string(),
                    Some(of) => format!("action `{}` failed: {told}", of.id()),
                    None => format!("command `{command}` failed: {told}"),
                }
            });
        }
    }

    fn answer(&self, tx: &str, of: Option<Of<'_>>, outcome: &Written, touched: &[SlotId]) {
        let limit = self.desk.outbox.message_limit();
        let frame = match outcome {
            Ok(response) => wire::response(tx, response),
            Err(why) => wire::error(tx, &self.command, why),
        };
        let sent = if frame.len() <= limit {
            self.desk.outbox.reply(self.epoch, &frame, touched)
        } else {
            self.desk.counters.values_refused.add(1);
            let of = of.map_or_else(String::new, |of| format!("{of}: "));
            let why = format!(
                "{of}the answer has {} bytes, and the message limit is {limit}",
                frame.len()
            );
            let frame = wire::error(tx, &self.command, &why);
            self.desk.outbox.reply(self.epoch, &frame, touched)
        };
        if !sent {
            self.desk.counters.answers_discarded.add(1);
            self.desk.journal.warn(Topic::AnswerDiscarded, || {
                let command = shown(&self.command);
                format!("an answer to `{command}` is discarded: the session that asked is gone")
            });
        }
    }
}

/// What an outcome goes into. A part that is dropped has failed, so that an answer is given whatever
/// becomes of a handler.
pub(super) struct Part(Option<Place>);

enum Place {
    /// It is the reply.
    Reply(Reply),
    /// It is one of several outcomes that make up a reply.
    Share { whole: Arc<Whole>, index: usize },
    /// A member of a batch that wanted a reply of its own besides.
    Both(Reply, Box<Part>),
}

type Finish = Box<dyn FnOnce(Vec<Written>, &[SlotId]) + Send>;

struct Whole(Mutex<Shares>);

struct Shares {
    outcomes: Vec<Option<Written>>,
    missing: usize,
    /// Bytes that responses may still come to.
    room: usize,
    touched: Vec<SlotId>,
    finish: Option<Finish>,
}

impl Part {
    /// The only part of a reply.
    pub(super) fn only(reply: Reply) -> Self {
        Self(Some(Place::Reply(reply)))
    }

    /// The parts of a reply of at most so many bytes, which `finish` gives when all their outcomes are
    /// there.
    pub(super) fn several(
        count: usize,
        room: usize,
        finish: impl FnOnce(Vec<Written>, &[SlotId]) + Send + 'static,
    ) -> Vec<Self> {
        if count == 0 {
            finish(Vec::new(), &[]);
            return Vec::new();
        }
        let whole = Arc::new(Whole(Mutex::new(Shares {
            outcomes: (0..count).map(|_| None).collect(),
            missing: count,
            room,
            touched: Vec::new(),
            finish: Some(Box::new(finish)),
        })));
        (0..count)
            .map(|index| {
                let whole = Arc::clone(&whole);
                Self(Some(Place::Share { whole, index }))
            })
            .collect()
    }

    /// The same part, whose outcome also answers this reply.
    pub(super) fn with_own_reply(self, reply: Option<Reply>) -> Self {
        match reply {
            Some(reply) => Self(Some(Place::Both(reply, Box::new(self)))),
            None => self,
        }
    }

    /// Says what this part came to, before anything was changed.
    pub(super) fn refuse(mut self, why: String) {
        self.give(None, Err(why), &[]);
    }

    /// Says what this part came to, as JSON text.
    pub(super) fn written(mut self, outcome: Written, touched: &[SlotId]) {
        match self.0.take() {
            None => {}
            Some(Place::Reply(reply)) => reply.give(outcome, touched),
            Some(Place::Share { whole, index }) => whole.give(index, outcome, touched),
            Some(Place::Both(reply, part)) => {
                reply.give(outcome.clone(), touched);
                part.written(outcome, touched);
            }
        }
    }

    fn give(&mut self, of: Option<Of<'_>>, outcome: Outcome, touched: &[SlotId]) {
        match self.0.take() {
            None => {}
            Some(Place::Reply(reply)) => reply.give_of(of, written(outcome), touched),
            Some(place) => Self(Some(place)).written(written(outcome), touched),
        }
    }
}

fn written(outcome: Outcome) -> Written {
    outcome.map(|response| json::text(&response))
}

impl Complete for Part {
    fn complete(mut self: Box<Self>, of: Of<'_>, outcome: Outcome, touched: &[SlotId]) {
        self.give(Some(of), outcome, touched);
    }

    fn forget(mut self: Box<Self>) {
        if let Some(Place::Both(_, part)) = self.0.take() {
            Box::new(*part).forget();
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.0.is_some() {
            let why = "the action ended without an answer: what ran it was dropped".to_owned();
            self.give(None, Err(why), &[]);
        }
    }
}

impl Whole {
    fn give(&self, index: usize, outcome: Written, touched: &[SlotId]) {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = outcome.and_then(|response| {
            let left = shares.room.checked_sub(response.len());
            let left = left.ok_or("the answer would be larger than the message limit")?;
            shares.room = left;
            Ok(response)
        });
        shares.outcomes[index] = Some(outcome);
        shares.touched.extend_from_slice(touched);
        shares.missing -= 1;
        if shares.missing > 0 {
            return;
        }
        let outcomes = shares.outcomes.iter_mut().map_while(Option::take).collect();
        let touched = std::mem::take(&mut shares.touched);
        let finish = shares.finish.take();
        drop(shares);
        if let Some(finish) = finish {
            finish(outcomes, &touched);
        }
    }
}
