//! What can go wrong, said to a person.

use std::fmt;
use std::path::PathBuf;

use rship_core::id::IdError;
use rship_core::model::{ModelError, Unreached};
use rship_core::wire::{UnknownEncoding, UnknownGeneration};

use crate::address::AddressError;

/// Why an executor cannot start, or cannot do what it was asked for.
///
/// `Debug` says the same as `Display`, because that is what a `main` that returns this error prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Where the server is cannot be used.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// `RSHIP_WIRE` names no generation of server.
    #[error("RSHIP_WIRE: {0}")]
    Wire(#[from] UnknownGeneration),
    /// `RSHIP_ENCODING` names no encoding of frames.
    #[error("RSHIP_ENCODING: {0}")]
    Encoding(#[from] UnknownEncoding),
    /// A variable of the environment, a token or a certificate cannot be used.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A service, instance or target id cannot be used.
    #[error("the {what} id cannot be used: {error}")]
    Id {
        /// `service`, `instance` or `target`.
        what: &'static str,
        /// Why.
        error: IdError,
    },
    /// A color is not `#rrggbb`.
    #[error("`color` is `{0}`, which is not a color: write it as `#rrggbb`")]
    Color(String),
    /// A target's description cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The instance has a target with this id already.
    #[error(
        "instance `{instance}` has a target `{target}` already: give this one another id (a member of a list: another `key`)"
    )]
    DuplicateTarget {
        /// The instance.
        instance: String,
        /// The id that was given twice.
        target: String,
    },
    /// A member of a list or a map has nothing that its id could be made of.
    #[error(
        "a member of field `{field}` of target `{target}` has an empty key: its id would end with a dot"
    )]
    EmptyKey {
        /// The target's id.
        target: String,
        /// The field's part of the id.
        field: String,
    },
    /// Another instance has a target of this id and of another type, but a server keeps one
    /// description for each id.
    #[error(
        "target `{target}` is a `{known}` in another instance of this executor and cannot be a `{new}` here"
    )]
    OtherType {
        /// The target's id.
        target: String,
        /// Its type in the other instance.
        known: &'static str,
        /// The type that was to be added.
        new: &'static str,
    },
    /// The executor has an instance with this id already.
    #[error("the executor has an instance `{0}` already")]
    DuplicateInstance(String),
    /// The target was removed, or its executor has ended.
    #[error("target `{0}` was removed")]
    Removed(String),
    /// Only what was added can be removed; a sub-target goes when its field does.
    #[error("target `{0}` is a sub-target: take it out of its field instead")]
    SubTarget(String),
    /// A target stands where it cannot be reached.
    #[error("target `{target}` cannot be reached: {why}")]
    Unreached {
        /// The target's id.
        target: String,
        /// Why.
        why: Unreached,
    },
    /// An action awaits, and its target is behind a lock of the device's own.
    #[error(
        "action `{0}` is `async` or takes a handle, and its target is behind a lock of yours, which must \
         not be held over an await: make it an `fn(&mut self)`, or have the executor own the target"
    )]
    AwaitsBehindLock(String),
    /// There is no such sub-target.
    #[error("target `{target}` has no such sub-target: {why}")]
    NoSubTarget {
        /// The target that was asked.
        target: String,
        /// What was looked for, and what was found instead.
        why: String,
    },
    /// No target above this one is of the type that was asked for.
    #[error("no target above `{target}` is a `{wanted}`")]
    NoParent {
        /// The target whose parent was asked for.
        target: String,
        /// The type.
        wanted: &'static str,
    },
    /// A target cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The target has no such action or emitter.
    #[error("target `{target}` has no {kind} `{member}`")]
    NoMember {
        /// The target's id.
        target: String,
        /// `action` or `emitter`.
        kind: &'static str,
        /// The part of the id after `TARGET:`.
        member: String,
    },
    /// An item of the device's own cannot be published.
    #[error("the {item_type} `{id}` cannot be published: {reason}")]
    Item {
        /// The item's type.
        item_type: &'static str,
        /// The item's id.
        id: String,
        /// Why.
        reason: String,
    },
    /// An item is larger than the message limit.
    #[error("the {item_type} `{id}` has {length} bytes, and the message limit is {limit}")]
    TooLarge {
        /// The item's type.
        item_type: &'static str,
        /// The item's id.
        id: String,
        /// What it has, in bytes.
        length: usize,
        /// What it may have, in bytes.
        limit: usize,
    },
    /// The executor has ended: nobody is told of anything any more.
    #[error("the executor has ended")]
    Ended,
    /// `run` was called before.
    #[error("the executor runs already: call `run` once")]
    Running,
    /// The manifest cannot be written.
    #[error("the manifest cannot be written: {0}")]
    Manifest(std::io::Error),
    /// The file that is to keep states cannot be used.
    #[error("the state file `{}` cannot be used: {problem}", path.display())]
    StateFile {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: StateFileProblem,
    },
    /// A thread or a runtime of the executor's own cannot be started.
    #[error("a thread of the executor cannot be started: {0}")]
    Thread(std::io::Error),
    /// The signals that end the program cannot be watched.
    #[error("the signals that end the program cannot be watched: {0}")]
    Signal(std::io::Error),
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateFileProblem {
    /// Its folder is missing.
    #[error("its folder is not there: make the folder, or name a file in another one")]
    NoFolder,
    /// It is a folder, or a device of the system's.
    #[error("it is not a file: name one in a folder that is there")]
    NotAFile,
    /// Another executor has it, of this program or of another.
    #[error(
        "a program that runs uses it already: end that one, or give each program a file of its own"
    )]
    InUse,
    /// The disk refuses.
    #[error("{0}")]
    Disk(std::io::Error),
}

/// What was set and cannot be used: a variable of the environment, a token, a certificate. What is secret
/// in it is not said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin} {problem}")]
pub struct SettingError {
    /// Where the value came from, such as `RSHIP_TOKEN`.
    pub origin: String,
    /// What is wrong with it.
    pub problem: String,
}

impl SettingError {
    pub(crate) fn new(origin: &str, problem: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            problem: problem.to_owned(),
        }
    }
}

/// Why a target cannot be locked at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody else holds it.
    #[error("target `{0}` is in use: `lock` waits for it")]
    Busy(String),
    /// The caller is an action inside this very target tree.
    #[error(
        "an action of target `{0}` locks the target that it is already inside, which would wait for \
         itself: use `self`, or take `this: Handle<Self>` in place of a receiver"
    )]
    Inside(String),
    /// The caller is an action that locked this very target tree before, and holds the guard.
    #[error(
        "an action locks target `{target}`, which it holds already, and would wait for itself: use the guard \
         that was locked at {place}, or drop it first"
    )]
    Twice {
        /// The target's id.
        target: String,
        /// Where the guard was locked, as `FILE:LINE`.
        place: String,
    },
    /// The target is part of one behind a lock of the device's own, which alone reaches it.
    #[error(
        "target `{0}` is behind a lock of yours: take that lock, and call `changed()` of the handle"
    )]
    Behind(String),
    /// The sub-target is no longer in its field.
    #[error("target `{0}` is no longer there")]
    Gone(String),
}
