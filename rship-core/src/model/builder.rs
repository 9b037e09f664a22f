//! The builder that the macros expand to, and the model that comes out.

use std::any::Any;
use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;

use crate::color;
use crate::descriptor::{
    ActionDescriptor, ActionMode, EmitterDescriptor, EmitterKind, Shape, SubTargetDescriptor,
    TargetDescriptor, WriteRole, Writes,
};
use crate::emitter::{Emitter, PulseSink};
use crate::id;
use crate::model::action::{Action, Handler};
use crate::model::sub_target::{KeyFn, Place, SubTargetSpec, SubTargets, key_fn};
use crate::model::{
    ActionError, ActionSpec, AnyModel, AnyTarget, Arg, Args, BoxFuture, EmitterSpec, EmitterValue,
    ModelError, Problem, Reply, Running,
};
use crate::payload::{Checker, PayloadError};
use crate::schema::{SchemaError, TypeSchema};

/// Describes a type: its names, emitters, sub-targets and actions.
///
/// Mistakes are collected and reported together by [`build`](ModelBuilder::build).
pub struct ModelBuilder<T> {
    descriptor: TargetDescriptor,
    readers: Vec<Reader<T>>,
    fields: Vec<Field<T>>,
    calls: Vec<Call<T>>,
    key: Option<Arc<KeyFn<T>>>,
    problems: Vec<Problem>,
}

enum Reader<T> {
    State(Box<ReadFn<T>>),
    Impulse(Box<AttachFn<T>>),
}

type ReadFn<T> = dyn Fn(&T, &mut Vec<u8>) -> Result<(), serde_json::Error> + Send + Sync;
type AttachFn<T> = dyn Fn(&T, &Arc<dyn PulseSink>) + Send + Sync;

struct Call<T> {
    handler: Handler<T>,
    checker: Checker,
    setter: Option<Setter>,
}

/// A setter takes the value itself, or an object with the value under one of these names.
struct Setter {
    names: [String; 2],
    nullable: bool,
}

struct Field<T> {
    each: Box<EachFn<T>>,
    position: Box<PositionFn<T>>,
    find: Box<FindFn<T>>,
    find_mut: Box<FindMutFn<T>>,
    model: fn() -> Result<Arc<dyn AnyModel>, ModelError>,
}

