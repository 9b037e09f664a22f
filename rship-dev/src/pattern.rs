//! Ids as a user writes them: whole, or with `*` for any text and `?` for any one character.

/// Whether an id is one that the pattern means.
pub(crate) fn matches(pattern: &str, id: &str) -> bool {
    let (pattern, id): (Vec<char>, Vec<char>) = (pattern.chars().collect(), id.chars().collect());
    let (mut at, mut in_id) = (0, 0);
    // Behind the last `*`, and how much of the id that one takes.
    let mut star: Option<(usize, usize)> = None;
    while in_id < id.len() {
        match pattern.get(at) {
            Some('*') => {
                at += 1;
                star = Some((at, in_id));
            }
            Some(wanted) if *wanted == '?' || *wanted == id[in_id] => {
                at += 1;
                in_id += 1;
            }
            _ => {
                let Some((behind, taken)) = star else {
                    return false;
                };
                star = Some((behind, taken + 1));
                at = behind;
                in_id = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|left| *left == '*')
}

/// Whether an id is one that any of the patterns means.
pub(crate) fn any_matches(patterns: &[String], id: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text_and_a_question_mark_one_character() {
        for (pattern, id) in [
            ("hub", "hub"),
            ("*", ""),
            ("*", "hub.outputs.1"),
            ("hub.outputs.?", "hub.outputs.1"),
            ("hub.*:input", "hub.outputs.1:input"),
            ("*a*b", "xaxbxab"),
            ("ü?", "üü"),
        ] {
            assert!(matches(pattern, id), "{pattern} {id}");
        }
        for (pattern, id) in [
            ("hub", "hub.outputs.1"),
            ("", "hub"),
            ("hub.outputs.?", "hub.outputs.10"),
            ("*:input", "hub:inputs"),
            ("?", ""),
        ] {
            assert!(!matches(pattern, id), "{pattern} {id}");
        }
    }
}
