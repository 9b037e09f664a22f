//! Commands: every form of them, and exactly one answer to each.

mod lab;

mod addresses;
mod batches;
mod handlers;
mod load;
mod locks;
mod long;
mod payloads;
mod restarts;
mod setters;