type Visit<'v> = &'v mut dyn FnMut(Place<'_>, &AnyTarget);
type EachFn<T> = dyn Fn(&T, Visit<'_>) + Send + Sync;
type PositionFn<T> = dyn Fn(&T, Place<'_>) -> Option<usize> + Send + Sync;
type FindFn<T> = dyn for<'a> Fn(&'a T, Place<'_>) -> Option<&'a AnyTarget> + Send + Sync;
type FindMutFn<T> = dyn for<'a> Fn(&'a mut T, Place<'_>) -> Option<&'a mut AnyTarget> + Send + Sync;

impl<T: Send + 'static> ModelBuilder<T> {
    /// An empty description; the name is the Rust type's, for messages.
    #[must_use]
    pub fn new(type_name: &'static str) -> Self {
        Self {
            descriptor: TargetDescriptor {
                type_name,
                name: type_name.to_owned(),
                doc: None,
                category: "target".to_owned(),
                bg_color: None,
                fg_color: None,
                id: None,
                emitters: Vec::new(),
                actions: Vec::new(),
                sub_targets: Vec::new(),
                emitter_index: HashMap::new(),
                action_index: HashMap::new(),
            },
            readers: Vec::new(),
            fields: Vec::new(),
            calls: Vec::new(),
            key: None,
            problems: Vec::new(),
        }
    }

    /// What people read.
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        self.descriptor.name = name.into();
        self
    }

    /// What the target is.
    pub fn doc(&mut self, text: impl Into<String>) -> &mut Self {
        self.descriptor.doc = Some(text.into());
        self
    }

    /// The group a server shows the target in; `target` when it is left out.
    pub fn category(&mut self, category: impl Into<String>) -> &mut Self {
        self.descriptor.category = category.into();
        self
    }

    /// Background colour, `#rrggbb`.
    pub fn bg_color(&mut self, color: impl Into<String>) -> &mut Self {
        self.descriptor.bg_color = self.checked_color(color.into());
        self
    }

    /// Foreground colour, `#rrggbb`.
    pub fn fg_color(&mut self, color: impl Into<String>) -> &mut Self {
        self.descriptor.fg_color = self.checked_color(color.into());
        self
    }

    /// The whole id to use when a target of this type is a sub-target.
    pub fn id(&mut self, id: impl Into<String>) -> &mut Self {
        let id = id.into();
        self.check_id(&id);
        self.descriptor.id = Some(id);
        self
    }

    /// What tells targets of this type apart when they are members of a list.
    pub fn key<K: Display + ?Sized>(
        &mut self,
        key: impl Fn(&T) -> &K + Send + Sync + 'static,
    ) -> &mut Self {
        self.key = Some(Arc::from(key_fn(key)));
        self
    }

    /// Adds an emitter whose values are a field.
    pub fn state<V: EmitterValue>(
        &mut self,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &V + Send + Sync + 'static,
    ) -> &mut Self {
        let read: Box<ReadFn<T>> = Box::new(move |target, json| field(target).write(json));
        self.emitter(
            spec,
            EmitterKind::State,
            V::emitter_schema(),
            Reader::State(read),
        )
    }

    /// Adds an emitter whose values are computed: after every change of the target, or by the clock.
    pub fn computed<V: EmitterValue>(
        &mut self,
        spec: EmitterSpec,
        every: Option<Duration>,
        method: impl Fn(&T) -> V + Send + Sync + 'static,
    ) -> &mut Self {
        let read: Box<ReadFn<T>> = Box::new(move |target, json| method(target).write(json));
        let kind = EmitterKind::Computed { every };
        self.emitter(spec, kind, V::emitter_schema(), Reader::State(read))
    }

    /// Adds an emitter of impulses.
    pub fn impulse<V: EmitterValue>(
        &mut self,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &Emitter<V> + Send + Sync + 'static,
    ) -> &mut Self {
        let attach: Box<AttachFn<T>> = Box::new(move |target, sink| field(target).attach(sink));
        self.emitter(
            spec,
            EmitterKind::Impulse,
            V::emitter_schema(),
            Reader::Impulse(attach),
        )
    }

    /// Adds an action.
    pub fn action(&mut self, action: Action<T>) -> &mut Self {
        let Action {
            mut spec,
            mode,
            handler,
        } = action;
        let schema = std::mem::take(&mut spec.schema).finish();
        self.call(spec, mode, schema, handler, None)
    }

    /// Adds the action that sets a field: its payload is the value itself, as the field's emitter
    /// publishes it, or `{"FIELD": value}` with the field's name or its emitter's id.
    pub fn setter<V: 'static>(
        &mut self,
        mut spec: ActionSpec,
        field: &str,
        emitter: &str,
        arg: Arg<V>,
        set: impl Fn(&mut T, V) + Send + Sync + 'static,
    ) -> &mut Self {
        spec.writes = Some(Writes {
            emitter: emitter.to_owned(),
            role: WriteRole::Canonical,
        });
        let own = match arg.bounded_schema() {
            Ok(own) => own,
            Err(error) => return self.unusable("action", &spec.id, error),
        };
        let setter = Setter {
            names: [field.to_owned(), emitter.to_owned()],
            nullable: own.nullable,
        };
        let decode = arg.decode;
        let handler = Handler::Sync(Box::new(move |target, args: &mut Args| {
            set(target, decode("", args.payload())?);
            Ok(Value::Null)
        }));
        self.call(
            spec,
            ActionMode::Exclusive,
            own.schema,
            handler,
            Some(setter),
        )
    }

    /// Adds a field that holds sub-targets.
    pub fn sub_targets<S: SubTargets>(
        &mut self,
        spec: SubTargetSpec<S::Member>,
        field: impl Fn(&T) -> &S + Send + Sync + 'static,
        field_mut: impl Fn(&mut T) -> &mut S + Send + Sync + 'static,
    ) -> &mut Self {
        for id in spec.id.iter().chain([&spec.field]) {
            self.check_id(id);
        }
        self.descriptor.sub_targets.push(SubTargetDescriptor {
            field: spec.field,
            id: spec.id,
            name: spec.name,
            shape: S::SHAPE,
        });
        let keys = Arc::new(MemberKey::new(spec.key));
        let field = Arc::new(field);
        let (each_keys, position_keys) = (keys.clone(), keys.clone());
        let (find_keys, find_mut_keys) = (keys.clone(), keys);
        let (each_field, position_field) = (field.clone(), field.clone());
        self.fields.push(Field {
            each: Box::new(move |target, visit| {
                let mut text = String::new();
                let key_of = each_keys.get();
                each_field(target).each(&mut |place, member| {
                    if S::SHAPE == Shape::List {
                        use std::fmt::Write as _;
                        text.clear();
                        match &key_of {
                            Some(key) => key(member, &mut text),
                            // Writing to a String cannot fail.
                            None => drop(write!(text, "{}", place.index)),
                        }
                        let key = text.as_str();
                        visit(Place { key, ..place }, member);
                    } else {
                        visit(place, member);
                    }
                });
            }),
            position: Box::new(move |target, place| {
                position_field(target).position(place, position_keys.get())
            }),
            find: Box::new(move |target, place| {
                let member = field(target).find(place, find_keys.get())?;
                Some(member as &AnyTarget)
            }),
            find_mut: Box::new(move |target, place| {
                let member = field_mut(target).find_mut(place, find_mut_keys.get())?;
                Some(member as &mut AnyTarget)
            }),
            model: || Ok(Model::<S::Member>::of()? as Arc<dyn AnyModel>),
        });
        self
    }

    /// Puts the model together.
    ///
    /// # Errors
    /// Names everything that is wrong with the description.
    pub fn build(mut self) -> Result<Arc<Model<T>>, ModelError> {
        for action in &self.descriptor.actions {
            if let Some(writes) = &action.writes
                && !self.descriptor.emitter_index.contains_key(&writes.emitter)
            {
                self.problems.push(Problem::WritesNothing {
                    action: action.id.clone(),
                    emitter: writes.emitter.clone(),
                });
            }
        }
        if self.problems.is_empty() {
            Ok(Arc::new(Model {
                descriptor: Arc::new(self.descriptor),
                readers: self.readers,
                fields: self.fields,
                calls: self.calls,
                key: self.key,
            }))
        } else {
            Err(ModelError {
                type_name: self.descriptor.type_name,
                problems: self.problems,
            })
        }
    }

    fn emitter(
        &mut self,
        spec: EmitterSpec,
        kind: EmitterKind,
        schema: Result<TypeSchema, SchemaError>,
        reader: Reader<T>,
    ) -> &mut Self {
        self.check_id(&spec.id);
        let mut schema = match schema {
            Ok(schema) => schema.schema,
            Err(error) => return self.unusable("emitter", &spec.id, error),
        };
        describe(&mut schema, spec.doc.as_ref());
        let index = self.descriptor.emitters.len();
        if self
            .descriptor
            .emitter_index
            .insert(spec.id.clone(), index)
            .is_some()
        {
            return self.duplicate("emitter", spec.id);
        }
        self.descriptor.emitters.push(EmitterDescriptor {
            name: spec.name.unwrap_or_else(|| spec.id.clone()),
            id: spec.id,
            doc: spec.doc,
            schema,
            kind,
        });
        self.readers.push(reader);
        self
    }

    fn call(
        &mut self,
        spec: ActionSpec,
        mode: ActionMode,
        mut schema: Value,
        handler: Handler<T>,
        setter: Option<Setter>,
    ) -> &mut Self {
        describe(&mut schema, spec.doc.as_ref());
        self.check_id(&spec.id);
        self.problems.extend(spec.problems);
        let index = self.descriptor.actions.len();
        if self
            .descriptor
            .action_index
            .insert(spec.id.clone(), index)
            .is_some()
        {
            return self.duplicate("action", spec.id);
        }
        self.calls.push(Call {
            handler,
            checker: Checker::compile(&schema),
            setter,
        });
        self.descriptor.actions.push(ActionDescriptor {
            name: spec.name.unwrap_or_else(|| spec.id.clone()),
            id: spec.id,
            doc: spec.doc,
            schema,
            writes: spec.writes,
            mode,
            restart: spec.restart,
        });
        self
    }

    fn check_id(&mut self, id: &str) {
        if let Err(error) = id::check(id) {
            self.problems.push(error.into());
        }
    }

    fn checked_color(&mut self, color: String) -> Option<String> {
        if !color::is_hex(&color) {
            self.problems.push(Problem::Color(color.clone()));
        }
        Some(color)
    }

    fn duplicate(&mut self, kind: &'static str, id: String) -> &mut Self {
        self.problems.push(Problem::DuplicateId { kind, id });
        self
    }

    fn unusable(&mut self, kind: &str, id: &str, error: SchemaError) -> &mut Self {
        self.problems.push(Problem::Schema {
            member: format!("{kind} `{id}`"),
            error,
        });
        self
    }
}

