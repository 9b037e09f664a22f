//! The inbox: answers to our own questions, on their way from the reader to the writer.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rship_core::few::Few;
use rship_core::wire::{Query, QueryResponse};
use serde_json::Value;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::stamp;

/// The type and the id of an entity.
pub(super) type Key = (&'static str, String);

/// A question that waits for its answer.
pub(super) struct Question {
    pub(super) tx: String,
    pub(super) item_type: &'static str,
}

/// Answers to our own questions, on their way from the reader to the writer.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<Answers>,
    arrived: Notify,
}

#[derive(Default)]
struct Answers {
    /// By transaction; `None` as long as there is no answer.
    questions: Few<String, Option<Vec<(String, Value)>>>,
    /// The question for our instances, which stays live.
    instances: Option<String>,
    known: BTreeMap<String, Value>,
    /// The first part of its answer: how they were before they were announced.
    before: Option<Vec<Value>>,
    answered: bool,
    changed: bool,
    /// How many instances are asked for.
    asked: usize,
}

impl Inbox {
    fn state(&self) -> MutexGuard<'_, Answers> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a part of an answer; gives it back when the question was not ours.
    pub(super) fn take(&self, found: QueryResponse) -> Option<QueryResponse> {
        let mut state = self.state();
        if state.instances.as_ref() == Some(&found.tx) {
            found.apply(&mut state.known);
            state.changed = true;
            if !std::mem::replace(&mut state.answered, true) {
                state.before = Some(state.known.values().cloned().collect());
            }
        } else {
            match state.questions.get_mut(&found.tx) {
                // Only the first part counts: what follows is news of what we wrote ourselves.
                Some(answer) => {
                    answer.get_or_insert(found.upserts);
                }
                None => return Some(found),
            }
        }
        drop(state);
        self.arrived.notify_one();
        None
    }

    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// The frame that asks for our instances, and keeps asking.
    pub(super) fn ask_for_instances<'i>(
        &self,
        ids: impl ExactSizeIterator<Item = &'i String>,
    ) -> String {
        let asked = ids.len();
        let tx = Uuid::new_v4().to_string();
        let query = Query::by_ids("Instance", ids);
        let frame = query.frame(&tx, &stamp::now().to_string());
        let mut state = self.state();
        state.instances = Some(tx);
        state.known.clear();
        (state.before, state.answered, state.changed) = (None, false, false);
        state.asked = asked;
        frame
    }

    /// The frames that ask for these in place of those that were asked for, once there are more.
    pub(super) fn ask_for_more_instances<'i>(
        &self,
        ids: impl ExactSizeIterator<Item = &'i String>,
    ) -> Option<[String; 2]> {
        let before = {
            let state = self.state();
            let before = state.instances.clone()?;
            (state.asked < ids.len()).then_some(before)?
        };
        let question = self.ask_for_instances(ids);
        // They were announced since.
        self.state().answered = true;
        Some([Query::cancel(&before), question])
    }

    /// Our instances as the server had them before they were announced, once.
    pub(super) fn instances_before(&self) -> Option<Vec<Value>> {
        self.state().before.take()
    }

    /// Our instances as the server has them, if that has changed.
    pub(super) fn instances(&self) -> Option<Vec<Value>> {
        let changed = std::mem::take(&mut self.state().changed);
        changed.then(|| self.newest_instances())
    }

    pub(super) fn newest_instances(&self) -> Vec<Value> {
        self.state().known.values().cloned().collect()
    }

    pub(super) fn ask(&self, query: &Query) -> (String, String) {
        let tx = Uuid::new_v4().to_string();
        let frame = query.frame(&tx, &stamp::now().to_string());
        self.state().questions.insert(tx.clone(), None);
        (tx, frame)
    }

    /// The answers to these questions, by type and id, when all are there.
    pub(super) fn answers(&self, questions: &[Question]) -> Option<Few<Key, Value>> {
        let mut state = self.state();
        let answers = &mut state.questions;
        if questions
            .iter()
            .any(|question| matches!(answers.get(&question.tx), Some(None)))
        {
            return None;
        }
        let mut all = Few::default();
        for question in questions {
            for (id, item) in answers.remove(&question.tx).flatten().unwrap_or_default() {
                all.insert((question.item_type, id), item);
            }
        }
        Some(all)
    }

    pub(super) fn forget(&self, questions: &[Question]) {
        let mut state = self.state();
        for question in questions {
            state.questions.remove(&question.tx);
        }
    }
}
