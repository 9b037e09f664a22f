//! The inspector page, in a real browser: what is on it is found as a screen reader finds it.

mod access;
mod diagnosis;
mod driver;
mod example;
mod forms;
// It measures processes.
#[cfg(target_os = "linux")]
mod load;
mod looks;
mod plots;
mod reconnect;
mod recording;
mod shapes;
mod show;
mod tree;
