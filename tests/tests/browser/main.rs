//! The inspector page, in a real browser: what is on it is found as a screen reader finds it.

mod access;
mod diagnosis;
mod driver;
mod example;
mod forms;
mod load;
mod looks;
mod plots;
mod reconnect;
mod recording;
mod shapes;
mod show;
mod tree;
