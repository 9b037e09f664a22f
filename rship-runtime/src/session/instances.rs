//! Our own instances as the server has them: another program that registers one of them takes it over,
//! and takes it offline when it leaves.

use std::collections::{HashSet, VecDeque};

use serde_json::Value;

use super::read_back::is_as;
use crate::journal::{alert, shown};

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
    /// Whether an instance was told again before it was known which connection is ours.
    asserted: bool,
}

/// Whether our instances are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Ours,
    /// One is not as it was told.
    Changed,
    /// The server takes one for gone: everything has to be told once more.
    Lost,
}

impl Known {
    /// A connection begins.
    pub(super) fn begin(&mut self) {
        self.current = None;
        self.lost = false;
        self.asserted = false;
    }

    /// What the server calls this connection, where it says so.
    pub(super) fn client_id(&mut self, id: Option<&str>) {
        self.lost = false;
        if let Some(id) = id {
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

    /// Looks at our instances as the server had them before it was told of them.
    pub(super) fn meet(&mut self, instances: &[Value]) {
        for instance in instances {
            self.meet_other(instance);
        }
    }

    /// Looks at our instances as the server has them since it was told of them.
    pub(super) fn judge(&mut self, instances: &[Value], expected: &[Value]) -> Standing {
        let mut standing = Standing::Ours;
        for own in expected {
            let found = instances.iter().find(|found| found["id"] == own["id"]);
            let Some(found) = found else {
                standing = Standing::Lost;
                break;
            };
            if self.current.is_some() {
                self.meet_other(found);
            } else if let Some(id) = client_of(found).filter(|_| is_as(own, found)) {
                // The first that is as it was told is ours.
                self.remember(id);
            }
            if found["status"] != "Available" {
                standing = Standing::Lost;
                break;
            }
            // What another program tells of an instance that it has taken is not mended: both would tell
            // theirs for ever. Where it is not known yet whose it is, it is told again once.
            let is_ours = match &self.current {
                Some(current) => client_of(found) == Some(current),
                None => is_as(own, found) || !std::mem::replace(&mut self.asserted, true),
            };
            if is_ours && !is_as(own, found) {
                standing = Standing::Changed;
            }
        }
        self.lost = standing == Standing::Lost;
        standing
    }

    /// Says so when an instance of ours is another connection's.
    fn meet_other(&mut self, instance: &Value) {
        let id = instance["id"].as_str().unwrap_or_default();
        if let Some(client) = client_of(instance)
            && instance["status"] == "Available"
            && !self.own.iter().any(|own| own == client)
            && self.said.insert((id.to_owned(), client.to_owned()))
        {
            if self.said.len() > REMEMBERED {
                self.said = HashSet::from([(id.to_owned(), client.to_owned())]);
            }
            let machine = instance["machineId"]
                .as_str()
                .unwrap_or("an unknown machine");
            alert(&format!(
                "another connection (client `{}`, on {}) registered instance `{}` as well: commands go to the \
                 one that came last; give each program an instance id of its own, unless one of them is about \
                 to end",
                shown(client),
                shown(machine),
                shown(id)
            ));
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

    fn expected() -> Vec<Value> {
        vec![json!({"id": "stand-1", "status": "Available"})]
    }

    #[test]
    fn an_instance_that_another_program_takes_offline_is_told_once_more() {
        let mut known = Known::default();
        known.begin();
        known.meet(&[]);
        known.judge(&[instance("me", "Available")], &expected());
        let theirs = [instance("them", "Available")];
        assert_eq!(known.judge(&theirs, &expected()), Standing::Ours);
        assert_eq!(known.said.len(), 1);
        known.judge(&theirs, &expected());
        assert_eq!(known.said.len(), 1, "it is said once");
        let gone = [instance("them", "Unavailable")];
        assert_eq!(known.judge(&gone, &expected()), Standing::Lost);
        assert_eq!(known.judge(&[], &expected()), Standing::Lost);
    }

    #[test]
    fn an_instance_that_somebody_changed_is_told_once_more_alone() {
        let mut known = Known::default();
        let own = [json!({"id": "stand-1", "status": "Available", "name": "ours"})];
        assert_eq!(
            known.judge(&[instance("me", "Available")], &own),
            Standing::Changed
        );
    }

    #[test]
    fn a_twin_that_came_first_is_not_taken_for_this_connection() {
        let mut known = Known::default();
        let own = [json!({"id": "stand-1", "status": "Available", "name": "ours"})];
        let theirs = [instance("them", "Available")];
        assert_eq!(known.judge(&theirs, &own), Standing::Changed);
        for _ in 0..3 {
            assert_eq!(known.judge(&theirs, &own), Standing::Ours);
        }
        let mut mine = instance("me", "Available");
        mine["name"] = "ours".into();
        assert_eq!(known.judge(&[mine], &own), Standing::Ours);
        assert_eq!(known.current.as_deref(), Some("me"));
    }

    #[test]
    fn an_earlier_connection_of_our_own_is_no_other_program() {
        let mut known = Known::default();
        known.begin();
        known.judge(&[instance("first", "Available")], &expected());
        known.begin();
        known.meet(&[instance("first", "Available")]);
        assert!(known.said.is_empty());
        known.meet(&[instance("them", "Available")]);
        assert_eq!(known.said.len(), 1);
    }
}
