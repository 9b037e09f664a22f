//! The teller: puts what the registry holds into frames for one server.

use std::ops::Bound;

use rship_core::entity::{InstanceStatus, Status, TargetStatus};
use rship_core::wire::{self, Change, Frames, Generation, Pulse, PulseSource, Writer};

use crate::details::Telling;
use crate::hub::Hub;
use crate::items::ItemKey;
use crate::outbox::News;
use crate::registry::{NodeId, Registry, Removed};
use crate::stamp::{self, Stamper};

pub(super) struct Teller<'t> {
    pub(super) hub: &'t Hub,
    pub(super) registry: &'t mut Registry,
    pub(super) writer: &'t Writer,
    pub(super) stamper: &'t mut Stamper,
    pub(super) frames: &'t mut Frames,
}

impl Teller<'_> {
    pub(super) fn instances(&mut self) {
        for index in 0..self.registry.instances.len() {
            self.register_command(index);
        }
        for index in 0..self.registry.instances.len() {
            self.instance(index);
        }
    }

    /// A target with all that belongs to it.
    pub(super) fn target(&mut self, id: NodeId) {
        self.description(id);
        self.status(id);
        let Some(node) = self.registry.node(id) else {
            return;
        };
        for action in self.registry.actions(node) {
            self.frames.event(|out| {
                let stamp = self.stamper.next();
                self.writer.action(Change::Set, &action, stamp, out);
            });
        }
        for emitter in self.registry.emitters(node) {
            self.frames.event(|out| {
                let stamp = self.stamper.next();
                self.writer.emitter(Change::Set, &emitter, stamp, out);
            });
        }
        self.details(id, Telling::AsTheyAre);
    }

    /// The first item of the device's own after this one; `None` when there is none.
    pub(super) fn item_after(&mut self, last: Option<&ItemKey>) -> Option<ItemKey> {
        let items = self.hub.items.published();
        let after = last.map_or(Bound::Unbounded, Bound::Excluded);
        let (key, json) = items.range((after, Bound::Unbounded)).next()?;
        let key = key.clone();
        self.written(Change::Set, &key, json);
        Some(key)
    }

    pub(super) fn queries(&mut self) {
        for frame in self.hub.requests.ask_all(&stamp::now().to_string()) {
            self.frames.frame(frame.as_bytes());
        }
    }

    /// News of what the server was told of already.
    pub(super) fn news(&mut self, news: &News) {
        match news {
            News::Changed(id) if self.registry.is_told(*id) => self.description(*id),
            News::Status(id) if self.registry.is_told(*id) => self.status(*id),
            News::Details(id) if self.registry.is_told(*id) => {
                self.details(*id, Telling::AsTheyAre);
            }
            // Its registration is to come, and tells how it is then.
            News::Changed(_) | News::Status(_) | News::Details(_) => {}
            News::Instance(index) => {
                self.register_command(*index);
                self.instance(*index);
            }
            News::Left(gone) => {
                self.gone_status(gone, Change::Set);
                self.gone_details(gone, Telling::Offline);
            }
            News::Removed(gone) => self.removed(gone),
            News::Item(key) => {
                let items = self.hub.items.published();
                if let Some(json) = items.get(key) {
                    self.written(Change::Set, key, json);
                }
            }
            News::ItemDeleted(key, json) => self.written(Change::Delete, key, json),
            News::Query(tx) => {
                if let Some(frame) = self.hub.requests.ask(tx, &stamp::now().to_string()) {
                    self.frames.frame(frame.as_bytes());
                }
            }
            News::Frame(frame) => self.frames.frame(frame.as_bytes()),
        }
    }

    /// Takes everything offline: the last frames of an executor that ends.
    pub(super) fn farewell(&mut self) {
        self.registry
            .set_instance_status(InstanceStatus::Unavailable);
        let mut last = NodeId::default();
        while let Some(id) = self.registry.after(last) {
            last = id;
            let Some(node) = self.registry.node(id).filter(|node| node.was_told()) else {
                continue;
            };
            let status = TargetStatus {
                status: Status::Offline,
                ..self.registry.status(node)
            };
            self.set(&status);
            self.details(id, Telling::Offline);
        }
        for index in 0..self.registry.instances.len() {
            self.instance(index);
        }
    }

    /// The command by which a 2026 server makes an instance's machine; others do not know it.
    fn register_command(&mut self, index: usize) {
        if self.writer.generation() == Generation::V2026 {
            let instance = self.writer.with_client(&self.registry.instances[index]);
            let tx = uuid::Uuid::new_v4().to_string();
            let frame = wire::register_instance(&tx, &stamp::now().to_string(), &instance);
            self.frames.frame(frame.as_bytes());
        }
    }

    fn instance(&mut self, index: usize) {
        let instance = &self.registry.instances[index];
        self.frames.event(|out| {
            let stamp = self.stamper.next();
            self.writer.instance(Change::Set, instance, stamp, out);
        });
    }

    fn description(&mut self, id: NodeId) {
        if let Some(node) = self.registry.node(id) {
            let target = self.registry.target(node);
            self.set(&target);
        }
    }

    fn status(&mut self, id: NodeId) {
        if let Some(node) = self.registry.node(id) {
            let status = self.registry.status(node);
            self.set(&status);
        }
    }

    fn details(&mut self, id: NodeId, telling: Telling) {
        if let Some(node) = self.registry.node(id) {
            let instance = self.registry.instance_id(node.instance);
            let address = (&**instance, &*node.target);
            node.details
                .tell(address, telling, self.writer, self.stamper, self.frames);
        }
    }

    fn set(&mut self, item: &impl rship_core::entity::Item) {
        self.frames.event(|out| {
            self.writer
                .event(Change::Set, item, self.stamper.next(), out);
        });
    }

    fn written(&mut self, change: Change, key: &ItemKey, json: &[u8]) {
        self.frames.event(|out| {
            self.writer
                .written(change, key.0, json, self.stamper.next(), out);
        });
    }

    fn gone_status(&mut self, gone: &Removed, change: Change) {
        let status = TargetStatus::new(&gone.instance, &gone.target.id, Status::Offline);
        self.frames
            .event(|out| self.writer.event(change, &status, self.stamper.next(), out));
    }

    fn gone_details(&mut self, gone: &Removed, telling: Telling) {
        let address = (&*gone.instance, &*gone.target.id);
        gone.details
            .tell(address, telling, self.writer, self.stamper, self.frames);
    }

    /// Deletes a target: what belongs to it first. Another instance may have the target still; then only
    /// what is this instance's own goes.
    fn removed(&mut self, gone: &Removed) {
        const DELETE: Change = Change::Delete;
        for (emitter, value) in &gone.pulses {
            let source = PulseSource::new(emitter, &gone.instance);
            let pulse = Pulse {
                source: &source,
                data: value.json(),
                nonce: None,
            };
            self.frames
                .pulse(self.writer, DELETE, &pulse, self.stamper.next());
        }
        self.gone_status(gone, DELETE);
        self.gone_details(gone, Telling::Deleted);
        if gone.shared {
            return;
        }
        for action in &gone.actions {
            self.frames.event(|out| {
                self.writer.action(DELETE, action, self.stamper.next(), out);
            });
        }
        for emitter in &gone.emitters {
            self.frames.event(|out| {
                self.writer
                    .emitter(DELETE, emitter, self.stamper.next(), out);
            });
        }
        self.frames.event(|out| {
            self.writer
                .event(DELETE, &gone.target, self.stamper.next(), out);
        });
    }
}
