//! Texts that fit a schema: of a format, or words.

use serde_json::{Map, Value};

use super::chance::Chance;
use super::patterns;

const WORDS: [&str; 12] = [
    "amber", "balcony", "center", "door", "evening", "front", "gallery", "house", "ivory", "lobby",
    "north", "stage",
];

/// How often a text is made that matches a pattern, for one whose length fits.
const TRIES: usize = 20;

/// A text that fits.
pub(super) fn fresh(schema: &Map<String, Value>, chance: &mut Chance) -> String {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    let (from, to) = (length(schema, "minLength"), length(schema, "maxLength"));
    if let Some(pattern) = text("pattern") {
        let fits = |text: &String| {
            let length = text.chars().count();
            from.is_none_or(|from| length >= from) && to.is_none_or(|to| length <= to)
        };
        let mut matching = (0..TRIES).map_while(|_| patterns::matching(pattern, chance));
        if let Some(text) = matching.find(fits) {
            return text;
        }
    }
    let text = match text("format") {
        Some(format) => of_format(format, chance).unwrap_or_else(|| word(chance)),
        None => word(chance),
    };
    fitted(text, from, to)
}

/// Whether texts of this format move on like a clock.
pub(super) fn is_clock(format: &str) -> bool {
    format.contains("time") || format == "date"
}

fn word(chance: &mut Chance) -> String {
    let word = chance.one_of(&WORDS).copied().unwrap_or_default();
    word.to_owned()
}

fn of_format(format: &str, chance: &mut Chance) -> Option<String> {
    let date = |chance: &mut Chance| {
        let (month, day) = (chance.between(1, 12), chance.between(1, 28));
        format!("2026-{month:02}-{day:02}")
    };
    let time = |chance: &mut Chance| {
        let (hour, minute, second) = (
            chance.between(0, 23),
            chance.between(0, 59),
            chance.between(0, 59),
        );
        format!("{hour:02}:{minute:02}:{second:02}")
    };
    let hex = |digits: usize, chance: &mut Chance| {
        let all = format!("{:016x}", chance.draw());
        all.get(..digits).unwrap_or_default().to_owned()
    };
    Some(match format {
        "date" => date(chance),
        "partial-time" => time(chance),
        "time" => format!("{}Z", time(chance)),
        "partial-date-time" => format!("{}T{}", date(chance), time(chance)),
        "date-time" => format!("{}T{}Z", date(chance), time(chance)),
        "duration" => format!("PT{}S", chance.between(1, 600)),
        "uuid" => format!(
            "{}-{}-4{}-a{}-{}",
            hex(8, chance),
            hex(4, chance),
            hex(3, chance),
            hex(3, chance),
            hex(12, chance)
        ),
        "ip" | "ipv4" => format!("192.0.2.{}", chance.between(1, 254)),
        "ipv6" => format!("2001:db8::{}", hex(4, chance).trim_start_matches('0')),
        "hostname" | "idn-hostname" => format!("{}.example", word(chance)),
        "email" | "idn-email" => format!("{}@show.example", word(chance)),
        "uri" | "url" | "iri" | "uri-reference" => format!("https://show.example/{}", word(chance)),
        "color" => format!("#{}", hex(6, chance)),
        _ => return None,
    })
}

pub(super) fn length(schema: &Map<String, Value>, key: &str) -> Option<usize> {
    let length = schema.get(key)?.as_f64()?;
    // More than there is memory for is as good as any.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates"
    )]
    Some(length as usize)
}

/// The longest text that is made, whatever a schema wants.
const LONGEST: usize = 64 << 10;

fn fitted(text: String, from: Option<usize>, to: Option<usize>) -> String {
    let from = from.unwrap_or_default().min(LONGEST);
    let to = to.unwrap_or(usize::MAX);
    let count = text.chars().count();
    if count < from {
        let unit = if text.is_empty() { "x" } else { &text };
        unit.chars().cycle().take(from).collect()
    } else if count > to {
        text.chars().take(to).collect()
    } else {
        text
    }
}
