//! What the compiler takes away with `cfg_attr` is away, and what it puts there is there: in all places,
//! at any depth.

#![deny(warnings)]

use rship_runtime::prelude::*;

/// A lamp.
#[derive(Target, Default)]
#[cfg_attr(all(), target(name = "Main lamp"), cfg_attr(all(), doc = "At the stage."))]
#[cfg_attr(any(), target(category = "none"))]
struct Lamp {
    /// How bright.
    #[cfg_attr(all(), cfg_attr(all(), emitter(id = "brightness")), doc = "In percent.")]
    #[cfg_attr(any(), doc = "Never.")]
    #[cfg_attr(all(), action(min = 0))]
    #[cfg_attr(any(), action(max = 1))]
    level: f64,
    #[cfg_attr(any(), emitter)]
    #[cfg_attr(not(any()), target)]
    bulb: Bulb,
}

#[derive(Target, Default)]
struct Bulb {
    #[emitter]
    hours: u32,
}

#[actions]
impl Lamp {
    #[action]
    #[cfg_attr(any(), action(name = "Off"))]
    fn there(&self) {}

    #[cfg_attr(all(), cfg_attr(all(), action(id = "nested"), inline))]
    #[cfg_attr(all(), cfg_attr(any(), action(name = "Never")))]
    #[cfg_attr(all(), doc = "Said", doc = " under a condition.")]
    #[cfg_attr(any(), doc = "Never.")]
    fn conditional(&self) {}

    #[action(name = "Twice")]
    #[cfg_attr(any(), action(name = "Never"))]
    #[cfg_attr(all(), action(id = "two"))]
    fn twice(&self) {}

    #[cfg_attr(any(), action)]
    #[cfg_attr(all(), emitter(every = "1s"))]
    fn value(&self) -> u32 {
        1
    }

    #[action]
    fn with(
        &mut self,
        #[cfg_attr(all(), arg(min = 1), cfg_attr(any(), arg(max = 2)))]
        #[cfg_attr(any(), arg(max = 0))]
        #[cfg_attr(all(), doc = "How many.")]
        count: u32,
        #[cfg(any())] gone: Gone,
        #[cfg_attr(all(), cfg(any()))] #[arg(unit = "s")] gone_as_well: Gone,
    ) -> u32 {
        count
    }

    #[cfg_attr(all(), cfg_attr(all(), cfg(any())))]
    #[action(id = "two")]
    fn gone(&self, with: Gone) {}
}

macro_rules! from_a_macro {
    ($name:ident, $ty:ty, $(#[$attr:meta])*) => {
        #[derive(Target, Default)]
        struct $name;

        #[actions]
        impl $name {
            $(#[$attr])*
            #[action]
            #[cfg_attr(all(), action(name = "Captured"))]
            fn set(&mut self, #[cfg(all())] value: $ty) -> $ty {
                value
            }
        }
    };
}

from_a_macro!(Captured, Vec<u8>, #[cfg_attr(all(), doc = "Sets.")]);

mod other_place {
    use rship_runtime as show;

    #[derive(show::Target)]
    #[target(crate = show)]
    pub struct Here;

    #[show::actions(crate = show)]
    impl Here {
        #[cfg_attr(all(), action)]
        fn a(&self) {}
        #[cfg_attr(all(), show::action(id = "bb"))]
        fn b(&self) {}
        #[rship_runtime::action]
        fn c(&self, #[rship_runtime::arg(unit = "s")] d: u8) -> u8 {
            d
        }
        pub fn all(&self) {
            self.a();
            self.b();
            let _ = self.c(self.e());
        }
        #[::rship_runtime::emitter]
        fn e(&self) -> u8 {
            1
        }
    }
}

fn main() {
    let lamp = Lamp::descriptor().unwrap();
    assert_eq!((&*lamp.name, &*lamp.category), ("Main lamp", "target"));
    assert_eq!(lamp.doc.as_deref(), Some("A lamp.\nAt the stage."));
    assert_eq!(lamp.emitters[0].id, "brightness");
    assert_eq!(lamp.emitters[0].doc.as_deref(), Some("How bright.\nIn percent."));
    assert_eq!((lamp.emitters.len(), lamp.sub_targets.len()), (2, 1));
    let set = lamp.action("set-level").unwrap();
    assert!(set.schema["minimum"] == 0.0 && set.schema.get("maximum").is_none());

    let actions: Vec<_> = lamp.actions.iter().map(|action| (&*action.id, &*action.name)).collect();
    assert_eq!(
        actions,
        [
            ("set-level", "Set level"),
            ("there", "There"),
            ("nested", "Conditional"),
            ("two", "Twice"),
            ("with", "With"),
        ]
    );
    let nested = lamp.action("nested").unwrap();
    assert_eq!(nested.doc.as_deref(), Some("Said\nunder a condition."));
    let properties = &lamp.action("with").unwrap().schema["properties"];
    assert_eq!(properties.as_object().unwrap().len(), 1);
    let count = &properties["count"];
    assert!(count["minimum"] == 1 && count["description"] == "How many.");
    assert_eq!(count["maximum"], u32::MAX);

    let captured = Captured::descriptor().unwrap();
    assert_eq!(captured.actions[0].name, "Captured");
    assert_eq!(captured.actions[0].doc.as_deref(), Some("Sets."));

    let here = other_place::Here::descriptor().unwrap();
    let ids: Vec<_> = here.actions.iter().map(|action| &*action.id).collect();
    assert_eq!(ids, ["a", "bb", "c"]);
    assert_eq!(here.emitters[0].id, "e");
    let mut lamp = Lamp::default();
    lamp.there();
    lamp.conditional();
    lamp.twice();
    assert_eq!(lamp.value() + lamp.with(1), 2);
    other_place::Here.all();
    assert_eq!(Captured.set(vec![1]), [1]);
}
