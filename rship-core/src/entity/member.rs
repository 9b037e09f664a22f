//! Actions and emitters: the members of a target.

use serde::Serialize;
use serde_json::Value;

use super::Item;

/// Something a target can be told to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// `TARGET:ACTION`.
    pub id: String,
    /// What people read.
    pub name: String,
    /// The target it belongs to.
    pub target_id: String,
    /// The service it belongs to.
    pub service_id: String,
    /// The JSON Schema of its payload, in the profile; written as a string for a 2023 server.
    pub schema: Value,
    /// The emitter whose state it sets (2026).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writes_to: Option<WritesTo>,
    /// In what order and under which headings a form shows the payload's fields (2026).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schema_layout: Vec<LayoutField>,
}

impl Item for Action {
    const TYPE: &'static str = "Action";

    fn id(&self) -> &str {
        &self.id
    }
}

/// A field of a payload, as a form shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayoutField {
    /// The field's path in the payload.
    pub path: String,
    /// What people read in place of the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The heading it stands under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
}

/// The emitter whose state an action sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WritesTo {
    /// `TARGET:EMITTER`.
    pub emitter_id: String,
    /// `canonical`: the writer that takes what the emitter publishes; `aux`: any other.
    pub role: &'static str,
}

/// Something of a target that can be watched.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Emitter {
    /// `TARGET:EMITTER`.
    pub id: String,
    /// What people read.
    pub name: String,
    /// The target it belongs to.
    pub target_id: String,
    /// The service it belongs to.
    pub service_id: String,
    /// The JSON Schema of its values, in the profile.
    pub schema: Value,
}

impl Item for Emitter {
    const TYPE: &'static str = "Emitter";

    fn id(&self) -> &str {
        &self.id
    }
}
