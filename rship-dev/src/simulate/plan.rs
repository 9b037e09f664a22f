//! The model of one target of a manifest, or of the members of an array that are to come.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use rship_core::PulseSink;
use rship_core::descriptor::{ActionMode, Shape, TargetDescriptor};
use rship_core::id;
use rship_core::model::{
    AnyModel, AnyTarget, BoxFuture, Following, ModelError, Place, Present, Reply, Running,
    TargetHandle as _, Written,
};
use rship_core::payload::{Checker, PayloadError};
use rship_runtime::Handle;
use serde_json::Value;

use super::figure::{Figure, refused};
use super::payload::Taken;
use super::writes::Sets;

/// In how many steps a long action says how far it is.
const STEPS: u32 = 50;

/// What is known of a target before it is there.
pub(super) struct Plan {
    pub(super) descriptor: Arc<TargetDescriptor>,
    pub(super) emitters: Vec<Emitter>,
    pub(super) actions: Vec<Action>,
    pub(super) fields: Vec<Field>,
    /// Whether a part of it has the same id wherever it is, so that there can be only one.
    pub(super) is_single: bool,
}

/// An emitter, by the position that it has in the descriptor.
pub(super) struct Emitter {
    /// With its references written out.
    pub(super) schema: Value,
    pub(super) checker: Checker,
    /// Whether its values change although nobody sets them.
    pub(super) wanders: bool,
}

/// An action, by the position that it has in the descriptor.
pub(super) struct Action {
    pub(super) taken: Taken,
    pub(super) sets: Option<Sets>,
    /// Whether it says how far it is.
    pub(super) has_progress: bool,
}

/// A field, by the position that it has in the descriptor: each target that is there has one, and so have those that
/// are to come.
pub(super) struct Field {
    pub(super) plan: Arc<Plan>,
    /// Whether the target is there, and not only to come.
    pub(super) is_there: bool,
    pub(super) shape: Shape,
}

impl Field {
    /// How many members it has, where so many are wanted.
    fn count(&self, wanted: usize) -> usize {
        match self.shape {
            Shape::One => 1,
            Shape::Optional => usize::from(self.is_there || wanted > 0),
            Shape::List | Shape::Map if self.plan.is_single => wanted.min(1),
            Shape::List | Shape::Map => wanted,
        }
    }

    /// Their keys.
    pub(super) fn keys(&self, wanted: usize) -> Vec<String> {
        match self.shape {
            Shape::One | Shape::Optional => vec![String::new(); self.count(wanted)],
            Shape::List | Shape::Map => {
                (0..self.count(wanted)).map(|key| key.to_string()).collect()
            }
        }
    }
}

impl Plan {
    /// The id of a member of a target with this plan.
    pub(super) fn member_id(&self, parent: &str, field: usize, key: &str) -> String {
        let Some(field) = self.descriptor.sub_targets.get(field) else {
            return String::new();
        };
        let own = || id::sub_target(parent, &field.field);
        let whole = field.id.clone().unwrap_or_else(own);
        match field.shape {
            Shape::One | Shape::Optional => whole,
            Shape::List | Shape::Map => id::keyed(&whole, key),
        }
    }

    /// How many targets one with this plan is, with all below it, where arrays have so many members.
    pub(super) fn count(&self, members: usize) -> usize {
        let below = self.fields.iter().map(|field| {
            let each = field.plan.count(members);
            each.saturating_mul(field.count(members))
        });
        below.fold(1, usize::saturating_add)
    }

    fn mode(&self, action: usize) -> Option<ActionMode> {
        Some(self.descriptor.actions.get(action)?.mode)
    }

    fn at(figure: &Figure, field: usize, place: Place<'_>) -> Option<usize> {
        let members = figure.members.get(field)?;
        let is_it = |(key, _): &(String, Figure)| key == place.key;
        // It hardly ever is anywhere else.
        match members.get(place.index) {
            Some(member) if is_it(member) => Some(place.index),
            _ => members.iter().position(is_it),
        }
    }
}

impl AnyModel for Plan {
    fn descriptor(&self) -> &Arc<TargetDescriptor> {
        &self.descriptor
    }

    fn target_type(&self) -> TypeId {
        TypeId::of::<Figure>()
    }

    fn live_name(&self, _: &AnyTarget, _: &mut dyn fmt::Write) -> bool {
        false
    }

    fn read(
        &self,
        emitter: usize,
        target: &AnyTarget,
        json: &mut Vec<u8>,
    ) -> Result<Option<Written>, serde_json::Error> {
        let figure = target.downcast_ref::<Figure>();
        let Some(value) = figure.and_then(|figure| figure.values.get(emitter)) else {
            return Ok(None);
        };
        serde_json::to_writer(json, value)?;
        Ok(Some(Written { has_null: false }))
    }

