//! Models: a type's descriptor together with the code that reads, writes and calls its values.
//!
//! The macros expand to [`ModelBuilder`] calls; a type that cannot be annotated is described with the
//! same builder by hand:
//!
//! ```
//! # extern crate rship_core as rship_runtime;
//! use rship_runtime::model::{ActionSpec, Arg, EmitterSpec, ModelBuilder};
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
//! # Ok::<(), rship_runtime::model::ModelError>(())
//! ```

mod action;
mod arg;
mod builder;
mod cache;
mod described;
mod emitter;
mod erased;
mod error;
mod field;
mod follow;
mod held;
mod live;
mod long;
mod map_key;
mod member_fields;
mod members;
mod stands_in;
mod sub_target;
#[cfg(test)]
mod tests;
mod typed;

pub use action::{
    Action, ActionError, ActionSpec, Answer, AnswerError, BoxFuture, HandleOf, PlainReply, Reply,
    ReplyOf, Running, TargetHandle,
};
#[doc(hidden)]
pub use action::{AnswerPart, Called, CalledFuture, CalledPlain, NoResult, PlainPart};
pub use arg::{Arg, ArgReader, Args, ArgumentValue, Bounded, FromText};
pub use builder::ModelBuilder;
pub use described::{Described, DescribedSubTargets};
pub use emitter::{EmitterSpec, EmitterValue, Measured, Written};
pub use erased::{AnyModel, AnyTarget};
pub use error::{ModelError, Problem};
pub use field::{EmitterField, StateField};
pub use follow::{Changes, Following};
pub use held::Unreached;
pub use live::{ChoiceList, Choices, Limit, LimitValue, Present};
pub use long::{Progress, RunProgress, RunState};
pub use map_key::MapKey;
pub use sub_target::{Place, SubTargetSpec, SubTargets, SubTargetsWithKeys};
pub use typed::{Ask, Model};
