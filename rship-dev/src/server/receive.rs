//! What the server does with each frame that it gets.

use std::time::Duration;

use rship_core::wire::Generation;
use serde_json::{Map, Value};

use super::limits::size;
use super::routing::{Caller, NO_HANDLER};
use super::state::{Outgoing, State};
use crate::codec::Unreadable;
use crate::item::Item;
use crate::query::Watch;
use crate::reading::Problem;
use crate::reading::entities;
use crate::reading::frames::{Event, Inbound, Refused};
use crate::speaking;
use crate::store::{Change, ClientNo, weight_of};
use crate::weight;

impl State {
    /// Takes a frame that is not a document.
    pub(crate) fn unreadable(&mut self, from: ClientNo, unreadable: Unreadable) {
        let problem = match unreadable {
            Unreadable::NoJson(error) => {
                if self.generation == Generation::V2024 {
                    self.send(from, Outgoing::Bare("Error parsing message"));
                }
                Problem::fatal("", format!("it is not JSON ({error})"))
            }
            Unreadable::NoCbor(error) => Problem::fatal("", format!("it is not CBOR ({error})")),
            Unreadable::TooHeavy(weight) => {
                let most = size(self.limits.document);
                let reason = format!(
                    "it would take {} of memory, the core takes {most} at most: send it in parts",
                    size(weight)
                );
                Problem::fatal("", reason)
            }
        };
        self.explain(Some(from), "frame", "", problem);
    }

    /// Takes a frame as it was read.
    pub(crate) fn receive(
        &mut self,
        from: ClientNo,
        read: Result<Inbound, Refused>,
        answer_limit: Duration,
    ) {
        // A frame may still be on its way through the reader when its connection is thrown out.
        if !self.clients.contains_key(&from) {
            return;
        }
        match read {
            Err(refused) => self.refuse(from, refused),
            Ok(Inbound::Event(event)) => self.event_from(from, event),
            Ok(Inbound::Batch(events)) => {
                if self.generation == Generation::V2024 {
                    let reason = "only late 2024 servers take batches, earlier ones take one event per frame";
                    self.explain(
                        Some(from),
                        "ws:m:event-batch",
                        "",
                        Problem::warning("event", reason),
                    );
                }
                for event in events {
                    match event {
                        Ok(event) => self.event_from(from, event),
                        Err(refused) => self.refuse(from, refused),
                    }
                }
            }
            Ok(Inbound::Ping(data)) => {
                if self.generation != Generation::V2024 {
                    self.send(from, Outgoing::Document(speaking::echo(data)));
                }
            }
            Ok(Inbound::Query { tx, query, weight }) => {
                for doubt in query.doubts(self.generation) {
                    self.explain(Some(from), "ws:m:query", &tx, doubt);
                }
                self.watch(from, &tx, Watch::new(query, weight));
            }
            Ok(Inbound::Cancel { tx }) => self.forget(from, &tx),
            Ok(Inbound::Command {
                tx,
                command_id,
                command,
            }) => {
                self.command_from(from, &tx, &command_id, command, answer_limit);
            }
            Ok(Inbound::Answer { tx, answer }) => self.answered(from, &tx, answer),
        }
    }

    fn refuse(&mut self, from: ClientNo, refused: Refused) {
        self.explain(Some(from), &refused.item_type, &refused.id, refused.problem);
    }

    fn event_from(&mut self, from: ClientNo, event: Event) {
        let Event {
            item_type,
            change,
            mut item,
        } = event;
        if self.generation == Generation::V2026 {
            strip_nuls(&mut item);
        }
        // A request in the clothes of an event: it goes on to the executor, and is not kept.
        if item_type == "ResendEmitterValue" {
            self.resend_event(from, item);
            return;
        }
        let Some(id) = self.accept(from, &item_type, change, &item) else {
            return;
        };
        if self.windows.gathers(&item_type) {
            let item = Item::new(&item);
            let weight = weight_of(&id, item.text().len());
            if self.windows.weight() + weight > self.limits.store {
                let most = size(self.limits.store);
                let reason = format!("more than {most} came within one window");
                self.explain(Some(from), &item_type, &id, Problem::fatal("", reason));
                return;
            }
            self.windows.gather(from, item_type, id, change, item);
            return;
        }
        match change {
            Change::Set => self.set(from, &item_type, &id, item),
            Change::Del => self.delete(Some(from), &item_type, &id),
        }
    }

