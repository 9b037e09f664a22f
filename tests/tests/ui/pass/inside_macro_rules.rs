//! Captures of `macro_rules!` come in invisible groups, which must not show.

use rship_runtime::prelude::*;

macro_rules! device {
    (
        $(#[$meta:meta])*
        $name:ident: $label:literal in $color:expr;
        impulse $impulse:ident: $impulse_ty:ty;
        state $state:ident: $state_ty:ty = $min:literal..$max:expr;
        long $handle:ty;
        action $action:ident($($arg:ident: $arg_ty:ty = $default:expr),*) $body:block
        every $every:literal
        crate $krate:path
    ) => {
        $(#[$meta])*
        #[derive(Target)]
        #[target(name = $label, bg_color = $color, crate = $krate)]
        struct $name {
            #[emitter(name = $label)]
            $impulse: $impulse_ty,
            #[emitter]
            #[action(min = $min, max = $max)]
            $state: $state_ty,
        }

        #[actions(crate = $krate)]
        impl $name {
            #[action]
            fn $action(&mut self, $(#[arg(min = $min, default = $default)] $arg: $arg_ty),*) $body

            #[action]
            async fn fade(_this: $handle, seconds: f64) -> f64 { seconds }

            #[emitter(every = $every)]
            fn seen(&self) -> $state_ty { self.$state }
        }
    };
}

device! {
    /// A device from a macro.
    Made: "Made by a macro" in "#102030";
    impulse hit: Emitter<u8>;
    state level: f64 = 0..12;
    long Handle<Self>;
    action nudge(by: f64 = 1, times: u8 = 2) { let _ = (by, times); }
    every "250ms"
    crate rship_runtime
}

macro_rules! whole {
    ($($item:item)*) => { $($item)* };
}

whole! {
    #[derive(Target)]
    struct Passed {
        #[emitter]
        level: f64,
    }

    #[actions]
    impl Passed {
        #[action]
        fn dim(&mut self, level: f64) { self.level = level; }
    }
}

fn main() {
    let made = Made::descriptor().unwrap();
    assert_eq!(made.name, "Made by a macro");
    assert_eq!(made.doc.as_deref(), Some("A device from a macro."));
    assert_eq!(made.bg_color.as_deref(), Some("#102030"));
    assert!(!made.emitter("hit").unwrap().kind.is_state());
    assert_eq!(made.action("set-level").unwrap().schema["maximum"], 12.0);
    assert_eq!(made.actions.len(), 3);
    assert_eq!(Passed::descriptor().unwrap().actions.len(), 1);
    let _ = Made { hit: Emitter::default(), level: 0.0 };
}
