//! What may happen, and the reference model: which targets there are.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;
use rship_runtime::{Encoding, Generation};

use super::network::Close;

/// Racks at most; those with odd numbers are of a second instance.
pub(crate) const RACKS: u8 = 4;
const SLOTS: u8 = 3;

/// What the executor is, whatever the server knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) generation: Generation,
    pub(crate) encoding: Encoding,
    /// Whether the executor reads back: where it does not, it must be right without.
    pub(crate) reads_back: bool,
    pub(crate) racks: BTreeMap<u8, RackModel>,
    /// The racks that ever had a lid: what leaves without being forgotten stays on the server, offline, even when
    /// what it was in is removed.
    pub(crate) lids: BTreeSet<u8>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct RackModel {
    pub(crate) name: Option<u8>,
    pub(crate) offline: bool,
    pub(crate) slots: BTreeSet<u8>,
    pub(crate) lid: bool,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Milliseconds go by.
    Pass(u16),
    Add(u8),
    Remove(u8),
    Rename(u8, u8),
    Online(u8, bool),
    /// The rack changes itself.
    Bump(u8),
    Turn(u8, u8),
    Slots(u8, BTreeSet<u8>),
    Lid(u8, bool),
    /// A guard is held for milliseconds.
    Hold(u8, u16),
    /// Impulses: how many, of how many bytes.
    Beat(u8, u16, u16),
    Command(u8, Ask),
    Fault(Storm),
}

/// What a server asks.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Bump,
    Refuse,
    Fall,
    BadPayload,
    Unknown,
    Wait(u16),
    Long(u16),
    Cancel,
    Tell(u32),
    Batch(u16),
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Storm {
    /// The server ends and comes again after milliseconds.
    Restart(Memory, u16),
    Break(Close),
    Cut(u16, Close),
    StallUp(u16),
    StallDown(u16),
    Delay(u16, u16),
    Loss(u16, u16),
    Slow(u16),
    /// What the executor sent on its last connection arrives after it has made a new one.
    Cross,
    /// The server loses, or changes, one of its entities of its own accord.
    Lose(u16),
    Overwrite(u16),
    Refuses(u16),
    Silent(u16),
    Closes(u16),
    Late(u16),
    Babbles(u16),
    Garbage(u8),
    Flood(u16),
}

/// What a server that comes again has in its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    Kept,
    Empty,
    /// It is another one.
    Of(Generation),
}

pub(crate) struct Storms;

impl ReferenceStateMachine for Storms {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        let encoding = prop_oneof![Just(Encoding::Json), Just(Encoding::Cbor)];
        (generation(), encoding, any::<bool>())
            .prop_map(|(generation, encoding, reads_back)| Model {
                generation,
                reads_back,
                // Only 2026 servers read it.
                encoding: if generation == Generation::V2026 {
                    encoding
                } else {
                    Encoding::Json
                },
                racks: BTreeMap::new(),
                lids: BTreeSet::new(),
            })
            .boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Step> {
        let rack = 0..RACKS;
        prop_oneof![
            12 => pause().prop_map(Step::Pass),
            10 => any_of(model, rack).prop_flat_map(of_a_rack),
            6 => faults(model).prop_map(Step::Fault),
        ]
        .boxed()
    }

    fn preconditions(model: &Model, step: &Step) -> bool {
        match step {
            Step::Add(rack) => !model.racks.contains_key(rack),
            Step::Turn(rack, slot) => model
                .racks
                .get(rack)
                .is_some_and(|rack| rack.slots.contains(slot)),
            Step::Remove(rack)
            | Step::Rename(rack, _)
            | Step::Online(rack, _)
            | Step::Bump(rack)
            | Step::Slots(rack, _)
            | Step::Lid(rack, _)
            | Step::Hold(rack, _)
            | Step::Beat(rack, _, _) => model.racks.contains_key(rack),
            // A server may ask for what is not there.
            Step::Command(..) | Step::Pass(_) => true,
            // Each of them speaks JSON, or CBOR as 2026 does.
            Step::Fault(Storm::Restart(Memory::Of(generation), _)) => {
                model.encoding == Encoding::Json || *generation == Generation::V2026
            }
            // What the server has read and lost, and what comes late on a connection that was given up, nothing
            // else can mend.
            Step::Fault(
                Storm::Lose(_)
                | Storm::Overwrite(_)
                | Storm::Restart(Memory::Kept, _)
                | Storm::Cross
                | Storm::Cut(..)
                | Storm::StallUp(_)
                | Storm::Delay(..)
                | Storm::Loss(..)
                | Storm::Slow(_),
            ) => model.reads_back,
            Step::Fault(_) => true,
        }
    }

    fn apply(mut model: Model, step: &Step) -> Model {
        match step {
            Step::Add(rack) => {
                model.racks.insert(*rack, RackModel::default());
            }
            Step::Remove(rack) => {
                model.racks.remove(rack);
            }
            Step::Rename(rack, name) => {
                model.rack(*rack, |rack| rack.name = Some(*name));
            }
            Step::Online(rack, online) => {
                model.rack(*rack, |rack| rack.offline = !online);
            }
            Step::Slots(rack, slots) => {
                model.rack(*rack, |rack| rack.slots.clone_from(slots));
            }
            Step::Lid(rack, lid) => {
                model.rack(*rack, |rack| rack.lid = *lid);
                if *lid {
                    model.lids.insert(*rack);
                }
            }
            Step::Fault(Storm::Restart(Memory::Of(generation), _)) => {
                model.generation = *generation;
            }
            _ => {}
        }
        model
    }
}