    fn is_finite(&self, _: usize, _: &AnyTarget) -> bool {
        true
    }

    fn attach(&self, _: usize, _: &AnyTarget, _: &Arc<dyn PulseSink>) {}

    fn follow(&self, _: usize, _: &AnyTarget, _: Option<&(dyn Any + Send)>) -> Option<Following> {
        None
    }

    fn each_member(
        &self,
        field: usize,
        target: &AnyTarget,
        visit: &mut dyn FnMut(Place<'_>, &AnyTarget),
    ) {
        let figure = target.downcast_ref::<Figure>();
        let members = figure.and_then(|figure| figure.members.get(field));
        for (index, (key, member)) in members.into_iter().flatten().enumerate() {
            let place = Place {
                key,
                index,
                pinned: false,
            };
            visit(place, member);
        }
    }

    fn position(&self, field: usize, place: Place<'_>, target: &AnyTarget) -> Option<usize> {
        Self::at(target.downcast_ref()?, field, place)
    }

    fn member<'a>(
        &self,
        field: usize,
        place: Place<'_>,
        target: &'a AnyTarget,
    ) -> Option<&'a AnyTarget> {
        let figure = target.downcast_ref::<Figure>()?;
        let (_, member) = figure
            .members
            .get(field)?
            .get(Self::at(figure, field, place)?)?;
        Some(member)
    }

    fn member_mut<'a>(
        &self,
        field: usize,
        place: Place<'_>,
        target: &'a mut AnyTarget,
    ) -> Option<&'a mut AnyTarget> {
        let figure = target.downcast_mut::<Figure>()?;
        let at = Self::at(figure, field, place)?;
        let (_, member) = figure.members.get_mut(field)?.get_mut(at)?;
        Some(member)
    }

    fn member_model(&self, field: usize) -> Result<Arc<dyn AnyModel>, ModelError> {
        match self.fields.get(field) {
            Some(field) => Ok(Arc::clone(&field.plan) as Arc<dyn AnyModel>),
            None => Err(ModelError {
                type_name: self.descriptor.type_name,
                problems: Vec::new(),
            }),
        }
    }

    fn prepare(&self, action: usize, payload: &mut Value) -> Result<Vec<String>, PayloadError> {
        match self.actions.get(action) {
            Some(action) => action.taken.prepare(payload),
            None => Ok(Vec::new()),
        }
    }

    fn live_actions(&self) -> &[usize] {
        &[]
    }

    fn present(&self, _: usize, _: &AnyTarget, _: &mut Vec<u8>) -> Present {
        Present::Nothing
    }

    fn schema_with(&self, _: usize, _: &[u8]) -> Option<Value> {
        None
    }

    fn check_present(&self, _: usize, _: &AnyTarget, _: &mut Value) -> Result<(), PayloadError> {
        Ok(())
    }

    fn call<'a>(&'a self, action: usize, target: &'a mut AnyTarget, payload: Value) -> Running<'a> {
        let Some(figure) = target.downcast_mut::<Figure>() else {
            return Running::Done(Ok(Value::Null));
        };
        figure.tell(action, &payload);
        let id = figure.action_id(action);
        if figure.house.faults.of(&id).is_none() {
            return Running::Done(figure.act(action, &payload));
        }
        Running::Future(Box::pin(async move {
            figure.house.faults.pass(&id).await.map_err(refused)?;
            figure.act(action, &payload)
        }))
    }

    fn call_detached(
        &self,
        action: usize,
        handle: &(dyn Any + Send + Sync),
        payload: Value,
    ) -> BoxFuture<'static, Reply> {
        let has_progress = self
            .actions
            .get(action)
            .is_some_and(|action| action.has_progress);
        let Some(handle) = Handle::<Figure>::from_erased(handle) else {
            return Box::pin(std::future::ready(Ok(Value::Null)));
        };
        Box::pin(async move {
            let (id, house) = {
                let figure = handle.lock().await;
                figure.tell(action, &payload);
                (figure.action_id(action), Arc::clone(&figure.house))
            };
            house.faults.pass(&id).await.map_err(refused)?;
            for step in 1..=STEPS {
                tokio::time::sleep(house.long / STEPS).await;
                if has_progress {
                    handle.progress(f64::from(step) / f64::from(STEPS));
                }
            }
            handle.lock().await.act(action, &payload)
        })
    }

    fn awaits(&self, action: usize) -> bool {
        self.mode(action) == Some(ActionMode::Detached)
    }

    fn resolve(&self, _: &AnyTarget) -> Option<Arc<dyn AnyModel>> {
        None
    }
}
