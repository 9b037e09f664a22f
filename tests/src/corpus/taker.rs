//! A target that takes values of the types, and tells which.

use std::sync::mpsc;

use rship_core::model::{ActionSpec, Arg, ModelBuilder};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ARGUMENT;

/// Tells the action that was run, and what it was given, encoded again.
pub struct Taker(pub mpsc::Sender<(String, Value)>);

pub(super) fn describe<T>(model: &mut ModelBuilder<Taker>, id: &str)
where
    T: JsonSchema + Serialize + DeserializeOwned + Send + 'static,
{
    let argument = Arg::<T>::new(ARGUMENT);
    let reader = argument.reader();
    let action = id.to_owned();
    let spec = ActionSpec::new(id).name(id).arg(&argument);
    model.action(spec.sync(move |taker: &mut Taker, arguments| {
        let value = serde_json::to_value(arguments.read(&reader)?).expect("the corpus serializes");
        // Nobody may ask for it.
        let _ = taker.0.send((action.clone(), value.clone()));
        Ok(value)
    }));
}