/// What tells the members of one list apart: the field's own key, else the member type's.
struct MemberKey<M> {
    own: Option<Box<KeyFn<M>>>,
    of_type: OnceLock<Option<Arc<KeyFn<M>>>>,
}

impl<M: crate::Target> MemberKey<M> {
    fn new(own: Option<Box<KeyFn<M>>>) -> Self {
        Self {
            own,
            of_type: OnceLock::new(),
        }
    }

    fn get(&self) -> Option<&KeyFn<M>> {
        // The member's model is asked for late, because a type may hold members of itself.
        self.own.as_deref().or_else(|| {
            self.of_type
                .get_or_init(|| Model::<M>::of().ok().and_then(|model| model.key.clone()))
                .as_deref()
        })
    }
}

/// A type's descriptor together with the code that reads, writes and calls its values.
pub struct Model<T> {
    descriptor: Arc<TargetDescriptor>,
    readers: Vec<Reader<T>>,
    fields: Vec<Field<T>>,
    calls: Vec<Call<T>>,
    key: Option<Arc<KeyFn<T>>>,
}

impl<T> Model<T> {
    /// Everything static about the type.
    #[must_use]
    pub fn descriptor(&self) -> &Arc<TargetDescriptor> {
        &self.descriptor
    }
}

impl<T: Send + 'static> AnyModel for Model<T> {
    fn descriptor(&self) -> &Arc<TargetDescriptor> {
        &self.descriptor
    }

    fn read(
        &self,
        emitter: usize,
        target: &AnyTarget,
        json: &mut Vec<u8>,
    ) -> Result<bool, serde_json::Error> {
        match (target.downcast_ref::<T>(), self.readers.get(emitter)) {
            (Some(target), Some(Reader::State(read))) => read(target, json).map(|()| true),
            _ => Ok(false),
        }
    }

    fn attach(&self, emitter: usize, target: &AnyTarget, sink: &Arc<dyn PulseSink>) {
        if let (Some(target), Some(Reader::Impulse(attach))) =
            (target.downcast_ref::<T>(), self.readers.get(emitter))
        {
            attach(target, sink);
        }
    }

    fn each_member(&self, field: usize, target: &AnyTarget, visit: Visit<'_>) {
        if let (Some(target), Some(field)) = (target.downcast_ref::<T>(), self.fields.get(field)) {
            (field.each)(target, visit);
        }
    }

    fn position(&self, field: usize, place: Place<'_>, target: &AnyTarget) -> Option<usize> {
        (self.fields.get(field)?.position)(target.downcast_ref()?, place)
    }

    fn member<'a>(
        &self,
        field: usize,
        place: Place<'_>,
        target: &'a AnyTarget,
    ) -> Option<&'a AnyTarget> {
        (self.fields.get(field)?.find)(target.downcast_ref()?, place)
    }

    fn member_mut<'a>(
        &self,
        field: usize,
        place: Place<'_>,
        target: &'a mut AnyTarget,
    ) -> Option<&'a mut AnyTarget> {
        (self.fields.get(field)?.find_mut)(target.downcast_mut()?, place)
    }

    fn member_model(&self, field: usize) -> Result<Arc<dyn AnyModel>, ModelError> {
        match self.fields.get(field) {
            Some(field) => (field.model)(),
            None => Err(ModelError {
                type_name: self.descriptor.type_name,
                problems: Vec::new(),
            }),
        }
    }

    fn prepare(&self, action: usize, payload: &mut Value) -> Result<Vec<String>, PayloadError> {
        let Some(call) = self.calls.get(action) else {
            return Ok(Vec::new());
        };
        match &call.setter {
            Some(setter) => setter.prepare(&call.checker, payload),
            None => call.checker.check(payload),
        }
    }

    fn call<'a>(&'a self, action: usize, target: &'a mut AnyTarget, payload: Value) -> Running<'a> {
        let mut args = Args::new(payload);
        match (target.downcast_mut::<T>(), self.calls.get(action)) {
            (Some(target), Some(call)) => match &call.handler {
                Handler::Sync(handler) => Running::Done(handler(target, &mut args)),
                Handler::Future(handler) => Running::Future(handler(target, args)),
                Handler::Detached(_) => Running::Done(mismatched()),
            },
            _ => Running::Done(mismatched()),
        }
    }

    fn call_detached(
        &self,
        action: usize,
        handle: &(dyn Any + Send + Sync),
        payload: Value,
    ) -> BoxFuture<'static, Reply> {
        match self.calls.get(action).map(|call| &call.handler) {
            Some(Handler::Detached(handler)) => handler(handle, Args::new(payload)),
            _ => Box::pin(std::future::ready(mismatched())),
        }
    }
}