impl Model {
    fn rack(&mut self, rack: u8, change: impl FnOnce(&mut RackModel)) {
        if let Some(rack) = self.racks.get_mut(&rack) {
            change(rack);
        }
    }
}

fn generation() -> impl Strategy<Value = Generation> {
    prop_oneof![
        4 => Just(Generation::V2026),
        2 => Just(Generation::V2024),
        1 => Just(Generation::V2023),
    ]
}

/// Milliseconds: most of them within what servers gather, some of them longer than anything waits.
fn pause() -> impl Strategy<Value = u16> {
    prop_oneof![6 => 0..20_u16, 6 => 20..300_u16, 3 => 300..5_000_u16, 1 => 5_000..30_000_u16]
}

/// A rack, rather one that there is.
fn any_of(model: &Model, all: std::ops::Range<u8>) -> BoxedStrategy<(u8, bool)> {
    let there: Vec<u8> = model.racks.keys().copied().collect();
    if there.is_empty() {
        return all.prop_map(|rack| (rack, false)).boxed();
    }
    let known = model.racks.clone();
    prop_oneof![
        5 => proptest::sample::select(there).prop_map(|rack| (rack, true)),
        1 => all.prop_map(move |rack| (rack, known.contains_key(&rack))),
    ]
    .boxed()
}

fn of_a_rack((rack, there): (u8, bool)) -> BoxedStrategy<Step> {
    if !there {
        return prop_oneof![
            6 => Just(Step::Add(rack)),
            1 => ask().prop_map(move |ask| Step::Command(rack, ask)),
        ]
        .boxed();
    }
    let slots = proptest::collection::btree_set(0..SLOTS, 0..=usize::from(SLOTS));
    prop_oneof![
        6 => Just(Step::Bump(rack)),
        4 => (0..SLOTS).prop_map(move |slot| Step::Turn(rack, slot)),
        5 => slots.prop_map(move |slots| Step::Slots(rack, slots)),
        3 => any::<bool>().prop_map(move |lid| Step::Lid(rack, lid)),
        3 => Just(Step::Remove(rack)),
        2 => (0..9_u8).prop_map(move |name| Step::Rename(rack, name)),
        2 => any::<bool>().prop_map(move |online| Step::Online(rack, online)),
        2 => pause().prop_map(move |pause| Step::Hold(rack, pause)),
        3 => (1..40_u16, 0..200_u16).prop_map(move |(count, size)| Step::Beat(rack, count, size)),
        1 => (100..900_u16, 2_000..8_000_u16)
            .prop_map(move |(count, size)| Step::Beat(rack, count, size)),
        20 => ask().prop_map(move |ask| Step::Command(rack, ask)),
    ]
    .boxed()
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        6 => Just(Ask::Bump),
        1 => Just(Ask::Refuse),
        1 => Just(Ask::Fall),
        1 => Just(Ask::BadPayload),
        1 => Just(Ask::Unknown),
        2 => pause().prop_map(Ask::Wait),
        2 => pause().prop_map(Ask::Long),
        1 => Just(Ask::Cancel),
        1 => (0..100_000_u32).prop_map(Ask::Tell),
        2 => (0..60_u16).prop_map(Ask::Batch),
    ]
}

fn faults(model: &Model) -> BoxedStrategy<Storm> {
    let close = prop_oneof![Just(Close::Fin), Just(Close::Reset)];
    let memory = {
        let generation = model.generation;
        prop_oneof![
            2 => Just(Memory::Kept),
            2 => Just(Memory::Empty),
            1 => self::generation().prop_map(move |other| {
                if other == generation { Memory::Empty } else { Memory::Of(other) }
            }),
        ]
    };
    // Shorter than silence is taken for, and longer.
    let stall = prop_oneof![3 => 10..3_000_u16, 1 => 3_000..30_000_u16];
    prop_oneof![
        3 => (memory, 0..3_000_u16).prop_map(|(memory, down)| Storm::Restart(memory, down)),
        3 => close.clone().prop_map(Storm::Break),
        3 => (1..6_000_u16, close).prop_map(|(bytes, close)| Storm::Cut(bytes, close)),
        2 => stall.clone().prop_map(Storm::StallUp),
        2 => stall.clone().prop_map(Storm::StallDown),
        2 => (1..1_500_u16, stall.clone()).prop_map(|(delay, time)| Storm::Delay(delay, time)),
        2 => (50..600_u16, stall.clone()).prop_map(|(lost, time)| Storm::Loss(lost, time)),
        1 => stall.clone().prop_map(Storm::Slow),
        1 => Just(Storm::Cross),
        2 => any::<u16>().prop_map(Storm::Lose),
        2 => any::<u16>().prop_map(Storm::Overwrite),
        1 => stall.clone().prop_map(Storm::Refuses),
        1 => stall.clone().prop_map(Storm::Silent),
        1 => stall.clone().prop_map(Storm::Closes),
        1 => stall.clone().prop_map(Storm::Late),
        1 => stall.prop_map(Storm::Babbles),
        2 => any::<u8>().prop_map(Storm::Garbage),
        1 => (1..2_000_u16).prop_map(Storm::Flood),
    ]
    .boxed()
}
