//! Finding the record of a sub-target: by where its value is in the locked tree, or by its id.

use std::any::{Any, TypeId};
use std::sync::Arc;

use rship_core::model::{AnyTarget, Place};

use super::lock::Held;
use super::publish::{Branch, Look};
use super::reference::{RawHandle, Reference, Step};

impl Held {
    /// The sub-targets below the one at the end of a path whose value is of this type and at this address.
    /// More than one only where values take no memory.
    pub(crate) fn sub_targets_at(
        &mut self,
        path: &[Step],
        (kind, address): (TypeId, usize),
    ) -> Vec<Arc<Reference>> {
        // One that came just now is known then.
        self.publish(Look::Members);
        let mut found = Vec::new();
        let (mut branch, mut value): (&Branch, &AnyTarget) = (&self.branch, &*self.root);
        for step in path {
            let model = &branch.target.model;
            let member = model.member(step.field, step.place(), value);
            let mut children = branch.fields.get(step.field).into_iter().flatten();
            let child = children.find(|child| child.key == step.key);
            match (member, child.and_then(|child| child.branch.as_ref())) {
                (Some(member), Some(child)) => (branch, value) = (child, member),
                _ => return found,
            }
        }
        let is_it = |value: &AnyTarget| {
            Any::type_id(value) == kind && std::ptr::from_ref(value).addr() == address
        };
        search(branch, value, &mut |target, value| {
            if is_it(value) || target.model.step_in(value).is_some_and(is_it) {
                found.push(Arc::clone(target));
            }
        });
        found
    }
}

/// Visits all sub-targets below a branch that were just looked at.
fn search(branch: &Branch, value: &AnyTarget, visit: &mut dyn FnMut(&Arc<Reference>, &AnyTarget)) {
    for (field, children) in branch.fields.iter().enumerate() {
        let mut children = children.iter().peekable();
        let mut each = |place: Place<'_>, member: &AnyTarget| {
            // A second member with the key of another was left out.
            let child = children.next_if(|child| *child.key == *place.key);
            if let Some(child) = child.and_then(|child| child.branch.as_ref()) {
                visit(&child.target, member);
                search(child, member, visit);
            }
        };
        branch.target.model.each_member(field, value, &mut each);
    }
}

impl RawHandle {
    /// The sub-target with this id below this one.
    pub(crate) fn sub_target(&self, id: &str) -> Option<Arc<Reference>> {
        let registry = self.registry()?;
        let targets = registry.targets();
        let found = targets.find(self.target.instance, id)?;
        let below = targets.line(found.number).into_iter().rev().skip(1);
        let mut below = below.map(|target| target.number);
        let own = targets.current(&self.target)?.number;
        below.any(|number| number == own).then(|| Arc::clone(found))
    }

    /// The nearest target above this one of this type.
    pub(crate) fn above(&self, kind: TypeId) -> Option<Arc<Reference>> {
        let registry = self.registry()?;
        let targets = registry.targets();
        let own = targets.current(&self.target)?.number;
        let above = targets.line(own).into_iter().rev().skip(1);
        let mut above = above.filter(|target| target.model.is_of(kind));
        above.next()
    }
}