    /// Judges an entity and explains what is wrong with it; its id when it can be stored.
    fn accept(
        &mut self,
        from: ClientNo,
        item_type: &str,
        change: Change,
        item: &Map<String, Value>,
    ) -> Option<String> {
        let weight = weight::of_fields(item);
        if weight > self.limits.entity {
            let (weight, most) = (size(weight), size(self.limits.entity));
            let reason =
                format!("it takes {weight} of memory, the core takes entities of {most} at most");
            let id = entities::id_of(item_type, item).unwrap_or_default();
            self.explain(Some(from), item_type, &id, Problem::fatal("", reason));
            return None;
        }
        let client_id = self.client_id(Some(from));
        let problems = entities::check(self.generation, &client_id, item_type, change, item);
        let fatal = problems.iter().any(Problem::is_fatal);
        let id = entities::id_of(item_type, item);
        for problem in problems {
            self.explain(
                Some(from),
                item_type,
                id.as_deref().unwrap_or_default(),
                problem,
            );
        }
        if fatal { None } else { id }
    }

    fn resend_event(&mut self, from: ClientNo, item: Map<String, Value>) {
        let id = item
            .get("emitterId")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        match self.route("ResendEmitterValue", &item) {
            Ok((legs, _)) => {
                for (no, item) in legs {
                    self.send(
                        no,
                        Outgoing::Document(speaking::event(
                            "ResendEmitterValue",
                            Value::Object(item),
                        )),
                    );
                }
            }
            Err(nobody) => self.explain(
                Some(from),
                "ResendEmitterValue",
                &id,
                Problem::fatal("", nobody),
            ),
        }
    }

    fn command_from(
        &mut self,
        from: ClientNo,
        tx: &str,
        command_id: &str,
        command: Map<String, Value>,
        answer_limit: Duration,
    ) {
        if command_id == "RegisterInstance" && self.generation == Generation::V2026 {
            let answer = self.register(from, command);
            let frame = match answer {
                Ok(id) => speaking::response(self.generation, tx, id.into()),
                Err(message) => speaking::error(self.generation, tx, command_id, &message),
            };
            self.send(from, Outgoing::Document(frame));
            return;
        }
        let routed = if knows(self.generation, command_id) {
            self.may_ask(from)
                .and_then(|()| self.route(command_id, &command))
        } else {
            Err(NO_HANDLER.to_owned())
        };
        self.dispatch(Caller::Client(from), tx, command_id, routed, answer_limit);
    }

    /// `RegisterInstance`: stores the Instance and makes its Machine.
    fn register(
        &mut self,
        from: ClientNo,
        mut command: Map<String, Value>,
    ) -> Result<String, String> {
        let Some(Value::Object(mut instance)) = command.remove("instance") else {
            return Err("`instance` is missing, a 2026 server wants the Instance there".to_owned());
        };
        strip_nuls(&mut instance);
        match self.accept(from, "Instance", Change::Set, &instance) {
            Some(id) => {
                self.make_machine(&instance);
                self.set(from, "Instance", &id, instance);
                Ok(id)
            }
            None => Err(
                "the instance cannot be read: the local core's drops say which field".to_owned(),
            ),
        }
    }
}

/// Whether this generation forwards such a command.
fn knows(generation: Generation, command_id: &str) -> bool {
    match generation {
        Generation::V2023 => command_id == "target:action:exec",
        Generation::V2024 => matches!(command_id, "ExecTargetAction" | "BatchTargetAction"),
        Generation::V2026 => matches!(
            command_id,
            "ExecTargetAction"
                | "BatchTargetAction"
                | "CompactBatchTargetAction"
                | "ResendEmitterValue"
        ),
    }
}

/// 2026 takes NUL characters out of every string.
fn strip_nuls(item: &mut Map<String, Value>) {
    fn strip(value: &mut Value) {
        match value {
            Value::String(text) if text.contains('\0') => {
                text.retain(|character| character != '\0')
            }
            Value::Array(members) => members.iter_mut().for_each(strip),
            Value::Object(fields) => fields.values_mut().for_each(strip),
            _ => {}
        }
    }
    item.values_mut().for_each(strip);
}
