//! `crate = path` says where the crate is, whatever it is called.

extern crate rship_runtime as show;

use show::prelude::*;

mod vendor {
    pub mod rship {
        pub use ::rship_runtime::*;
    }
}

#[derive(Target)]
#[target(crate = show)]
struct Renamed {
    #[emitter]
    level: f64,
    #[target]
    part: reached_through_a_module::Part,
}

#[actions(crate = show)]
impl Renamed {
    #[action]
    fn dim(&mut self, level: f64) {
        self.level = level;
    }
}

mod reached_through_a_module {
    use super::vendor::rship::prelude::*;

    #[derive(Target)]
    #[target(crate = super::vendor::rship)]
    pub struct Part {
        #[emitter]
        pub level: f64,
    }

    #[actions(crate = crate::vendor::rship)]
    impl Part {
        #[action]
        async fn dim(&mut self, level: f64) {
            self.level = level;
        }
    }
}

fn main() {
    assert_eq!(Renamed::descriptor().unwrap().actions.len(), 1);
    assert_eq!(reached_through_a_module::Part::descriptor().unwrap().actions.len(), 1);
}
