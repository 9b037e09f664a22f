//! What a command needs to be answered, from a frame that cannot be read as a whole.
//!
//! A payload that nests too deep, a number that no float holds or half of a surrogate pair make a frame
//! unreadable, and its sender would wait for an answer in vain. So the frame is walked once more: by its
//! structure alone, without a look at the values that nobody needs here.

mod cbor;
mod json;
#[cfg(test)]
mod tests;

use super::command::{Command, Member};

/// The command in a text frame that cannot be read, for `reason`; `None` when there is nothing to answer.
pub(super) fn text(frame: &str, reason: String) -> Option<Command> {
    json::walk(frame).command(reason)
}

/// The command in a binary frame that cannot be read, for `reason`; `None` when there is nothing to
/// answer.
pub(super) fn bytes(frame: &[u8], reason: String) -> Option<Command> {
    cbor::walk(frame).command(reason)
}

/// What the walk has come upon; of two fields with one name, the later counts, as in a JSON tree.
#[derive(Debug, Default)]
struct Found {
    is_command: bool,
    id: Option<String>,
    tx: Option<String>,
    /// Beside the command, where some servers put it.
    outer_tx: Option<String>,
}

/// The objects whose fields matter.
#[derive(Debug, Clone, Copy)]
enum Level {
    Frame,
    Data,
    Command,
}

impl Level {
    /// Which of these objects stands under this name.
    fn inside(self, name: &str) -> Option<Self> {
        match (self, name) {
            (Self::Frame, "data") => Some(Self::Data),
            (Self::Data, "command") => Some(Self::Command),
            _ => None,
        }
    }
}

impl Found {
    /// Takes the string in a field.
    fn string(&mut self, level: Level, name: &str, value: &str) {
        let field = match (level, name) {
            (Level::Frame, "event") => {
                self.is_command = value == "ws:m:command";
                return;
            }
            (Level::Data, "commandId") => &mut self.id,
            (Level::Data, "tx") => &mut self.outer_tx,
            (Level::Command, "tx") => &mut self.tx,
            _ => return,
        };
        *field = Some(value.to_owned());
    }

    fn command(self, reason: String) -> Option<Command> {
        let tx = self.tx.or(self.outer_tx).filter(|_| self.is_command)?;
        Some(Command {
            id: self.id.unwrap_or_default(),
            tx: Some(tx),
            member: Member::Unreadable(reason),
        })
    }
}
