//! Statuses: whether a target, an action or an emitter of one instance can be used now.

use serde::Serialize;

use super::Item;
use crate::id;

/// Whether something can be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It can.
    Online,
    /// It cannot.
    Offline,
}

macro_rules! status {
    ($(#[$doc:meta])* $type:ident, $member:ident, $id:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $type {
            /// Made of the two ids that follow.
            pub id: String,
            /// What the status is of.
            pub $member: String,
            /// The instance that it is the status in.
            pub instance_id: String,
            /// Whether it can be used now.
            pub status: Status,
        }

        impl $type {
            /// The status of something in one instance.
            #[must_use]
            pub fn new(instance: &str, $member: &str, status: Status) -> Self {
                Self {
                    id: $id(instance, $member),
                    $member: $member.to_owned(),
                    instance_id: instance.to_owned(),
                    status,
                }
            }
        }

        impl Item for $type {
            const TYPE: &'static str = stringify!($type);

            fn id(&self) -> &str {
                &self.id
            }
        }
    };
}

status!(
    /// Whether a target of one instance can be used now.
    TargetStatus,
    target_id,
    id::target_status
);
status!(
    /// Whether an action of one instance can be used now (2026).
    ActionStatus,
    action_id,
    id::member_status
);
status!(
    /// Whether an emitter of one instance can be watched now (2026).
    EmitterStatus,
    emitter_id,
    id::member_status
);
