//! The dispatch table: from the ids in a command to the target that carries it out.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::iter::{Chain, Once, once};
use std::sync::Arc;
use std::vec;

use crate::descriptor::TargetDescriptor;

/// Finds a target, and the position of an action in it, by id and without scanning.
///
/// `D` is whatever the runtime keeps of a target in one instance.
#[derive(Debug)]
pub struct DispatchTable<D> {
    targets: HashMap<Arc<str>, Found<D>>,
    instances: Vec<Arc<str>>,
}

/// A target in one instance, as dispatch sees it.
pub trait Destination {
    /// The instance.
    fn instance(&self) -> &str;
    /// Whether commands reach it now.
    fn is_online(&self) -> bool;
    /// What its type is.
    fn descriptor(&self) -> &TargetDescriptor;
}

impl<D: Destination + ?Sized> Destination for Arc<D> {
    fn instance(&self) -> &str {
        (**self).instance()
    }

    fn is_online(&self) -> bool {
        (**self).is_online()
    }

    fn descriptor(&self) -> &TargetDescriptor {
        (**self).descriptor()
    }
}

/// Why a command reaches nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchError {
    /// The action's id is not of the form `TARGET:ACTION`.
    #[error("`{0}` is not an action id: write TARGET:ACTION")]
    NoActionId(String),
    /// The command names one target and an action of another.
    #[error("action `{action}` does not belong to target `{target}`")]
    OtherTarget {
        /// The action's id.
        action: String,
        /// The target that the command names.
        target: String,
    },
    /// No such target here.
    #[error("this executor has no target `{0}`")]
    UnknownTarget(String),
    /// No such action in that target.
    #[error("target `{target}` has no action `{action}`: it has {known}")]
    UnknownAction {
        /// The target's id.
        target: String,
        /// The part after `TARGET:`.
        action: String,
        /// What it has.
        known: String,
    },
    /// The instance is another executor's.
    #[error("instance `{instance}` does not belong to this executor, which has {known}")]
    UnknownInstance {
        /// The instance that the command names.
        instance: String,
        /// Those of this executor.
        known: String,
    },
    /// The target is in other instances only.
    #[error("target `{target}` is not in instance `{instance}`")]
    NotInInstance {
        /// The target's id.
        target: String,
        /// The instance that the command names.
        instance: String,
    },
    /// The target is there, but offline.
    #[error("target `{0}` is offline")]
    Offline(String),
}

impl<D> Default for DispatchTable<D> {
    fn default() -> Self {
        Self {
            targets: HashMap::new(),
            instances: Vec::new(),
        }
    }
}

impl<D: Destination> DispatchTable<D> {
    /// Makes an instance known.
    pub fn add_instance(&mut self, instance: Arc<str>) {
        self.instances.push(instance);
    }

    /// Makes a target of an instance known.
    pub fn add_target(&mut self, target: Arc<str>, destination: D) {
        match self.targets.entry(target) {
            Entry::Occupied(mut known) => known.get_mut().rest.push(destination),
            Entry::Vacant(place) => {
                place.insert(Found {
                    first: destination,
                    rest: Vec::new(),
                });
            }
        }
    }

    /// Forgets a target of an instance.
    pub fn remove_target(&mut self, instance: &str, target: &str) {
        let Some(known) = self.targets.get_mut(target) else {
            return;
        };
        known.rest.retain(|known| known.instance() != instance);
        if known.first.instance() == instance {
            if known.rest.is_empty() {
                self.targets.remove(target);
            } else {
                known.first = known.rest.remove(0);
            }
        }
    }

    /// The target in each of the instances that have it; empty when none has.
    pub fn destinations(&self, target: &str) -> impl Iterator<Item = &D> {
        let known = self.targets.get(target).into_iter();
        known.flat_map(|known| once(&known.first).chain(&known.rest))
    }

    /// Where an action is carried out, and its position in the target's descriptor: in the instance
    /// that the command names, or, where it names none, in every instance in which the target is online.
    ///
    /// # Errors
    /// Says which part of the address leads nowhere.
    pub fn resolve(
        &self,
        action_id: &str,
        target_id: Option<&str>,
        instance_id: Option<&str>,
    ) -> Result<Found<(&D, usize)>, DispatchError> {
        let Some((target, action)) = action_id.rsplit_once(':') else {
            return Err(DispatchError::NoActionId(action_id.to_owned()));
        };
        if let Some(named) = target_id.filter(|named| *named != target) {
            return Err(DispatchError::OtherTarget {
                action: action_id.to_owned(),
                target: named.to_owned(),
            });
        }
        self.destinations_in(target, instance_id)?.try_map(|found| {
            match found.descriptor().action_index.get(action) {
                Some(index) => Ok((found, *index)),
                None => Err(DispatchError::UnknownAction {
                    target: target.to_owned(),
                    action: action.to_owned(),
                    known: listed(found.descriptor().actions.iter().map(|action| &*action.id)),
                }),
            }
        })
    }

    /// Where a target can be reached now: in the named instance, or in all in which it is online.
    ///
    /// # Errors
    /// Says which part of the address leads nowhere.
    pub fn destinations_in(
        &self,
        target: &str,
        instance_id: Option<&str>,
    ) -> Result<Found<&D>, DispatchError> {
        if let Some(named) = instance_id
            && !self.instances.iter().any(|own| **own == *named)
        {
            return Err(DispatchError::UnknownInstance {
                instance: named.to_owned(),
                known: listed(self.instances.iter().map(|own| &**own)),
            });
        }
        let mut all = self.destinations(target).peekable();
        if all.peek().is_none() {
            return Err(DispatchError::UnknownTarget(target.to_owned()));
        }
        let mut named = all
            .filter(|found| instance_id.is_none_or(|named| found.instance() == named))
            .peekable();
        if let (None, Some(instance)) = (named.peek(), instance_id) {
            return Err(DispatchError::NotInInstance {
                target: target.to_owned(),
                instance: instance.to_owned(),
            });
        }
        let mut online = named.filter(|found| found.is_online());
        match online.next() {
            Some(first) => Ok(Found {
                first,
                rest: online.collect(),
            }),
            None => Err(DispatchError::Offline(target.to_owned())),
        }
    }
}

