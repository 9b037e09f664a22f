//! Models without their type, as the runtime keeps the targets of a tree.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::descriptor::TargetDescriptor;
use crate::emitter::PulseSink;
use crate::model::{
    BoxFuture, Following, ModelError, Place, Present, Reply, Running, Unreached, Written,
};
use crate::payload::PayloadError;

/// A target without its type.
pub type AnyTarget = dyn Any + Send;

/// A model without its type. Indices are positions in the descriptor's arrays; a target that is not of
/// the model's type has no values, no members and no actions.
pub trait AnyModel: Send + Sync {
    /// Everything static about the type.
    fn descriptor(&self) -> &Arc<TargetDescriptor>;

    /// The type of the targets that it describes: of what stands in a value, where it stands in something.
    fn target_type(&self) -> TypeId;

    /// The type of the values that it takes.
    fn place_type(&self) -> TypeId {
        self.target_type()
    }

    /// Writes the name that the target has of its own now; `false` when its type has none.
    fn live_name(&self, target: &AnyTarget, text: &mut dyn fmt::Write) -> bool;

    /// Appends the current value of a state emitter as JSON; `None` for an impulse, which has none, and for
    /// progress, which the runtime knows.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    fn read(
        &self,
        emitter: usize,
        target: &AnyTarget,
        json: &mut Vec<u8>,
    ) -> Result<Option<Written>, serde_json::Error>;

    /// Whether all numbers of a state are finite.
    fn is_finite(&self, emitter: usize, target: &AnyTarget) -> bool;

    /// Sends the pulses of an impulse emitter to `sink`.
    fn attach(&self, emitter: usize, target: &AnyTarget, sink: &Arc<dyn PulseSink>);

    /// Has an emitter that tells of its changes be followed; `None` when it does not, or when those of
    /// this source are followed already.
    fn follow(
        &self,
        emitter: usize,
        target: &AnyTarget,
        source: Option<&(dyn Any + Send)>,
    ) -> Option<Following>;

    /// Calls `visit` for each sub-target that a field holds now.
    fn each_member(
        &self,
        field: usize,
        target: &AnyTarget,
        visit: &mut dyn FnMut(Place<'_>, &AnyTarget),
    );

    /// Where the member at a place is now, so that it is found there even if its key changes.
    fn position(&self, field: usize, place: Place<'_>, target: &AnyTarget) -> Option<usize>;

    /// The sub-target at a place of a field.
    fn member<'a>(
        &self,
        field: usize,
        place: Place<'_>,
        target: &'a AnyTarget,
    ) -> Option<&'a AnyTarget>;

    /// The sub-target at a place of a field.
    fn member_mut<'a>(
        &self,
        field: usize,
        place: Place<'_>,
        target: &'a mut AnyTarget,
    ) -> Option<&'a mut AnyTarget>;

    /// Calls `work` with the sub-target at a place of a field, wherever it stands; `false` when it is not
    /// there.
    ///
    /// # Errors
    /// When a lock on the way cannot be had.
    fn with_member(
        &self,
        field: usize,
        place: Place<'_>,
        target: &mut AnyTarget,
        work: &mut dyn FnMut(&mut AnyTarget),
    ) -> Result<bool, Unreached> {
        let member = self.member_mut(field, place, target);
        Ok(member.map(work).is_some())
    }

    /// The model of the sub-targets that a field holds; of an enum, see [`resolve`](AnyModel::resolve).
    ///
    /// # Errors
    /// When their description cannot be used.
    fn member_model(&self, field: usize) -> Result<Arc<dyn AnyModel>, ModelError>;

    /// Checks a payload and brings it to the form that the handler's decoder takes; returns the paths
    /// of arguments that nobody knows.
    ///
    /// # Errors
    /// When it is not what the action takes: which argument, what was expected.
    fn prepare(&self, action: usize, payload: &mut Value) -> Result<Vec<String>, PayloadError>;

    /// The actions whose choices or bounds are those of the running device, in ascending order.
    fn live_actions(&self) -> &[usize];

    /// Appends what the device says now of the choices and bounds of one of them.
    fn present(&self, action: usize, target: &AnyTarget, json: &mut Vec<u8>) -> Present;

    /// The schema of one of them with what the device said; `None` for another.
    fn schema_with(&self, action: usize, present: &[u8]) -> Option<Value>;

    /// Checks a prepared payload by the choices and bounds of the device as it is now. Part of
    /// [`call`](AnyModel::call); an action that takes a handle is checked before it is called.
    ///
    /// # Errors
    /// When it is not what the device takes now: which argument, what was expected.
    fn check_present(
        &self,
        action: usize,
        target: &AnyTarget,
        payload: &mut Value,
    ) -> Result<(), PayloadError>;

    /// Calls the handler of an action that takes the target itself, with a prepared payload.
    fn call<'a>(&'a self, action: usize, target: &'a mut AnyTarget, payload: Value) -> Running<'a>;

    /// Calls the handler of an action that takes a handle, with a prepared payload.
    fn call_detached(
        &self,
        action: usize,
        handle: &(dyn Any + Send + Sync),
        payload: Value,
    ) -> BoxFuture<'static, Reply>;

    /// Whether the handler of an action is a future, or takes a handle.
    fn awaits(&self, action: usize) -> bool;

    /// Whether the target stands in something else.
    fn is_held(&self) -> bool {
        false
    }

    /// Whether it stands behind a lock.
    fn is_behind(&self) -> bool {
        false
    }

    /// Calls `work` with the target that stands in this one, all locks on the way held meanwhile; with
    /// this one itself where it does not stand in anything.
    ///
    /// # Errors
    /// When a lock cannot be had.
    fn open(&self, target: &AnyTarget, work: &mut dyn FnMut(&AnyTarget)) -> Result<(), Unreached> {
        work(target);
        Ok(())
    }

    /// The target that stands in this one, if that can be had without a lock.
    fn step_in<'a>(&self, target: &'a AnyTarget) -> Option<&'a AnyTarget> {
        Some(target)
    }

    /// The target that stands in this one, if that can be had without a lock.
    fn step_in_mut<'a>(&self, target: &'a mut AnyTarget) -> Option<&'a mut AnyTarget> {
        Some(target)
    }

    /// Whether values of the type have different models: it is an enum of targets.
    fn varies(&self) -> bool {
        false
    }

    /// Whether this is the model of some values of its type alone.
    fn by_value(&self) -> bool {
        false
    }

    /// The model of this value, where values of the type have different ones.
    fn resolve(&self, target: &AnyTarget) -> Option<Arc<dyn AnyModel>>;

    /// Whether this is still the model of this value.
    fn is_still(&self, target: &AnyTarget) -> bool {
        let _ = target;
        true
    }
}

impl dyn AnyModel {
    /// The model of this value: itself, or that of the variant.
    #[must_use]
    pub fn of_value(self: Arc<Self>, target: &AnyTarget) -> Arc<Self> {
        self.resolve(target).unwrap_or(self)
    }

    /// Whether its targets, or what they stand in, are of this type.
    #[must_use]
    pub fn is_of(&self, kind: TypeId) -> bool {
        self.target_type() == kind || self.place_type() == kind
    }
}
