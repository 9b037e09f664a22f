//! Instances of a service, and the machines they run on.

use serde::Serialize;

use super::Item;

/// One running instance of a service.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// Unique and stable over restarts.
    pub id: String,
    /// What people read.
    pub name: String,
    /// The service that this is an instance of.
    pub service_id: String,
    /// The kind of service; servers group by it.
    pub service_type_code: String,
    /// `#rrggbb`.
    pub color: String,
    /// The host's name.
    pub machine_id: String,
    /// How the instance is doing.
    pub status: InstanceStatus,
    /// The id the server gave this connection; a 2026 server writes its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Instances of one cluster stand in for each other (2026); left out, the instance stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// A remark on the status (2026).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Item for Instance {
    const TYPE: &'static str = "Instance";

    fn id(&self) -> &str {
        &self.id
    }
}

/// How an instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum InstanceStatus {
    /// On its way up.
    Starting,
    /// Ready for commands.
    Available,
    /// On its way down.
    Stopping,
    /// Not reachable.
    Unavailable,
    /// Something is wrong; the message says what.
    Error,
}

/// A computer that instances run on. A 2026 server makes it when an instance is registered with the
/// command `RegisterInstance`; older ones have `Instance.machineId` alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// The host's name.
    pub id: String,
    /// What people read.
    pub name: String,
    /// The name it is resolved by.
    pub dns_name: String,
    /// The program that speaks for it.
    pub exec_name: String,
    /// Its network addresses; never null.
    pub addresses: Vec<String>,
}

impl Item for Machine {
    const TYPE: &'static str = "Machine";

    fn id(&self) -> &str {
        &self.id
    }
}