/// What a command leads to: mostly one, and never nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    first: T,
    /// Allocates nothing as long as it is empty.
    rest: Vec<T>,
}

impl<T> Found<T> {
    /// The first, and the others.
    pub fn split(self) -> (T, Vec<T>) {
        (self.first, self.rest)
    }

    fn try_map<U, E>(self, mut map: impl FnMut(T) -> Result<U, E>) -> Result<Found<U>, E> {
        Ok(Found {
            first: map(self.first)?,
            rest: self.rest.into_iter().map(map).collect::<Result<_, _>>()?,
        })
    }
}

impl<T> IntoIterator for Found<T> {
    type Item = T;
    type IntoIter = Chain<Once<T>, vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        once(self.first).chain(self.rest)
    }
}

fn listed<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let mut ids = ids.peekable();
    if ids.peek().is_none() {
        return "none".to_owned();
    }
    let mut text = String::new();
    for (index, id) in ids.enumerate() {
        if index == SHOWN {
            text.push_str(", ..");
            break;
        }
        if index > 0 {
            text.push_str(", ");
        }
        text.push('`');
        text.push_str(id);
        text.push('`');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ActionSpec, ModelBuilder};
    use std::cell::Cell;

    #[derive(Debug)]
    struct Place {
        instance: &'static str,
        online: Cell<bool>,
        descriptor: Arc<TargetDescriptor>,
        to: &'static str,
    }

    impl Destination for Place {
        fn instance(&self) -> &str {
            self.instance
        }

        fn is_online(&self) -> bool {
            self.online.get()
        }

        fn descriptor(&self) -> &TargetDescriptor {
            &self.descriptor
        }
    }

    /// Target `stand` in instances `a` and `b` (offline in `b`), `lamp` in `a`; each has `burn`.
    fn table() -> DispatchTable<Place> {
        let mut builder = ModelBuilder::<()>::new("Stand");
        for action in ["sell", "burn"] {
            builder.action(ActionSpec::new(action).sync(|(): &mut (), _| Ok(().into())));
        }
        let descriptor = Arc::clone(builder.build().unwrap().descriptor());
        let mut table = DispatchTable::default();
        for instance in ["a", "b"] {
            table.add_instance(instance.into());
        }
        for (target, instance, online, to) in [
            ("stand", "a", true, "stand in a"),
            ("stand", "b", false, "stand in b"),
            ("lamp", "a", true, "lamp in a"),
        ] {
            let place = Place {
                instance,
                online: Cell::new(online),
                descriptor: Arc::clone(&descriptor),
                to,
            };
            table.add_target(target.into(), place);
        }
        table
    }

    fn found(
        action: &str,
        target: Option<&str>,
        instance: Option<&str>,
    ) -> Vec<(&'static str, usize)> {
        let table = table();
        let found = table.resolve(action, target, instance).unwrap();
        found
            .into_iter()
            .map(|(place, index)| (place.to, index))
            .collect()
    }

    fn refused(action: &str, target: Option<&str>, instance: Option<&str>) -> String {
        table()
            .resolve(action, target, instance)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_command_goes_to_the_instance_it_names_or_to_all_that_are_online() {
        assert_eq!(
            found("stand:burn", Some("stand"), Some("a")),
            [("stand in a", 1)]
        );
        assert_eq!(found("stand:sell", None, None), [("stand in a", 0)]);
        let table = table();
        for place in table.destinations("stand") {
            place.online.set(true);
        }
        let both = table.resolve("stand:burn", None, None).unwrap();
        let both = both.into_iter().map(|(place, _)| place.to);
        assert_eq!(both.collect::<Vec<_>>(), ["stand in a", "stand in b"]);
    }

    #[test]
    fn an_address_that_leads_nowhere_says_where_it_ends() {
        assert_eq!(
            refused("burn", None, None),
            "`burn` is not an action id: write TARGET:ACTION"
        );
        assert_eq!(
            refused("stand:burn", Some("lamp"), None),
            "action `stand:burn` does not belong to target `lamp`"
        );
        assert_eq!(
            refused("fan:burn", None, None),
            "this executor has no target `fan`"
        );
        assert_eq!(
            refused("stand:brn", None, None),
            "target `stand` has no action `brn`: it has `sell`, `burn`"
        );
        assert_eq!(
            refused("stand:burn", None, Some("c")),
            "instance `c` does not belong to this executor, which has `a`, `b`"
        );
        assert_eq!(
            refused("lamp:burn", None, Some("b")),
            "target `lamp` is not in instance `b`"
        );
        assert_eq!(
            refused("stand:burn", None, Some("b")),
            "target `stand` is offline"
        );
    }

    #[test]
    fn a_target_that_was_removed_is_unknown_in_that_instance_alone() {
        let mut table = table();
        table.remove_target("a", "stand");
        assert_eq!(
            table.resolve("stand:burn", None, Some("a")).unwrap_err(),
            DispatchError::NotInInstance {
                target: "stand".into(),
                instance: "a".into()
            }
        );
        table.remove_target("b", "stand");
        assert!(matches!(
            table.resolve("stand:burn", None, None),
            Err(DispatchError::UnknownTarget(_))
        ));
    }
}
