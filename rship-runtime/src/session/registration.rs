//! Registration: all there is to tell at the beginning of a session, and the news after it.

use rship_core::entity::{InstanceStatus, Status, TargetStatus};
use rship_core::wire::{self, Change, Frames, Generation, Writer};
use tracing::debug;

use crate::details::Telling;
use crate::hub::Hub;
use crate::outbox::{News, SlotId};
use crate::registry::{Node, NodeId, Registry, Removed};
use crate::stamp::{self, Stamper};

/// Everything of the registry, in the order of telling, with the places of the state emitters.
pub(super) struct Registration {
    pub(super) frames: Vec<String>,
    pub(super) slots: Vec<SlotId>,
    /// The newest target that it tells of.
    pub(super) upto: NodeId,
}

/// Tells of every instance and every target, parents before children.
pub(super) fn everything(
    hub: &Hub,
    registry: &mut Registry,
    writer: &Writer,
    stamper: &mut Stamper,
) -> Registration {
    stamper.look_at_clock();
    let mut commands = Vec::new();
    let mut frames = Frames::new(writer.generation());
    for index in 0..registry.instances.len() {
        commands.extend(register_command(registry, index, writer));
        instance(registry, index, writer, stamper, &mut frames);
    }
    let mut slots = Vec::new();
    let mut upto = NodeId::default();
    for (id, node) in registry.nodes() {
        target(registry, node, writer, stamper, &mut frames);
        details(
            registry,
            node,
            Telling::AsTheyAre,
            writer,
            stamper,
            &mut frames,
        );
        slots.extend_from_slice(&node.slots);
        upto = id;
    }
    registry.told_upto(upto);
    debug!(
        instances = registry.instances.len(),
        emitters = slots.len(),
        "telling everything"
    );
    for (key, json) in &*hub.items.published() {
        frames.event(|out| writer.written(Change::Set, key.0, json, stamper.next(), out));
    }
    commands.extend(frames.take());
    commands.extend(hub.requests.ask_all(&stamp::now().to_string()));
    Registration {
        frames: commands,
        slots,
        upto,
    }
}

/// News as frames, with what must be told again if the connection does not live to deliver it.
pub(super) struct Told {
    pub(super) frames: Vec<String>,
    pub(super) lasting: Vec<News>,
}

/// Tells news that came after the registration that told of all targets up to `upto`.
pub(super) fn news(
    hub: &Hub,
    registry: &mut Registry,
    news: impl IntoIterator<Item = News>,
    upto: NodeId,
    writer: &Writer,
    stamper: &mut Stamper,
) -> Told {
    stamper.look_at_clock();
    let mut all = Vec::new();
    let mut lasting = Vec::new();
    let mut frames = Frames::new(writer.generation());
    for news in news {
        match &news {
            News::Added(id) if *id <= upto => {}
            News::Added(id) => {
                registry.told_upto(*id);
                if let Some(node) = registry.node(*id) {
                    target(registry, node, writer, stamper, &mut frames);
                }
            }
            News::Changed(id) => {
                if let Some(node) = registry.node(*id) {
                    let target = registry.target(node);
                    frames.event(|out| writer.event(Change::Set, &target, stamper.next(), out));
                }
            }
            News::Status(id) => {
                if let Some(node) = registry.node(*id) {
                    let status = registry.status(node);
                    frames.event(|out| writer.event(Change::Set, &status, stamper.next(), out));
                }
            }
            News::Instance(index) => {
                all.extend(frames.take());
                all.extend(register_command(registry, *index, writer));
                instance(registry, *index, writer, stamper, &mut frames);
            }
            News::Left(gone) => {
                status(gone, Change::Set, writer, stamper, &mut frames);
                let address = (&*gone.instance, &*gone.target.id);
                gone.details
                    .tell(address, Telling::Offline, writer, stamper, &mut frames);
            }
            News::Details(id) => {
                if let Some(node) = registry.node(*id) {
                    details(
                        registry,
                        node,
                        Telling::AsTheyAre,
                        writer,
                        stamper,
                        &mut frames,
                    );
                }
            }
            News::Item(key) => {
                if let Some(json) = hub.items.published().get(key) {
                    frames.event(|out| {
                        writer.written(Change::Set, key.0, json, stamper.next(), out);
                    });
                }
            }
            News::ItemDeleted(key, json) => frames.event(|out| {
                writer.written(Change::Delete, key.0, json, stamper.next(), out);
            }),
            News::Query(tx) => {
                all.extend(frames.take());
                all.extend(hub.requests.ask(tx, &stamp::now().to_string()));
            }
            News::Frame(frame) => {
                all.extend(frames.take());
                all.push(frame.clone());
            }
            News::Removed(gone) => removed(gone, writer, stamper, &mut frames),
        }
        if news.is_lasting() {
            lasting.push(news);
        }
    }
    all.extend(frames.take());
    Told {
        frames: all,
        lasting,
    }
}

