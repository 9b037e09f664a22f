//! Models without their type, as the runtime keeps the targets of a tree.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::descriptor::TargetDescriptor;
use crate::emitter::PulseSink;
use crate::model::{BoxFuture, ModelError, Place, Reply, Running};
use crate::payload::PayloadError;

/// A target without its type.
pub type AnyTarget = dyn Any + Send;

/// A model without its type. Indices are positions in the descriptor's arrays; a target that is not of
/// the model's type has no values, no members and no actions.
pub trait AnyModel: Send + Sync {
    /// Everything static about the type.
    fn descriptor(&self) -> &Arc<TargetDescriptor>;

    /// The type that it describes.
    fn target_type(&self) -> TypeId;

    /// Writes the name that the target has of its own now; `false` when its type has none.
    fn live_name(&self, target: &AnyTarget, text: &mut dyn fmt::Write) -> bool;

    /// Appends the current value of a state emitter as JSON; `false` for an impulse, which has
    /// none, and for progress, which the runtime knows.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    fn read(
        &self,
        emitter: usize,
        target: &AnyTarget,
        json: &mut Vec<u8>,
    ) -> Result<bool, serde_json::Error>;

    /// Sends the pulses of an impulse emitter to `sink`.
    fn attach(&self, emitter: usize, target: &AnyTarget, sink: &Arc<dyn PulseSink>);

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

    /// The model of the sub-targets that a field holds.
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

    /// Calls the handler of an action that takes the target itself, with a prepared payload.
    fn call<'a>(&'a self, action: usize, target: &'a mut AnyTarget, payload: Value) -> Running<'a>;

    /// Calls the handler of an action that takes a handle, with a prepared payload.
    fn call_detached(
        &self,
        action: usize,
        handle: &(dyn Any + Send + Sync),
        payload: Value,
    ) -> BoxFuture<'static, Reply>;
}
