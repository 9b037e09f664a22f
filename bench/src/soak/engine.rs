//! How the soak's executor is set up: short limits, so that each is reached within a turn.

use std::time::Duration;

use rship_runtime::Builder;

/// Sets the limits.
pub(super) fn configure(builder: Builder) -> Builder {
    builder
        .action_timeout(Duration::from_secs(1))
        .read_back(Some(Duration::from_secs(3)))
}
