//! A generic target says its bounds on the struct, and `#[actions]` says the same.

use std::fmt::Display;
use std::marker::PhantomData;

use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

#[derive(Target)]
struct Plain<V: Serialize + JsonSchema + Send + 'static, const N: usize = 2>
where
    [V; N]: Serialize + JsonSchema,
{
    #[emitter]
    value: V,
    #[emitter]
    all: [V; N],
}

#[derive(Target)]
#[target(actions)]
struct Acting<V, U = String>
where
    V: Serialize + DeserializeOwned + JsonSchema + Clone + Send + 'static,
    U: Display + Send + 'static,
{
    #[emitter]
    #[action]
    value: V,
    #[emitter]
    changed: Emitter<V>,
    #[target]
    inner: Plain<V>,
    #[target]
    list: Vec<Plain<V>>,
    unit: PhantomData<U>,
}

#[actions]
impl<V, U> Acting<V, U>
where
    V: Serialize + DeserializeOwned + JsonSchema + Clone + Send + 'static,
    U: Display + Send + 'static,
{
    #[action]
    fn replace(&mut self, value: V) -> V {
        self.changed.pulse(value.clone());
        std::mem::replace(&mut self.value, value)
    }

    #[action]
    async fn fade(_this: Handle<Self>, to: V) -> Option<V> {
        Some(to)
    }

    #[emitter]
    fn twice(&self) -> Vec<V> {
        vec![self.value.clone(), self.value.clone()]
    }
}

fn main() {
    let plain = Plain::<u8, 3>::descriptor().unwrap();
    assert_eq!(plain.emitters.len(), 2);
    let acting = Acting::<f64, String>::descriptor().unwrap();
    let ids: Vec<_> = acting.actions.iter().map(|action| action.id.as_str()).collect();
    assert_eq!(ids, ["set-value", "replace", "fade"]);
    assert!(acting.emitter("twice").is_some());
    drop(Acting::<u8, &str> {
        value: 1,
        changed: Emitter::default(),
        inner: Plain { value: 1, all: [1, 2] },
        list: Vec::new(),
        unit: PhantomData,
    });
}
