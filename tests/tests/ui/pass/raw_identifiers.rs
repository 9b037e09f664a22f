//! Names that are keywords lose their `r#` on the way out.

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(key = "type")]
struct Door {
    #[emitter]
    #[action]
    r#type: String,
    #[target(key = "type")]
    r#box: Vec<Door>,
}

#[actions]
impl Door {
    #[action]
    fn r#move(&mut self, r#in: f64, #[arg(min = 0)] r#fn: Option<u8>) -> f64 {
        r#in + f64::from(r#fn.unwrap_or(0))
    }

    #[emitter]
    fn r#loop(&self) -> bool {
        true
    }
}

fn main() {
    let door = Door::descriptor().unwrap();
    let actions: Vec<_> = door.actions.iter().map(|action| action.id.as_str()).collect();
    assert_eq!(actions, ["set-type", "move"]);
    let emitters: Vec<_> = door.emitters.iter().map(|emitter| emitter.id.as_str()).collect();
    assert_eq!(emitters, ["type", "loop"]);
    assert_eq!(door.sub_targets[0].field, "box");
    let properties = &door.action("move").unwrap().schema["properties"];
    assert!(properties.get("in").is_some() && properties.get("fn").is_some());
    let mut door = Door { r#type: String::new(), r#box: Vec::new() };
    assert_eq!(door.r#move(1.0, None), 1.0);
}
