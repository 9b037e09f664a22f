//! Documentation is shown as it is read in the source, whichever way it is written.

#![deny(warnings)]

use rship_runtime::prelude::*;

#[doc = include_str!("documentation.md")]
/// And a line.
#[derive(Target, Default)]
struct Lamp {
    #[doc = concat!("How bright", " in ", "percent.")]
    #[emitter]
    level: u8,
    /**
     * Modes:
     *
     * * a
     *   - b
     */
    #[emitter]
    edge: u8,
    /** Modes:
        * a
          - b
     */
    #[emitter]
    list: u8,
    /**
        Code:

            level = 1
    */
    #[emitter]
    code: u8,
}

#[actions]
impl Lamp {
    #[doc = include_str!("documentation.md")]
    #[action]
    fn set(&mut self, #[doc = concat!("How ", "bright")] #[arg(unit = "%")] level: u8) {
        self.level = level;
    }
}

fn main() {
    let lamp = Lamp::descriptor().unwrap();
    let file = "# A lamp\n\n  * dims";
    assert_eq!(lamp.doc, Some(format!("{file}\n\nAnd a line.")));
    let doc = |id: &str| lamp.emitter(id).unwrap().doc.clone().unwrap();
    assert_eq!(doc("level"), "How bright in percent.");
    assert_eq!(doc("edge"), "Modes:\n\n* a\n  - b");
    assert_eq!(doc("list"), "Modes:\n* a\n- b".replace("\n-", "\n  -"));
    assert_eq!(doc("code"), "Code:\n\n    level = 1");
    let set = lamp.action("set").unwrap();
    assert_eq!(set.doc.as_deref(), Some(file));
    let level = &set.schema["properties"]["level"];
    assert_eq!(level["description"], "How bright\nUnit: %.");
    Lamp::default().set(1);
}
