//! State that is shared with other threads, as it is found.

mod fields;
mod members;
mod targets;