/// Takes everything offline: the last frames of an executor that ends.
pub(super) fn farewell(hub: &Hub, writer: &Writer, stamper: &mut Stamper) -> Vec<String> {
    let mut registry = hub.registry();
    registry.set_instance_status(InstanceStatus::Unavailable);
    stamper.look_at_clock();
    let mut frames = Frames::new(writer.generation());
    for (_, node) in registry.nodes() {
        let status = TargetStatus {
            status: Status::Offline,
            ..registry.status(node)
        };
        frames.event(|out| writer.event(Change::Set, &status, stamper.next(), out));
        details(
            &registry,
            node,
            Telling::Offline,
            writer,
            stamper,
            &mut frames,
        );
    }
    for index in 0..registry.instances.len() {
        instance(&registry, index, writer, stamper, &mut frames);
    }
    frames.take()
}

/// The command by which a 2026 server makes an instance's machine; others do not know it.
fn register_command(registry: &Registry, index: usize, writer: &Writer) -> Option<String> {
    (writer.generation() == Generation::V2026).then(|| {
        let instance = writer.with_client(&registry.instances[index]);
        let tx = uuid::Uuid::new_v4().to_string();
        wire::register_instance(&tx, &stamp::now().to_string(), &instance)
    })
}

fn instance(
    registry: &Registry,
    index: usize,
    writer: &Writer,
    stamper: &mut Stamper,
    frames: &mut Frames,
) {
    let instance = &registry.instances[index];
    frames.event(|out| writer.instance(Change::Set, instance, stamper.next(), out));
}

fn target(
    registry: &Registry,
    node: &Node,
    writer: &Writer,
    stamper: &mut Stamper,
    frames: &mut Frames,
) {
    let target = registry.target(node);
    frames.event(|out| writer.event(Change::Set, &target, stamper.next(), out));
    let status = registry.status(node);
    frames.event(|out| writer.event(Change::Set, &status, stamper.next(), out));
    for action in registry.actions(node) {
        frames.event(|out| writer.action(Change::Set, &action, stamper.next(), out));
    }
    for emitter in registry.emitters(node) {
        frames.event(|out| writer.emitter(Change::Set, &emitter, stamper.next(), out));
    }
}

fn details(
    registry: &Registry,
    node: &Node,
    telling: Telling,
    writer: &Writer,
    stamper: &mut Stamper,
    frames: &mut Frames,
) {
    let address = (&*registry.instances[node.instance].id, &*node.target);
    node.details.tell(address, telling, writer, stamper, frames);
}

fn status(
    gone: &Removed,
    change: Change,
    writer: &Writer,
    stamper: &mut Stamper,
    frames: &mut Frames,
) {
    let status = TargetStatus::new(&gone.instance, &gone.target.id, Status::Offline);
    frames.event(|out| writer.event(change, &status, stamper.next(), out));
}

/// Deletes a target: what belongs to it first. Another instance may have the target still; then only
/// what is this instance's own goes.
fn removed(gone: &Removed, writer: &Writer, stamper: &mut Stamper, frames: &mut Frames) {
    const DELETE: Change = Change::Delete;
    for (emitter, value) in &gone.pulses {
        if let Ok(data) = std::str::from_utf8(value.json()) {
            frames.event(|out| {
                writer.pulse(
                    DELETE,
                    emitter,
                    &gone.instance,
                    data,
                    None,
                    stamper.next(),
                    out,
                );
            });
        }
    }
    status(gone, DELETE, writer, stamper, frames);
    let address = (&*gone.instance, &*gone.target.id);
    gone.details
        .tell(address, Telling::Deleted, writer, stamper, frames);
    if gone.shared {
        return;
    }
    for action in &gone.actions {
        frames.event(|out| writer.action(DELETE, action, stamper.next(), out));
    }
    for emitter in &gone.emitters {
        frames.event(|out| writer.emitter(DELETE, emitter, stamper.next(), out));
    }
    frames.event(|out| writer.event(DELETE, &gone.target, stamper.next(), out));
}
