//! How a frame is written: as text or as bytes.

use std::fmt;
use std::str::FromStr;

/// How frames are written to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// JSON in text frames, which every server reads.
    #[default]
    Json,
    /// CBOR in binary frames, which 2026 servers read and then answer in.
    Cbor,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: [Self; 2] = [Self::Json, Self::Cbor];

    /// The name as it is written in configurations: `json` or `cbor`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Cbor => "cbor",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name is not that of an encoding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an encoding: expected json or cbor")]
pub struct UnknownEncoding(pub String);

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|encoding| encoding.as_str() == text)
            .ok_or_else(|| UnknownEncoding(text.to_owned()))
    }
}
