//! The page that shows what is here: its files, and its socket.
//!
//! A page is told only what it shows, and never more than it takes: each frame is made when the one before has gone.

pub(crate) mod assets;
mod call;
mod details;
mod keys;
mod show;
mod socket;
mod values;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use self::socket::serve;
use self::values::Taps;
use crate::explained::{DROP_TYPE, WARNING_TYPE};
use crate::store::{Change, ClientNo};

/// Where the page's socket is.
pub(crate) const SOCKET: &str = "/page/socket";

/// What pages are told beside the state.
#[derive(Debug, Default)]
pub(crate) struct House {}

/// What pages look at, as a part of the state.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    taps: BTreeMap<u64, Taps>,
    next: u64,
    /// Changes when the tree may be another.
    pub(crate) shape: u64,
    /// Changes when something was explained.
    pub(crate) explained: u64,
}

impl Looks {
    /// A page comes; its number.
    fn enter(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        self.taps.insert(number, Taps::default());
        number
    }

    fn leave(&mut self, number: u64) {
        self.taps.remove(&number);
    }

    fn taps(&mut self, number: u64) -> &mut Taps {
        self.taps.entry(number).or_default()
    }

    /// Takes note of what happens to an entity.
    pub(crate) fn note(
        &mut self,
        change: Change,
        item_type: &str,
        id: &str,
        item: &Value,
        from: Option<ClientNo>,
        unchanged: bool,
    ) {
        match item_type {
            "Pulse" => {
                if change == Change::Set {
                    for taps in self.taps.values_mut() {
                        taps.pulse(id, item, from);
                    }
                }
            }
            "Instance" | "Target" | "TargetStatus" | "Action" | "Emitter" if !unchanged => {
                self.shape += 1;
            }
            DROP_TYPE | WARNING_TYPE => self.explained += 1,
            _ => {}
        }
    }
}
