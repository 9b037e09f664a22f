//! Updates: what a server must be told of the registry and of a device's own items, apart from the
//! registration.

use std::collections::VecDeque;

use super::departures::{Departed, Departures, Hold, TargetKey};
use super::items::ItemKey;
use super::ordered::Ordered;
use super::phase::Phase;
use super::pulses::{SlotId, Standing, TargetNumber};
use super::{Outbox, Round};
use crate::journal::Topic;

/// Something that has changed; how it is now is looked up when it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    Description(TargetNumber),
    Status(TargetNumber),
    Details(TargetNumber),
    /// The choices or bounds of some of its actions.
    Actions(TargetNumber),
    /// An instance, by its position.
    Instance(usize),
}

/// The next thing to write.
pub(crate) enum Update {
    Departed(Box<Departed>),
    /// An item of the device's own that was deleted, as it was.
    Deleted(ItemKey, Vec<u8>),
    Changed(Change),
    Item(ItemKey),
    /// A frame that is ready to go, for this session alone.
    Frame(String),
}

#[derive(Default)]
pub(super) struct Updates {
    pub(super) departures: Departures,
    deleted: Ordered<ItemKey, Vec<u8>>,
    /// Deletions that were written, with the number of the ping after them.
    unconfirmed: VecDeque<(u64, ItemKey, Vec<u8>)>,
    changed: Ordered<Change>,
    /// With nothing; of the type of those that were deleted, because each has its own code.
    items: Ordered<ItemKey, Vec<u8>>,
    frames: VecDeque<String>,
    /// Bytes of deleted items, confirmed or not, and of frames.
    bytes: usize,
    pings: u64,
}

impl Updates {
    pub(super) fn is_empty(&self) -> bool {
        self.departures.is_empty()
            && self.deleted.is_empty()
            && self.changed.is_empty()
            && self.items.is_empty()
            && self.frames.is_empty()
    }

    pub(super) fn change(&mut self, change: Change) {
        self.changed.push(change);
    }

    pub(super) fn item(&mut self, key: ItemKey) {
        self.withdraw(&key);
        self.items.push(key);
    }

    /// Keeps the deletion of an item; `false` when too much waits.
    pub(super) fn delete(&mut self, key: ItemKey, json: Vec<u8>, limit: usize) -> bool {
        self.items.remove(&key);
        let size = json.len() + key.1.len();
        if self.bytes + size > limit {
            return false;
        }
        self.bytes += size;
        self.deleted.insert(key, json);
        true
    }

    /// An item that was published again before its deletion was written is only announced.
    pub(super) fn withdraw(&mut self, key: &ItemKey) {
        if let Some(json) = self.deleted.remove(key) {
            self.bytes -= json.len() + key.1.len();
        }
    }

    /// Forgets an item that nobody was told of.
    pub(super) fn forget_item(&mut self, key: &ItemKey) {
        self.items.remove(key);
    }

    /// Keeps a frame; `false` when too much waits.
    pub(super) fn frame(&mut self, frame: String, limit: usize) -> bool {
        if self.bytes + frame.len() > limit {
            return false;
        }
        self.bytes += frame.len();
        self.frames.push_back(frame);
        true
    }

    /// Forgets what was to be told of targets that are gone, so that what comes and goes while a server
    /// does not read leaves nothing behind.
    pub(super) fn forget(&mut self, gone: &[TargetNumber]) {
        for number in gone {
            self.changed.remove(&Change::Description(*number));
            self.changed.remove(&Change::Status(*number));
            self.changed.remove(&Change::Details(*number));
            self.changed.remove(&Change::Actions(*number));
        }
    }

    /// Whether there is a next update.
    pub(super) fn has_next(&self, registered: bool) -> bool {
        !self.departures.is_empty()
            || !self.deleted.is_empty()
            || !self.changed.is_empty()
            || registered && !self.is_empty()
    }

    /// The next update; items and frames wait until the server was told of all targets.
    pub(super) fn next(&mut self, registered: bool) -> Option<Update> {
        if let Some(departed) = self.departures.next() {
            return Some(Update::Departed(departed));
        }
        if let Some((key, json)) = self.deleted.pop() {
            return Some(Update::Deleted(key, json));
        }
        if let Some((change, ())) = self.changed.pop() {
            return Some(Update::Changed(change));
        }
        if !registered {
            return None;
        }
        if let Some((key, _)) = self.items.pop() {
            return Some(Update::Item(key));
        }
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(Update::Frame(frame))
    }

