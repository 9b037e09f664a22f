//! What a device's file names: `use rship_runtime::prelude::*;`.

pub use crate::{
    Actions, Emitter, Executor, Handle, Published, Target, action, actions, arg, emitter,
};
