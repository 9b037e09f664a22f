//! Targets: what can be controlled.

use serde::Serialize;

use super::Item;

/// One thing that can be controlled, with the ids of what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Unique and stable over restarts.
    pub id: String,
    /// What people read.
    pub name: String,
    /// The service it belongs to.
    pub service_id: String,
    /// The group a server shows it in.
    pub category: String,
    /// Its actions.
    pub action_ids: Vec<String>,
    /// Its emitters.
    pub emitter_ids: Vec<String>,
    /// Its children: how servers before 2026 learn of the tree.
    pub sub_targets: Vec<String>,
    /// Its parents: how 2026 servers learn of the tree; never null.
    pub parent_targets: Vec<String>,
    /// Background color, `#rrggbb`.
    pub bg_color: String,
    /// Foreground color, `#rrggbb`.
    pub fg_color: String,
    /// Whether it has no parent.
    pub root_level: bool,
    /// When its description last changed, RFC 3339.
    #[serde(skip)]
    pub last_updated: String,
}

impl Item for Target {
    const TYPE: &'static str = "Target";

    fn id(&self) -> &str {
        &self.id
    }

    // A restart is not a change: with the time in it, the hash would hide nothing from anybody.
    fn volatile(&self) -> Option<(&'static str, &str)> {
        Some(("lastUpdated", &self.last_updated))
    }
}
