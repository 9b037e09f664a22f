//! What a core keeps of the frames that come in.

/// A frame that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// The connection that it came on; numbers grow with each, and none is given twice.
    pub client: u64,
    /// What it says; a binary one as JSON.
    pub text: String,
}
