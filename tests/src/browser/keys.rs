//! Keys as the protocol names them.

use serde_json::{Value, json};

const SHIFT: u32 = 8;
const CONTROL: u32 = 2;

/// The two events of a key, as `Enter`, `ArrowDown`, `a`, `Shift+Tab` or `Control+a`.
pub(super) fn press(name: &str) -> [Value; 2] {
    let (modifiers, key) = match name.split_once('+') {
        Some(("Shift", key)) => (SHIFT, key),
        Some(("Control", key)) => (CONTROL, key),
        _ => (0, name),
    };
    let (key, code, number, text) = match key {
        "Enter" => (key, "Enter", 13, Some("\r")),
        "Tab" => (key, "Tab", 9, None),
        "Escape" => (key, "Escape", 27, None),
        "Backspace" => (key, "Backspace", 8, None),
        "Delete" => (key, "Delete", 46, None),
        "PageUp" => (key, "PageUp", 33, None),
        "PageDown" => (key, "PageDown", 34, None),
        "End" => (key, "End", 35, None),
        "Home" => (key, "Home", 36, None),
        "ArrowLeft" => (key, "ArrowLeft", 37, None),
        "ArrowUp" => (key, "ArrowUp", 38, None),
        "ArrowRight" => (key, "ArrowRight", 39, None),
        "ArrowDown" => (key, "ArrowDown", 40, None),
        "Space" => (" ", "Space", 32, Some(" ")),
        text => {
            let character = text.chars().next().unwrap_or_default();
            (
                text,
                "",
                u32::from(character.to_ascii_uppercase()),
                Some(text),
            )
        }
    };
    let mut down = json!({
        "type": "keyDown",
        "key": key,
        "code": code,
        "windowsVirtualKeyCode": number,
        "modifiers": modifiers,
    });
    let mut up = down.clone();
    up["type"] = "keyUp".into();
    match text {
        // With Control a letter is no text.
        Some(text) if modifiers & CONTROL == 0 => down["text"] = text.into(),
        _ => down["type"] = "rawKeyDown".into(),
    }
    if name == "Control+a" {
        down["commands"] = json!(["selectAll"]);
    }
    [down, up]
}
