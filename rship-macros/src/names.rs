//! What the show sees of a Rust name: ids in kebab-case, names in sentence case.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;

/// The name without `r#` and without leading underscores, which only silence the compiler.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string().trim_start_matches('_').to_owned()
}

/// How the field of this name is reached: `type` as `r#type`; `None` when no field can have it.
pub(crate) fn field(name: &Ident) -> Option<Ident> {
    if syn::parse2::<Ident>(name.to_token_stream()).is_ok() {
        return Some(name.clone());
    }
    let never = ["self", "Self", "super", "crate", "_"];
    (!never.iter().any(|word| name == word))
        .then(|| Ident::new_raw(&name.unraw().to_string(), name.span()))
}

/// `set_stock` and `SetStock` as `set-stock`.
pub(crate) fn kebab(name: &str) -> String {
    words(name)
        .iter()
        .map(|word| word.to_lowercase())
        .collect::<Vec<_>>()
        .join("-")
}

/// `set_stock` and `SetStock` as `Set stock`; acronyms stay as they are.
pub(crate) fn sentence(name: &str) -> String {
    let mut sentence = String::new();
    for word in words(name) {
        if !sentence.is_empty() {
            sentence.push(' ');
        }
        let acronym = word.chars().count() > 1 && !word.chars().any(char::is_lowercase);
        if acronym {
            sentence.push_str(&word);
        } else {
            sentence.push_str(&word.to_lowercase());
        }
    }
    let mut chars = sentence.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => sentence,
    }
}

/// The words of a name in snake_case or CamelCase; digits stay with the word before them.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let chars: Vec<char> = name.chars().collect();
    for (index, &c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| chars.get(before));
        let after = chars.get(index + 1);
        // In `HTTPServer` the second word begins at the last capital letter.
        let begins = c.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase())
            });
        if c == '_' || begins {
            words.push(String::new());
        }
        if c != '_'
            && let Some(word) = words.last_mut()
        {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The candidate that `text` was probably meant to be.
pub(crate) fn nearest<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let near = candidates
        .clone()
        .into_iter()
        .map(|candidate| (distance(text, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    near.or_else(|| {
        candidates.into_iter().find(|candidate| {
            candidate.len() >= 3 && (text.starts_with(candidate) || candidate.starts_with(text))
        })
    })
}

/// How many letters must be changed, added, removed or exchanged with the next to make `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut least = changed.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(table[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    table[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::format_ident;

    #[test]
    fn ids_are_kebab_case_of_the_rust_name() {
        for (name, id) in [
            ("set_stock", "set-stock"),
            ("BananaStand", "banana-stand"),
            ("HTTPServer", "http-server"),
            ("cpu0", "cpu0"),
            ("cpu_0", "cpu-0"),
            ("Cpu0Load", "cpu0-load"),
            ("parseXML", "parse-xml"),
            ("a__b_", "a-b"),
            ("größe", "größe"),
            ("ÄußereTür", "äußere-tür"),
            ("X", "x"),
        ] {
            assert_eq!(kebab(name), id);
        }
    }

    #[test]
    fn names_are_sentence_case_and_keep_acronyms() {
        for (name, sentence_case) in [
            ("fill_with_money", "Fill with money"),
            ("BananaStand", "Banana stand"),
            ("HTTPServer", "HTTP server"),
            ("cpu0", "Cpu0"),
            ("a", "A"),
            ("ülk", "Ülk"),
        ] {
            assert_eq!(sentence(name), sentence_case);
        }
    }

    #[test]
    fn raw_identifiers_and_leading_underscores_do_not_show() {
        assert_eq!(plain(&format_ident!("r#type")), "type");
        assert_eq!(plain(&format_ident!("_unused")), "unused");
    }

    #[test]
    fn a_field_is_reached_by_any_name_that_it_can_have() {
        let reached = |name: &str| field(&format_ident!("{name}")).map(|ident| ident.to_string());
        assert_eq!(reached("level").as_deref(), Some("level"));
        assert_eq!(reached("type").as_deref(), Some("r#type"));
        assert_eq!(reached("r#type").as_deref(), Some("r#type"));
        for name in ["self", "Self", "super", "crate", "_"] {
            assert_eq!(reached(name), None);
        }
    }

    #[test]
    fn a_slip_finds_the_word_that_was_meant() {
        let words = ["name", "category", "bg_color", "fg_color", "id", "key"];
        assert_eq!(nearest("catgory", words), Some("category"));
        assert_eq!(nearest("bg_colour", words), Some("bg_color"));
        assert_eq!(nearest("ids", words), Some("id"));
        assert_eq!(nearest("nmae", words), Some("name"));
        assert_eq!(nearest("minimum", ["max", "min"]), Some("min"));
        assert_eq!(nearest("weather", words), None);
    }
}
