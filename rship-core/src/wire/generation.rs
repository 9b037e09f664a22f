//! The generations of Rocketship servers that are in the field.

use std::fmt;
use std::str::FromStr;

/// A generation of server, named after the year its wire appeared.
///
/// They differ in how an executor learns its client id, in how answers are matched, and in the form
/// of `Action.schema` and `Pulse.id`; everything else is written so that all of them take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// The documented protocol: `client:setId`, `target:action:exec`, schemas as strings.
    V2023,
    /// 2024 to 2025: `SetClientId`, `ExecTargetAction`, answers are awaited.
    V2024,
    /// Myko 6: no set-id command, pings echoed, event batches.
    V2026,
}

impl Generation {
    /// Every generation, oldest first.
    pub const ALL: [Self; 3] = [Self::V2023, Self::V2024, Self::V2026];

    /// The year as it is written on command lines: `2023`, `2024` or `2026`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2023 => "2023",
            Self::V2024 => "2024",
            Self::V2026 => "2026",
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name is not that of a generation of server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a generation of server: expected 2023, 2024 or 2026")]
pub struct UnknownGeneration(pub String);

impl FromStr for Generation {
    type Err = UnknownGeneration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|generation| generation.as_str() == text)
            .ok_or_else(|| UnknownGeneration(text.to_owned()))
    }
}
