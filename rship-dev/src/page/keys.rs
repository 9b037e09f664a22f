//! What the page calls things by: keys that hold over reconnects, and say where the thing is.

use std::fmt::Write as _;

/// What a key means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// Of an instance `i`, a target `t`, an action `a`, an emitter `e`.
    kind: char,
    /// The instance in which it is; `None` for what is in no instance.
    pub(crate) instance: Option<String>,
    /// The id of the target, action or emitter; of an instance empty.
    pub(crate) id: String,
}

pub(crate) fn of_instance(instance: &str) -> String {
    format!("i/{}", escaped(instance))
}

pub(crate) fn of_target(instance: Option<&str>, id: &str) -> String {
    key('t', instance, id)
}

pub(crate) fn of_action(instance: Option<&str>, id: &str) -> String {
    key('a', instance, id)
}

pub(crate) fn of_emitter(instance: Option<&str>, id: &str) -> String {
    key('e', instance, id)
}

/// Reads the key of a thing of that kind.
pub(crate) fn read(kind: char, key: &str) -> Option<Key> {
    let mut parts = key.split('/');
    let (found, instance, id) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || found.len() != 1 || !found.starts_with(kind) {
        return None;
    }
    Some(Key {
        kind,
        // An id is never empty.
        instance: (!instance.is_empty()).then(|| plain(instance)),
        id: plain(id),
    })
}

fn key(kind: char, instance: Option<&str>, id: &str) -> String {
    format!(
        "{kind}/{}/{}",
        escaped(instance.unwrap_or_default()),
        escaped(id)
    )
}

/// An id in which a `/` is no end.
fn escaped(id: &str) -> String {
    let mut escaped = String::with_capacity(id.len());
    for character in id.chars() {
        match character {
            '%' | '/' => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "%{:02x}", u32::from(character));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

fn plain(escaped: &str) -> String {
    escaped.replace("%2f", "/").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_where_a_thing_is_whatever_its_id_holds() {
        for (instance, id) in [
            (Some("i"), "t"),
            (Some("a/b"), "c"),
            (Some("a"), "b/c"),
            (Some("%2f"), "a:b%/"),
            (None, "t"),
        ] {
            let key = of_target(instance, id);
            let read = read('t', &key).unwrap();
            assert_eq!((read.instance.as_deref(), read.id.as_str()), (instance, id));
        }
        assert_ne!(of_target(Some("a/b"), "c"), of_target(Some("a"), "b/c"));
        for bad in ["", "t", "t/i", "t/i/a/b", "e/i/a", "tt/i/a"] {
            assert_eq!(read('t', bad), None, "{bad}");
        }
    }
}
