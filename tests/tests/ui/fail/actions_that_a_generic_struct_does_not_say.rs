#![allow(unused)]

use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Target)]
struct Dimmer<V: Serialize + JsonSchema + Send + 'static> {
    #[emitter]
    level: V,
}

#[actions]
impl<V: Serialize + JsonSchema + Send + Clone + 'static> Dimmer<V> {
    #[action]
    fn bound(&mut self) {}
}

type Lamp = Fader<f64>;

#[derive(Target)]
struct Fader<V: Serialize + JsonSchema + Send + 'static> {
    #[emitter]
    level: V,
}

#[actions]
impl Lamp {
    #[action]
    fn alias(&mut self) {}
}

#[derive(Target)]
struct Strip<V: Serialize + JsonSchema + Send + 'static = f64> {
    #[emitter]
    level: V,
}

#[actions]
impl Strip {
    #[action]
    fn default_parameter(&mut self) {}
}

#[derive(Target)]
struct Two<A: Send + 'static, B: Send + 'static> {
    both: std::marker::PhantomData<(A, B)>,
}

#[actions]
impl<A: Send + 'static> Two<A, A> {
    #[action]
    fn same_twice(&mut self) {}
}

#[derive(Target)]
struct Buffer<const N: usize>;

#[actions]
impl<const N: usize> Buffer<{ N }> {
    #[action]
    fn braces(&mut self) {}
}

#[derive(Target)]
struct Same<V: Send + 'static> {
    value: V,
}

#[actions]
impl<V: Send + 'static> Same<V> {
    #[action]
    fn the_very_bounds_of_the_struct(&mut self) {}
}

fn main() {}
