//! State that is shared with other threads, as it is found.

mod described;
mod fields;
mod members;
mod targets;
