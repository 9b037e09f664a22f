//! Announcing: puts what the registry holds into frames for one server.

use std::ops::Bound;
use std::sync::Arc;

use bytes::BytesMut;
use rship_core::entity::{self, InstanceStatus, Item, Status, TargetStatus};
use rship_core::wire::{self, Change, Frames, Generation, Pulse, PulseSource, Stamp, Writer};

use super::Parts;
use crate::journal::Topic;
use crate::outbox::{self, Departed, Departure, Detail, ItemKey, TargetNumber, Update};
use crate::stamp::{self, Stamper};
use crate::target::{Reference, Targets};

pub(super) struct Announcer<'a> {
    pub(super) parts: &'a Parts,
    pub(super) targets: &'a mut Targets,
    pub(super) writer: &'a Writer,
    pub(super) stamper: &'a mut Stamper,
    pub(super) frames: &'a mut Frames,
}

impl Announcer<'_> {
    pub(super) fn instances(&mut self) {
        for index in 0..self.targets.instances.len() {
            self.register_command(index);
        }
        for index in 0..self.targets.instances.len() {
            self.instance(index);
        }
    }

    /// A target with all that belongs to it.
    pub(super) fn target(&mut self, target: &Arc<Reference>) {
        self.description(target);
        self.set(&self.targets.status(target));
        for action in self.targets.actions(target) {
            self.action(&action);
        }
        for emitter in self.targets.emitters(target) {
            self.event(&emitter.id, |writer, stamp, out| {
                writer.emitter(Change::Set, &emitter, stamp, out);
            });
        }
        self.details(target, false);
    }

    /// The first item of the device's own after this one; `None` when there is none.
    pub(super) fn item_after(&mut self, last: Option<&ItemKey>) -> Option<ItemKey> {
        let mut items = self.parts.items.published();
        let after = last.map_or(Bound::Unbounded, Bound::Excluded);
        let (key, item) = items.range_mut((after, Bound::Unbounded)).next()?;
        item.announced = true;
        self.written(Change::Set, key, &item.json);
        Some(key.clone())
    }

    /// What has changed of what the server was told of already.
    pub(super) fn update(&mut self, update: &Update) {
        match update {
            Update::Departed(departed) => self.departed(departed),
            Update::Deleted(key, json) => self.written(Change::Delete, key, json),
            Update::Changed(outbox::Change::Instance(index)) => {
                self.register_command(*index);
                self.instance(*index);
            }
            Update::Changed(change) => self.changed(*change),
            Update::Item(key) => {
                if let Some(item) = self.parts.items.published().get_mut(key) {
                    item.announced = true;
                    self.written(Change::Set, key, &item.json);
                }
            }
            Update::Frame(frame) => self.frames.frame(frame.as_bytes()),
        }
    }

    fn changed(&mut self, change: outbox::Change) {
        let (outbox::Change::Description(number)
        | outbox::Change::Status(number)
        | outbox::Change::Details(number)
        | outbox::Change::Actions(number)) = change
        else {
            return;
        };
        // One that was not announced yet is announced as it is then.
        let target = self.targets.get(number).cloned();
        let Some(target) = target.filter(|target| self.targets.is_announced(target)) else {
            return;
        };
        match change {
            outbox::Change::Description(_) => self.description(&target),
            outbox::Change::Status(_) => self.set(&self.targets.status(&target)),
            outbox::Change::Details(_) => self.details(&target, false),
            outbox::Change::Actions(_) => {
                let actions = self.targets.actions(&target);
                for action in target.model.live_actions() {
                    if let Some(action) = actions.get(*action) {
                        self.action(action);
                    }
                }
            }
            outbox::Change::Instance(_) => {}
        }
    }

    fn action(&mut self, action: &entity::Action) {
        self.event(&action.id, |writer, stamp, out| {
            writer.action(Change::Set, action, stamp, out);
        });
    }

    /// Takes everything offline: the last frames of an executor that ends.
    pub(super) fn farewell(&mut self) {
        self.targets
            .set_instance_status(InstanceStatus::Unavailable);
        let mut last = TargetNumber::default();
        while let Some(target) = self.targets.after(last).cloned() {
            last = target.number;
            if target.was_announced() {
                let (instance, id) = (&target.instance_id, &target.id);
                self.set(&TargetStatus::new(instance, id, Status::Offline));
                self.details(&target, true);
            }
        }
        for index in 0..self.targets.instances.len() {
            self.instance(index);
        }
    }

    /// Takes back the pulses that were announced in a form that the server does not use after all: it
    /// would keep each state twice.
    pub(super) fn take_back_pulses(&mut self) {
        let mut last = TargetNumber::default();
        while let Some(target) = self.targets.after(last).cloned() {
            last = target.number;
            if !self.targets.is_announced(&target) {
                continue;
            }
            for source in &target.sources {
                if let Some(value) = source.stored() {
                    self.delete_pulse(&source.emitter, &source.instance, &value);
                }
            }
        }
    }

    /// The command by which a 2026 server makes an instance's machine; others do not know it.
    fn register_command(&mut self, index: usize) {
        if self.writer.generation() == Generation::V2026 {
            let instance = self.writer.with_client(&self.targets.instances[index]);
            let tx = uuid::Uuid::new_v4().to_string();
            let frame = wire::register_instance(&tx, &stamp::now().to_string(), &instance);
            self.frames.frame(frame.as_bytes());
        }
    }

    fn instance(&mut self, index: usize) {
        let instance = self.targets.instances[index].clone();
        self.event(&instance.id, |writer, stamp, out| {
            writer.instance(Change::Set, &instance, stamp, out);
        });
    }

    fn description(&mut self, target: &Reference) {
        self.set(&self.targets.target(target));
    }

    fn details(&mut self, target: &Reference, offline: bool) {
        let details = {
            let changing = target.changing();
            let (instance, id) = (&target.instance_id, &target.id);
            changing.details.entities(instance, id, offline)
        };
        for detail in &details {
            // Where something stands does not change because it is offline.
            if !(offline && matches!(detail, Detail::Layout(_) | Detail::Topology(_))) {
                self.detail(Change::Set, detail);
            }
        }
    }

    fn detail(&mut self, change: Change, detail: &Detail) {
        if self.writer.generation() != Generation::V2026 {
            return;
        }
        match detail {
            Detail::Action(status) => self.item(change, status),
            Detail::Emitter(status) => self.item(change, status),
            Detail::Layout(layout) => self.item(change, layout),
            Detail::Topology(topology) => self.item(change, topology),
        }
    }

    /// Deletes a target: what belongs to it first. Another instance may have the target still; then only
    /// what is this instance's own goes.
    fn departed(&mut self, departed: &Departed) {
        const DELETE: Change = Change::Delete;
        let (instance, id) = &departed.key;
        let status = TargetStatus::new(instance, id, Status::Offline);
        if departed.departure == Departure::Left {
            self.set(&status);
            for detail in &departed.details {
                if matches!(detail, Detail::Action(_) | Detail::Emitter(_)) {
                    self.detail(Change::Set, detail);
                }
            }
            return;
        }
        for (emitter, value) in &departed.pulses {
            self.delete_pulse(emitter, instance, value);
        }
        if departed.departure == Departure::Removed {
            self.item(DELETE, &status);
            for detail in &departed.details {
                self.detail(DELETE, detail);
            }
        }
        if departed.shared {
            return;
        }
        for action in &departed.actions {
            self.event(&action.id, |writer, stamp, out| {
                writer.action(DELETE, action, stamp, out);
            });
        }
        for emitter in &departed.emitters {
            self.event(&emitter.id, |writer, stamp, out| {
                writer.emitter(DELETE, emitter, stamp, out);
            });
        }
        if departed.departure == Departure::Removed {
            self.item(DELETE, &departed.target);
        }
    }

    fn delete_pulse(&mut self, emitter_id: &str, instance_id: &str, data: &[u8]) {
        let source = PulseSource::new(emitter_id, instance_id);
        let pulse = Pulse {
            source: &source,
            data,
            nonce: None,
        };
        self.event(emitter_id, |writer, stamp, out| {
            writer.pulse(Change::Delete, &pulse, stamp, out);
        });
    }

    fn set(&mut self, item: &impl Item) {
        self.item(Change::Set, item);
    }

    fn item(&mut self, change: Change, item: &impl Item) {
        self.event(item.id(), |writer, stamp, out| {
            writer.event(change, item, stamp, out);
        });
    }

    pub(super) fn written(
        &mut self,
        change: Change,
        (item_type, id): &(&str, String),
        json: &[u8],
    ) {
        self.event(id, |writer, stamp, out| {
            writer.written(change, item_type, json, stamp, out);
        });
    }

    /// Writes an event, unless it is larger than a server takes: that would end the connection, and the
    /// next one, and every other.
    fn event(&mut self, id: &str, write: impl FnOnce(&Writer, Stamp<'_>, &mut BytesMut)) {
        let limit = self.parts.settings.limits.message;
        let (writer, stamp) = (self.writer, self.stamper.next());
        let mut refused = None;
        self.frames.event(|out| {
            let start = out.len();
            write(writer, stamp, out);
            let length = out.len() - start;
            if length > limit {
                out.truncate(start);
                refused = Some(length);
            }
        });
        if let Some(length) = refused {
            self.parts.counters.values_refused.add(1);
            self.parts.journal.warn(Topic::ValueRefused, || {
                format!(
                    "`{id}` is not announced: it has {length} bytes, and the message limit is {limit}"
                )
            });
        }
    }
}
