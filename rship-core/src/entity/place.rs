//! Where a target stands in the room and in the network (2026).

use serde::Serialize;

use super::Item;
use crate::id;

/// Where a target of one instance stands, in the instance's coordinate space.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetLayout {
    /// `INSTANCE:TARGET`.
    pub id: String,
    /// What stands there.
    pub target_id: String,
    /// The instance that it is the place in.
    pub instance_id: String,
    /// Where.
    pub position: Position,
}

/// A point in the instance's coordinate space, in its units.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Position {
    /// To the right.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// Forward.
    pub z: f64,
}

impl TargetLayout {
    /// The place of a target in one instance.
    #[must_use]
    pub fn new(instance: &str, target: &str, position: Position) -> Self {
        Self {
            id: id::target_status(instance, target),
            target_id: target.to_owned(),
            instance_id: instance.to_owned(),
            position,
        }
    }
}

impl Item for TargetLayout {
    const TYPE: &'static str = "TargetLayout";

    fn id(&self) -> &str {
        &self.id
    }
}

/// What a target of one instance is for the time being: parents besides its own, and its role.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetTopology {
    /// `INSTANCE:TARGET`.
    pub id: String,
    /// The target.
    pub target_id: String,
    /// The instance that this holds in.
    pub instance_id: String,
    /// Further parents; never null.
    pub ephemeral_parent_target_ids: Vec<String>,
    /// What it is there for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

impl TargetTopology {
    /// The topology of a target in one instance.
    #[must_use]
    pub fn new(instance: &str, target: &str, parents: Vec<String>, role: Option<String>) -> Self {
        Self {
            id: id::target_status(instance, target),
            target_id: target.to_owned(),
            instance_id: instance.to_owned(),
            ephemeral_parent_target_ids: parents,
            role,
        }
    }
}

impl Item for TargetTopology {
    const TYPE: &'static str = "TargetTopology";

    fn id(&self) -> &str {
        &self.id
    }
}
