//! What crosses crates, in one binary: each module is a topic. What counts a whole process's allocations
//! or memory is a binary of its own.

mod answers;
mod binary_session;
mod commands;
mod compile;
mod contained;
mod corpus;
mod epochs;
mod faults;
mod golden_binary;
mod golden_frames;
mod golden_inbound;
mod large;
mod lifecycle;
mod linear;
mod liveness;
mod network;
mod order;
mod pulses;
mod readme;
mod reconnect;
mod registration;
mod threads;
