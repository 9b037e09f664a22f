//! What crosses crates, in one binary: each module is a topic. What counts a whole process's allocations
//! or memory is a binary of its own.

mod binary_session;
mod commands;
mod compile;
mod corpus;
mod faults;
mod golden_binary;
mod golden_frames;
mod golden_inbound;
mod large;
mod lifecycle;
mod network;
mod pulses;
mod readme;
mod reconnect;
mod registration;
