//! The example devices as programs, each with its equipment's own protocol on the other side.

mod at_work;

mod console;
mod lamp;
mod osc;
mod player;
mod sensor;
mod videohub;
