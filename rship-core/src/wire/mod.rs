//! The Myko wire: frames in and out, for every generation of server.
//!
//! Nothing outside this module knows how a frame is written, so that a further wire can take its place.

mod command;
mod event;
mod frames;
mod generation;
mod inbound;
pub mod item;
mod outbound;

pub use command::{Command, Exec, Member, MemberFault, Resend, TargetCall};
pub use event::{Change, Stamp, Writer};
pub use frames::{FRAME_LIMIT, Frames};
pub use generation::{Generation, UnknownGeneration};
pub use inbound::{Answer, FrameError, Inbound, read};
pub use outbound::{echo, error, ping, register_instance, response};
