//! What crosses crates, in one binary: each module is a topic. What counts a whole process's allocations
//! or memory is a binary of its own.

mod after_end;
mod answers;
mod binary_session;
mod bounds;
mod comes_back;
mod commands;
mod compile;
mod contained;
mod corpus;
mod crossing;
mod epochs;
mod faults;
mod generations;
mod golden_binary;
mod golden_frames;
mod golden_inbound;
mod healing;
mod large;
mod layout;
mod lifecycle;
mod linear;
mod liveness;
mod names;
mod network;
mod no_runtime;
mod order;
mod owned;
mod pulses;
mod readme;
mod reconnect;
mod registration;
mod sub_targets;
mod threads;
mod timeouts;
mod twins;
