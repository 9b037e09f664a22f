//! Ids: how they are put together from the parts a device names.

use std::fmt::Write as _;

/// A part of an id that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The id has no characters.
    #[error("an id must not be empty")]
    Empty,
    /// The id contains `:`, which separates a target from its actions and emitters.
    #[error("the id `{0}` must not contain `:`, which separates a target from its members")]
    Colon(String),
    /// The id contains a control character; servers strip some of them, which changes the id.
    #[error("the id {0:?} must not contain control characters")]
    Control(String),
}

/// Checks an id, or a part of one, that a user gave.
///
/// # Errors
/// When it is empty, contains `:` or a control character.
pub fn check(id: &str) -> Result<(), IdError> {
    if id.is_empty() {
        Err(IdError::Empty)
    } else if id.contains(':') {
        Err(IdError::Colon(id.to_owned()))
    } else if id.chars().any(char::is_control) {
        Err(IdError::Control(id.to_owned()))
    } else {
        Ok(())
    }
}

/// The id of a sub-target that is a field of its own: `PARENT.FIELD`.
#[must_use]
pub fn sub_target(parent: &str, field: &str) -> String {
    format!("{parent}.{field}")
}

/// The id of a member of an array or a map of sub-targets: `PARENT.FIELD.KEY`, or `ID.KEY` where the field
/// was given a whole id.
///
/// Keys come from the device at run time (a disk's mount point, a serial number), so characters that
/// an id must not have are percent-encoded instead of refused; different keys stay different.
#[must_use]
pub fn keyed(field: &str, key: &str) -> String {
    let mut id = format!("{field}.");
    push_key(&mut id, key);
    id
}

fn push_key(id: &mut String, key: &str) {
    for c in key.chars() {
        if c == ':' || c == '%' || c.is_control() {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(id, "%{byte:02X}");
            }
        } else {
            id.push(c);
        }
    }
}

/// The id of an action or an emitter: `TARGET:MEMBER`.
#[must_use]
pub fn member(target: &str, member: &str) -> String {
    format!("{target}:{member}")
}

/// The id of a target's status in one instance: `INSTANCE:TARGET`.
#[must_use]
pub fn target_status(instance: &str, target: &str) -> String {
    format!("{instance}:{target}")
}

/// The id of an action's or emitter's status in one instance: `LEN:INSTANCE:MEMBER`, where `LEN` is
/// the length of the instance's id in bytes.
#[must_use]
pub fn member_status(instance: &str, member: &str) -> String {
    format!("{}:{instance}:{member}", instance.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_id_a_colon_and_a_control_character_are_refused() {
        assert_eq!(check(""), Err(IdError::Empty));
        assert_eq!(check("a:b"), Err(IdError::Colon("a:b".into())));
        assert_eq!(check("a\0b"), Err(IdError::Control("a\0b".into())));
        assert_eq!(check("banana-stand.register"), Ok(()));
    }

    #[test]
    fn keys_that_differ_give_ids_that_differ() {
        assert_eq!(keyed("pc.disks", "C:"), "pc.disks.C%3A");
        assert_eq!(keyed("pc.disks", "C%3A"), "pc.disks.C%253A");
        assert_eq!(keyed("pc.disks", "/mnt/ä"), "pc.disks./mnt/ä");
    }

    #[test]
    fn the_status_of_a_member_counts_bytes_of_the_instance_id() {
        assert_eq!(member_status("büro", "t:a"), "5:büro:t:a");
    }
}
