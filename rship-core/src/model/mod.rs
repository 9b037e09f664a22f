//! Models: a type's descriptor together with the code that reads, writes and calls its values.
//!
//! The macros expand to [`ModelBuilder`] calls; a type that cannot be annotated is described with the
//! same builder by hand:
//!
//! ```
//! use rship_core::model::{ActionSpec, Arg, EmitterSpec, ModelBuilder};
//!
//! struct Foreign { level: f64 }
//!
//! let mut model = ModelBuilder::<Foreign>::new("Foreign");
//! model.name("Dimmer").category("light");
//! model.state(EmitterSpec::new("level"), |dimmer| &dimmer.level);
//! let to = Arg::<f64>::new("to").min(0.0).max(1.0);
//! let read_to = to.reader();
//! model.action(ActionSpec::new("fade").arg(&to).sync(move |dimmer: &mut Foreign, args| {
//!     dimmer.level = args.read(&read_to)?;
//!     Ok(serde_json::Value::Null)
//! }));
//! let model = model.build()?;
//! assert_eq!(model.descriptor().actions[0].id, "fade");
//! # Ok::<(), rship_core::model::ModelError>(())
//! ```

mod action;
mod arg;
mod builder;
mod cache;
mod emitter;
mod erased;
mod error;
mod long;
mod sub_target;
mod typed;

pub use action::{
    Action, ActionError, ActionSpec, Answer, BoxFuture, PlainReply, Reply, ReplyOf, Running,
    TargetHandle,
};
pub use arg::{Arg, ArgReader, Args, ArgumentValue, Bounded};
pub use builder::ModelBuilder;
pub use emitter::{EmitterSpec, EmitterValue};
pub use erased::{AnyModel, AnyTarget};
pub use error::{ModelError, Problem};
pub use long::{Progress, RunProgress, RunState};
pub use sub_target::{Place, SubTargetSpec, SubTargets};
pub use typed::Model;
