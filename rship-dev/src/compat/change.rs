//! What differs between two manifests.

use std::fmt;

use serde::Serialize;

/// What an id is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// The service of the executor.
    Service,
    /// An instance.
    Instance,
    /// A target.
    Target,
    /// An action.
    Action,
    /// An emitter.
    Emitter,
}

impl Kind {
    /// Its name in a sentence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Instance => "instance",
            Self::Target => "target",
            Self::Action => "action",
            Self::Emitter => "emitter",
        }
    }
}

/// Something that differs between two manifests.
///
/// `Display` is a sentence, for instance ``action `lamp:set-level`: it was at most 1, and is at most 0.5; take what
/// was taken, or add an action with an id of its own``.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Change {
    /// Whether something that was made for the old device may not work with the new one.
    pub is_breaking: bool,
    /// What the id is of.
    pub kind: Kind,
    /// The id, as it was.
    pub id: String,
    /// Where in the arguments or the value, as `fields.of[].items`; empty when it is about the whole.
    pub path: String,
    /// What was, and what is.
    pub text: String,
    /// What to do about it; empty when it breaks nothing.
    pub mend: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`: ", self.kind.as_str(), self.id)?;
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        write!(f, "{}", self.text)?;
        if !self.mend.is_empty() {
            write!(f, "; {}", self.mend)?;
        }
        Ok(())
    }
}
