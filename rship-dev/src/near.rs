//! Names that look like one that is not there.

/// How many are worth showing.
const SHOWN: usize = 5;
/// How alike two names have to be, 1 being the same.
const ALIKE: f64 = 0.6;

/// The names that look most like `wanted`, nearest first.
pub(crate) fn names<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<_> = known
        .map(|name| {
            let lower = name.to_lowercase();
            let last = lower.rsplit(':').next().unwrap_or_default();
            // A name given without its target, or cut short, is as good as a misspelled one.
            let part = if !wanted.is_empty() && (lower.contains(&wanted) || wanted.ends_with(last))
            {
                0.9
            } else {
                0.0
            };
            let score = strsim::normalized_damerau_levenshtein(&wanted, &lower)
                .max(strsim::normalized_damerau_levenshtein(&wanted, last))
                .max(part);
            (score, name)
        })
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    scored.sort_by(|one, other| other.0.total_cmp(&one.0));
    scored
        .into_iter()
        .take(SHOWN)
        .map(|(_, name)| name.to_owned())
        .collect()
}

/// The tail of an error about a name: ``; did you mean `a` or `b`?``, or nothing.
pub(crate) fn did_you_mean(near: &[String]) -> String {
    let quoted: Vec<_> = near.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        many => format!("; did you mean {}?", many.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_short_forms_and_other_targets_are_near() {
        let known = [
            "banana-stand:burn",
            "banana-stand:sell",
            "cash-register:open",
        ];
        assert_eq!(
            names("banana-stand:brun", known.into_iter())[0],
            "banana-stand:burn"
        );
        assert_eq!(names("sell", known.into_iter()), ["banana-stand:sell"]);
        assert_eq!(names("open", known.into_iter()), ["cash-register:open"]);
        assert!(names("zzz", known.into_iter()).is_empty());
        assert_eq!(did_you_mean(&[]), "");
        assert_eq!(
            did_you_mean(&["a".into(), "b".into()]),
            "; did you mean `a` or `b`?"
        );
    }
}