    /// Keeps what was written of things that are gone until the server is known to have read it.
    pub(super) fn written(&mut self, update: Update) {
        let ping = self.pings + 1;
        match update {
            Update::Departed(departed) => self.departures.written(departed, ping),
            Update::Deleted(key, json) => self.unconfirmed.push_back((ping, key, json)),
            Update::Changed(_) | Update::Item(_) | Update::Frame(_) => {}
        }
    }

    /// The number of the ping that is written next.
    pub(super) fn ping(&mut self) -> u64 {
        self.pings += 1;
        self.pings
    }

    /// The server has read everything before this ping.
    pub(super) fn pong(&mut self, number: u64) {
        self.departures.confirm(number);
        while let Some((_, key, json)) = self.unconfirmed.pop_front_if(|(ping, ..)| *ping <= number)
        {
            self.bytes -= json.len() + key.1.len();
        }
    }

    /// A session begins: what waits and is not gone, its registration tells.
    pub(super) fn begin(&mut self) {
        self.changed.clear();
        self.items.clear();
    }

    /// The session has ended. Maybe the server never saw what was not confirmed; to say it twice does no
    /// harm.
    pub(super) fn end(&mut self) {
        self.departures.end();
        for (_, key, json) in std::mem::take(&mut self.unconfirmed) {
            if self.deleted.contains(&key) {
                self.bytes -= json.len() + key.1.len();
            } else {
                self.deleted.insert(key, json);
            }
        }
        for frame in std::mem::take(&mut self.frames) {
            self.bytes -= frame.len();
        }
        self.begin();
    }
}

/// What a session is to tell.
impl Outbox {
    /// The next update; some of it waits for the end of the registration.
    pub(crate) fn next_update(&self) -> Option<Update> {
        let mut state = self.locked();
        let registered = state.phase.is_live();
        state.updates.next(registered)
    }

    /// Keeps what was written of things that are gone until the server is known to have read it.
    pub(crate) fn update_written(&self, update: Update) {
        self.locked().updates.written(update);
    }

    /// Whether there are queries to ask or to cancel now.
    pub(crate) fn take_requests(&self) -> bool {
        let mut state = self.locked();
        state.phase.is_live() && std::mem::take(&mut state.requests)
    }

    pub(crate) fn take_echo(&self) -> Option<String> {
        self.locked().echo.take()
    }

    /// The number of the next ping.
    pub(crate) fn ping(&self) -> u64 {
        self.locked().updates.ping()
    }

    /// The server has read everything that was written before the ping of this number.
    pub(crate) fn pong(&self, number: u64) {
        self.locked().updates.pong(number);
    }

    /// A target that has something to say before it was announced.
    pub(crate) fn urgent(&self) -> Option<TargetNumber> {
        let (target, ()) = self.locked().urgent.pop()?;
        Some(target)
    }

    /// A target is announced in the frames that are written next. The last values of its states come
    /// first of all its pulses.
    pub(crate) fn announce(&self, target: TargetNumber, slots: &[SlotId], round: &mut Round) {
        let mut state = self.locked();
        for id in slots {
            let super::State { slots, paced, .. } = &mut *state;
            if let Some(used) = slots.get(*id) {
                paced.let_go(*id, used);
                used.standing = Standing::Announced;
                if used.source.send_again() {
                    round.state(*id, used);
                    used.speaks();
                }
            }
        }
        if let Some(mut early) = state.early.remove(&target) {
            let pulses = &mut state.pulses;
            early.drain(|entry, value| {
                // It fitted before.
                pulses.push_impulse(entry.slot, value);
            });
        }
    }
}

/// The registry: what came, changed and went.
impl Outbox {
    /// Targets came that no server was told of.
    pub(crate) fn targets_came(&self) {
        let mut state = self.locked();
        if let Phase::Live(link) = &mut state.phase {
            let link = std::mem::take(link);
            state.phase = Phase::Registering(link);
        }
        self.wake(state);
    }

    /// Something has changed; without a session a registration will tell.
    pub(crate) fn changed(&self, changes: impl IntoIterator<Item = Change>) {
        let mut state = self.locked();
        if state.phase.link().is_none() {
            return;
        }
        for change in changes {
            state.updates.change(change);
        }
        self.wake(state);
    }

