//! A generic struct says that it has actions; then all forms of its impl are found, whatever they ask for.

#![deny(warnings)]

use std::marker::PhantomData;

use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Target)]
#[target(actions)]
struct Dimmer<V: Serialize + JsonSchema + Send + 'static = f64> {
    #[emitter]
    level: V,
}

#[actions]
impl<V: Serialize + JsonSchema + Send + Clone + 'static> Dimmer<V> {
    #[action]
    fn bound(&mut self) -> V {
        self.level.clone()
    }

    #[action]
    async fn handle(this: Handle<Self>) -> Option<V> {
        this.lock().await.level.clone().into()
    }
}

#[derive(Target)]
#[target(actions)]
struct Fader<V: Send + 'static = f64> {
    level: V,
}

type Lamp = Fader<f64>;

#[actions]
impl Lamp {
    #[action]
    fn alias(&mut self) -> f64 {
        self.level
    }
}

#[actions]
impl Fader<u8> {
    #[action]
    fn another_case(&mut self) -> u8 {
        self.level
    }
}

#[derive(Target)]
#[target(actions)]
struct Strip<V: Send + 'static = f64> {
    level: V,
}

#[actions]
impl Strip {
    #[action]
    fn default_parameter(&mut self) -> f64 {
        self.level
    }
}

#[derive(Target)]
#[target(actions)]
struct Two<A: Send + 'static, B: Send + 'static> {
    both: PhantomData<(A, B)>,
}

#[actions]
impl<A: Send + 'static> Two<A, A> {
    #[action]
    fn same_twice(&mut self) {}
}

#[derive(Target)]
#[target(actions)]
struct Buffer<const N: usize>;

#[actions]
impl<const N: usize> Buffer<{ N }> {
    #[action]
    fn braces(&mut self) {}
}

#[derive(Target)]
struct Rack {
    #[target]
    dimmers: Vec<Dimmer<u8>>,
    #[target]
    lamp: Lamp,
}

fn ids<T: Target>() -> Vec<String> {
    let descriptor = T::descriptor().unwrap();
    descriptor.actions.iter().map(|action| action.id.clone()).collect()
}

fn main() {
    assert_eq!(ids::<Dimmer>(), ["bound", "handle"]);
    assert_eq!(ids::<Lamp>(), ["alias"]);
    assert_eq!(ids::<Fader<u8>>(), ["another-case"]);
    assert_eq!(ids::<Strip>(), ["default-parameter"]);
    assert_eq!(ids::<Two<u8, u8>>(), ["same-twice"]);
    assert_eq!(ids::<Buffer<3>>(), ["braces"]);
    assert!(ids::<Rack>().is_empty());
    assert_eq!(Dimmer { level: 1_u8 }.bound(), 1);
    assert_eq!(Fader { level: 1.0 }.alias(), 1.0);
    assert_eq!(Fader { level: 1_u8 }.another_case(), 1);
    assert_eq!(Strip { level: 1.0 }.default_parameter(), 1.0);
    Two::<u8, u8> { both: PhantomData }.same_twice();
    Buffer::<1>.braces();
    drop(Rack { dimmers: Vec::new(), lamp: Fader { level: 0.0 } });
}
