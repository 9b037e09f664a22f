//! Recordings: every frame between executors and a server, with its time, in a file that can be played again.
//!
//! `docs/how-to/recordings.md` says what is in such a file.

mod against;
mod compare;
mod entering;
mod fact;
mod file;
mod line;
pub(crate) mod player;
pub(crate) mod proxy;
mod recorder;
mod script;
mod secrets;
mod stage;

pub use self::compare::{Comparison, Difference, Subject};
pub(crate) use self::fact::same;
pub use self::file::{OpenError, Recording};
pub(crate) use self::line::{Direction, Ended};
pub use self::player::Playback;
pub use self::recorder::{Recorder, RecorderBuilder};
pub use self::script::Speed;
pub use self::stage::ReplayError;
pub(crate) use self::stage::Stage;
