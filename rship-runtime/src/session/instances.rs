//! Our own instances as the server has them: another program that registers one of them takes it over,
//! and takes it offline when it leaves.

use std::collections::{HashSet, VecDeque};

use serde_json::Value;

use crate::journal::{shown, tell};

/// Client ids of our own connections that are remembered: a server may not have noticed yet that an
/// earlier one is gone.
const REMEMBERED: usize = 16;

/// What is known of our instances on the server.
#[derive(Default)]
pub(super) struct Known {
    /// The client ids of our connections, the newest last.
    own: VecDeque<String>,
    /// The client id of this connection.
    current: Option<String>,
    /// Others of which the log has spoken.
    said: HashSet<(String, String)>,
    /// Whether the server has an instance of ours as one that is gone.
    lost: bool,
}

/// Whether our instances are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Ours,
    /// The server takes one for gone: everything has to be told once more.
    Lost,
}

impl Known {
    /// A connection begins.
    pub(super) fn begin(&mut self) {
        self.current = None;
        self.lost = false;
    }

    /// What the server calls this connection, where it says so.
    pub(super) fn client_id(&mut self, id: Option<&str>) {
        self.lost = false;
        if let Some(id) = id {
            self.remember(id);
        }
    }

    /// The server has read our instances: whose they are now, we are.
    pub(super) fn online(&mut self, instances: Vec<Value>) {
        if self.current.is_none()
            && let Some(id) = instances.iter().find_map(client_of)
        {
            self.remember(id);
        }
    }

    fn remember(&mut self, id: &str) {
        self.current = Some(id.to_owned());
        if !self.own.iter().any(|own| own == id) {
            self.own.push_back(id.to_owned());
            if self.own.len() > REMEMBERED {
                self.own.pop_front();
            }
        }
    }

    /// Whether everything has to be told once more.
    pub(super) fn wants_everything(&self) -> bool {
        self.lost
    }

    /// Looks at our instances as the server has them; `announced` when it was told of them.
    pub(super) fn judge(&mut self, instances: &[Value], announced: bool) -> Standing {
        for instance in instances {
            let id = instance["id"].as_str().unwrap_or_default();
            let available = instance["status"] == "Available";
            if let Some(client) = client_of(instance)
                && available
                && !self.own.iter().any(|own| own == client)
                && (self.current.is_some() || !announced)
                && self.said.insert((id.to_owned(), client.to_owned()))
            {
                let machine = instance["machineId"].as_str().unwrap_or("an unknown machine");
                tell(&format!(
                    "another connection (client `{}`, on {}) registered instance `{}` as well: commands go to \
                     the one that came last; give each program an instance id of its own, unless one of them \
                     is about to end",
                    shown(client),
                    shown(machine),
                    shown(id)
                ));
            }
            self.lost |= announced && !available;
        }
        if self.lost {
            Standing::Lost
        } else {
            Standing::Ours
        }
    }
}

fn client_of(instance: &Value) -> Option<&str> {
    instance["clientId"].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn instance(client: &str, status: &str) -> Value {
        json!({"id": "stand-1", "clientId": client, "status": status, "machineId": "pier"})
    }

    #[test]
    fn an_instance_that_another_program_takes_offline_is_told_once_more() {
        let mut known = Known::default();
        known.begin();
        assert_eq!(known.judge(&[], false), Standing::Ours);
        known.online(vec![instance("me", "Available")]);
        let theirs = instance("them", "Available");
        assert_eq!(known.judge(std::slice::from_ref(&theirs), true), Standing::Ours);
        assert_eq!(known.said.len(), 1);
        known.judge(&[theirs], true);
        assert_eq!(known.said.len(), 1, "it is said once");
        assert_eq!(known.judge(&[instance("them", "Unavailable")], true), Standing::Lost);
    }

    #[test]
    fn an_earlier_connection_of_our_own_is_no_other_program() {
        let mut known = Known::default();
        known.begin();
        known.online(vec![instance("first", "Available")]);
        known.begin();
        known.judge(&[instance("first", "Available")], false);
        assert!(known.said.is_empty());
        known.judge(&[instance("them", "Available")], false);
        assert_eq!(known.said.len(), 1);
    }
}
