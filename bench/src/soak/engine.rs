//! How the soak's executor is set up: short limits, so that each is reached within a turn.

use rship_runtime::Builder;

/// Whether the engine bounds what waits in bytes, refuses values that are too large, and ends what never ends. What
/// one without that cannot survive is left out.
pub(super) const BOUNDED: bool = false;

/// Sets the limits.
pub(super) fn configure(builder: Builder) -> Builder {
    builder
}