    /// Targets are gone: those that a server may know are told of.
    pub(crate) fn departed(&self, gone: &[TargetNumber], departed: Vec<Departed>) {
        let mut state = self.locked();
        state.updates.forget(gone);
        let mut dropped = 0;
        for departed in departed {
            let limit = self.limits.update_bytes;
            dropped += state.updates.departures.push(departed, limit);
        }
        self.wake(state);
        self.dropped(dropped);
    }

    /// An id is back with these members.
    /// Returns whether a server may know it still.
    pub(crate) fn returned(&self, key: &TargetKey, stays: &dyn Fn(&str) -> bool) -> bool {
        self.locked().updates.departures.returned(key, stays)
    }

    /// An id is gone again that was not announced since it came back.
    pub(crate) fn gone_again(&self, key: &TargetKey) {
        self.locked().updates.departures.gone_again(key);
    }

    /// Types and ids of what some targets had that are gone, from the one of this number on.
    pub(crate) fn gone(&self, from: usize, targets: usize) -> Vec<(&'static str, String)> {
        self.locked().updates.departures.gone.part(from, targets)
    }

    /// How long an id has to stay away because its deletion is on its way.
    pub(crate) fn hold(&self, key: &TargetKey) -> Option<Hold> {
        self.locked().updates.departures.hold(key)
    }

    /// Whether something of this type and id is gone.
    pub(crate) fn is_gone(&self, key: &(&'static str, String)) -> bool {
        self.locked().updates.departures.gone.has(key)
    }

    /// An item was published, or published anew.
    pub(crate) fn item(&self, key: ItemKey) {
        let mut state = self.locked();
        if state.phase.link().is_some() {
            state.updates.item(key);
        } else {
            state.updates.withdraw(&key);
        }
        self.wake(state);
    }

    /// An item was deleted; `json` is what a server may know of it.
    pub(crate) fn item_deleted(&self, key: ItemKey, json: Option<Vec<u8>>) {
        let mut state = self.locked();
        let kept = match json {
            Some(json) => state.updates.delete(key, json, self.limits.update_bytes),
            None => {
                state.updates.forget_item(&key);
                true
            }
        };
        self.wake(state);
        self.dropped(u64::from(!kept));
    }

    fn dropped(&self, updates: u64) {
        if updates > 0 {
            self.counters.updates_dropped.add(updates);
            self.journal.warn(Topic::UpdateDropped, || {
                format!(
                    "{updates} removals or deletions are dropped, because more than {} bytes of them wait for \
                     the server: what it keeps of targets is looked for when it is read back",
                    self.limits.update_bytes
                )
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> ItemKey {
        ("Scene", id.to_owned())
    }

    #[test]
    fn an_item_that_is_published_again_before_its_deletion_was_written_is_not_deleted() {
        let mut updates = Updates::default();
        assert!(updates.delete(key("a"), b"{}".to_vec(), 100));
        updates.item(key("a"));
        assert!(matches!(updates.next(true), Some(Update::Item(_))));
        assert!(updates.is_empty() && updates.bytes == 0);
    }

    #[test]
    fn deletions_are_bounded_in_bytes_until_they_are_confirmed() {
        let mut updates = Updates::default();
        assert!(updates.delete(key("a"), vec![b'x'; 60], 100));
        assert!(!updates.delete(key("b"), vec![b'x'; 60], 100));
        let gone = updates.next(false).unwrap();
        updates.written(gone);
        assert!(!updates.delete(key("b"), vec![b'x'; 60], 100));
        let ping = updates.ping();
        updates.pong(ping);
        assert!(updates.delete(key("b"), vec![b'x'; 60], 100));
        assert_eq!(updates.bytes, 61);
    }

    #[test]
    fn a_change_waits_once_and_not_at_all_when_its_target_is_gone() {
        let mut updates = Updates::default();
        for _ in 0..3 {
            updates.change(Change::Status(TargetNumber(1)));
        }
        updates.change(Change::Status(TargetNumber(2)));
        updates.forget(&[TargetNumber(2)]);
        assert!(matches!(
            updates.next(false),
            Some(Update::Changed(Change::Status(TargetNumber(1))))
        ));
        assert!(updates.is_empty());
    }
}