/// Puts a member's documentation into its schema, where servers keep it.
fn describe(schema: &mut Value, doc: Option<&String>) {
    if let (Some(schema), Some(doc)) = (schema.as_object_mut(), doc) {
        schema.insert("description".to_owned(), Value::String(doc.clone()));
    }
}

fn mismatched() -> Reply {
    Err(ActionError::Failed(
        "the action does not belong to this target's type".to_owned(),
    ))
}

impl Setter {
    fn prepare(&self, checker: &Checker, payload: &mut Value) -> Result<Vec<String>, PayloadError> {
        if self.nullable && payload.is_null() {
            return Ok(Vec::new());
        }
        // A value that is itself an object with such a field is taken as the value first.
        let Some(inner) = self.wrapped(payload) else {
            return checker.check(payload);
        };
        let mut own = payload.clone();
        if let Ok(unknown) = checker.check(&mut own)
            && unknown.is_empty()
        {
            *payload = own;
            return Ok(unknown);
        }
        *payload = inner;
        if self.nullable && payload.is_null() {
            return Ok(Vec::new());
        }
        checker
            .check(payload)
            .map_err(|error| error.under(&self.names[0]))
    }

    fn wrapped(&self, payload: &Value) -> Option<Value> {
        let object = payload.as_object()?;
        let (name, value) = object.iter().next()?;
        (object.len() == 1 && self.names.contains(name)).then(|| value.clone())
    }
}
