//! The Myko wire: frames in and out, for every generation of server.
//!
//! Nothing outside this module knows how a frame is written, so that a further wire can take its place.

pub mod binary;
mod command;
mod direct;
mod encoding;
mod event;
mod fields;
mod frames;
mod generation;
mod inbound;
pub mod item;
mod outbound;
mod pulse;
mod query;
mod salvage;
mod text;

pub use command::{Command, Exec, Member, MemberFault, Resend, TargetCall};
pub use encoding::{Encoding, UnknownEncoding};
pub use event::{Change, Stamp, Writer};
pub use frames::{FRAME_LIMIT, Frame, Frames};
pub use generation::{Generation, UnknownGeneration};
pub use inbound::{Answer, FrameError, Inbound, read, read_binary};
pub use outbound::{command, echo, error, ping, register_instance, response};
pub use pulse::{Pulse, PulseSource};
pub use query::{Query, QueryFormError, QueryResponse};
