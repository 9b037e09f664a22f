//! The builder that the macros expand to.

use std::any::Any;
use std::collections::HashMap;
use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::color;
use crate::descriptor::{
    ActionDescriptor, ActionMode, EmitterDescriptor, EmitterKind, Pace, TargetDescriptor,
    WriteRole, Writes,
};
use crate::emitter::Emitter;
use crate::id;
use crate::model::action::{Action, Handler};
use crate::model::live::Live;
use crate::model::long::Long;
use crate::model::sub_target::{KeyFn, key_fn};
use crate::model::typed::{AskFn, AttachFn, Call, Field, Model, NameFn, Reader, Setter};
use crate::model::{
    ActionSpec, AnyModel, Arg, Args, Ask, EmitterSpec, EmitterValue, Following, ModelError,
    Problem, Running,
};
use crate::payload::Checker;
use crate::schema::{SchemaError, TypeSchema};

/// Describes a type: its names, emitters, sub-targets and actions.
///
/// Mistakes are collected and reported together by [`build`](ModelBuilder::build).
pub struct ModelBuilder<T> {
    pub(super) descriptor: TargetDescriptor,
    readers: Vec<Reader<T>>,
    pub(super) fields: Vec<Field<T>>,
    calls: Vec<Call<T>>,
    live_actions: Vec<usize>,
    pub(super) key: Option<Arc<KeyFn<T>>>,
    pub(super) held: Option<Arc<dyn AnyModel>>,
    pub(super) variants: Vec<Arc<dyn AnyModel>>,
    pub(super) variant_keys: Vec<Option<Arc<KeyFn<T>>>>,
    pub(super) stands_in: Option<Arc<TargetDescriptor>>,
    live_name: Option<Box<NameFn<T>>>,
    pub(super) problems: Vec<Problem>,
}

// No bounds on `T` here: a target that is not `Send` is one message, at the type, from the `Target` trait.
impl<T> ModelBuilder<T> {
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
            live_actions: Vec::new(),
            key: None,
            held: None,
            variants: Vec::new(),
            variant_keys: Vec::new(),
            stands_in: None,
            live_name: None,
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

    /// Background color, `#rrggbb`.
    pub fn bg_color(&mut self, color: impl Into<String>) -> &mut Self {
        self.descriptor.bg_color = self.checked_color("bg_color", color.into());
        self
    }

    /// Foreground color, `#rrggbb`.
    pub fn fg_color(&mut self, color: impl Into<String>) -> &mut Self {
        self.descriptor.fg_color = self.checked_color("fg_color", color.into());
        self
    }

    /// The whole id to use when a target of this type is a sub-target.
    pub fn id(&mut self, id: impl Into<String>) -> &mut Self {
        let id = id.into();
        self.check_id(&id);
        self.descriptor.id = Some(id);
        self
    }

    /// What tells targets of this type apart when they are members of an array.
    pub fn key<K: Display + ?Sized>(
        &mut self,
        key: impl Fn(&T) -> &K + Send + Sync + 'static,
    ) -> &mut Self {
        self.key = Some(Arc::from(key_fn(key)));
        self
    }

    /// What people read of a target of this type, written from its value: looked at whenever the target
    /// changed. An empty text stands for the name that it would have without this.
    pub fn live_name(
        &mut self,
        name: impl Fn(&T, &mut dyn fmt::Write) -> fmt::Result + Send + Sync + 'static,
    ) -> &mut Self {
        self.live_name = Some(Box::new(name));
        self
    }

    /// Adds an emitter whose values are a field.
    pub fn state<V: EmitterValue>(
        &mut self,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &V + Send + Sync + 'static,
    ) -> &mut Self {
        let ask: Box<AskFn<T>> = Box::new(move |target, ask| ask.of(field(target)));
        let kind = kind(&spec);
        self.emitter(spec, kind, V::emitter_schema(), Reader::State(ask))
    }

    /// Adds an emitter whose values are what `published` makes of a field.
    pub fn state_with<F, V: EmitterValue>(
        &mut self,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &F + Send + Sync + 'static,
        published: fn(&F) -> V,
    ) -> &mut Self
    where
        F: 'static,
    {
        let ask: Box<AskFn<T>> = Box::new(move |target, ask| ask.of(&published(field(target))));
        let kind = kind(&spec);
        self.emitter(spec, kind, V::emitter_schema(), Reader::State(ask))
    }

    /// Adds an emitter whose values are those of a field that tells when they have changed. `read` asks
    /// for the value; `follow` is given whose changes are followed, and says whose are to be from
    /// now on if that is another.
    pub fn followed<V: EmitterValue>(
        &mut self,
        spec: EmitterSpec,
        read: impl Fn(&T, Ask<'_>) -> Result<bool, serde_json::Error> + Send + Sync + 'static,
        follow: impl Fn(&T, Option<&(dyn Any + Send)>) -> Option<Following> + Send + Sync + 'static,
    ) -> &mut Self {
        let kind = EmitterKind::Shared { every: spec.every };
        let reader = Reader::Followed(Box::new(read), Box::new(follow));
        self.emitter(spec, kind, V::emitter_schema(), reader)
    }

    /// Adds an emitter whose values are computed: after every change of the target, or by the clock.
    pub fn computed<V: EmitterValue>(
        &mut self,
        spec: EmitterSpec,
        every: Option<Duration>,
        method: impl Fn(&T) -> V + Send + Sync + 'static,
    ) -> &mut Self {
        let ask: Box<AskFn<T>> = Box::new(move |target, ask| ask.of(&method(target)));
        let kind = EmitterKind::Computed { every };
        self.emitter(spec, kind, V::emitter_schema(), Reader::State(ask))
    }

    /// Adds an emitter of impulses.
    pub fn impulse<V: EmitterValue>(
        &mut self,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &Emitter<V> + Send + Sync + 'static,
    ) -> &mut Self {
        if spec.pace != Pace::default() {
            self.problems.push(Problem::PacedImpulse {
                emitter: spec.id.clone(),
            });
        }
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
        let future = !matches!(handler, Handler::Sync(_));
        let long = Long::of(&mut spec, mode, future);
        let position = self.descriptor.actions.len();
        self.call(spec, mode, schema, handler, None);
        if self.descriptor.actions.len() > position {
            long.describe(position, self);
        }
        self
    }

    /// Adds the action that sets a field: its payload is the value itself, as the field's emitter
    /// publishes it, or `{"FIELD": value}` with the field's name or its emitter's id.
    pub fn setter<V: 'static>(
        &mut self,
        spec: ActionSpec,
        field: &str,
        emitter: &str,
        arg: Arg<V>,
        set: impl Fn(&mut T, V) + Send + Sync + 'static,
    ) -> &mut Self {
        let decode = arg.decode;
        let handler = Handler::Sync(Box::new(move |target, args: &mut Args| {
            set(target, decode("", args.payload())?);
            Ok(Value::Null)
        }));
        self.set(spec, field, emitter, &arg, handler)
    }

    /// Adds the action that has a field set by code that may refuse: its payload is that of
    /// [`setter`](ModelBuilder::setter), checked before `set` is called.
    pub fn setter_with<V: 'static>(
        &mut self,
        spec: ActionSpec,
        field: &str,
        emitter: &str,
        arg: Arg<V>,
        set: impl for<'a> Fn(&'a mut T, V) -> Running<'a> + Send + Sync + 'static,
    ) -> &mut Self {
        let decode = arg.decode;
        let handler = Handler::Either(Box::new(move |target, args: Args| {
            match decode("", args.payload()) {
                Ok(value) => set(target, value),
                Err(error) => Running::Done(Err(error.into())),
            }
        }));
        self.set(spec, field, emitter, &arg, handler)
    }

    fn set<V>(
        &mut self,
        mut spec: ActionSpec,
        field: &str,
        emitter: &str,
        arg: &Arg<V>,
        handler: Handler<T>,
    ) -> &mut Self {
        let problems = arg.problems(&spec.id);
        spec.problems.extend(problems);
        spec.writes = Some(Writes {
            emitter: emitter.to_owned(),
            role: WriteRole::Canonical,
        });
        spec.live.extend_from_slice(arg.live());
        let own = match arg.bounded_schema() {
            Ok(own) => own,
            Err(error) => return self.unusable("action", &spec.id, error),
        };
        let setter = Setter {
            names: [field.to_owned(), emitter.to_owned()],
            nullable: own.nullable,
        };
        self.call(
            spec,
            ActionMode::Exclusive,
            own.schema,
            handler,
            Some(setter),
        )
    }

    /// Puts the model together.
    ///
    /// # Errors
    /// Names everything that is wrong with the description.
    pub fn build(mut self) -> Result<Arc<Model<T>>, ModelError>
    where
        T: 'static,
    {
        self.problems.extend(writes_nothing(&self.descriptor));
        self.key_of_variants();
        if self.problems.is_empty() {
            let own = self.descriptor;
            Ok(Arc::new(Model {
                descriptor: self.stands_in.unwrap_or_else(|| Arc::new(own)),
                readers: self.readers,
                fields: self.fields,
                calls: self.calls,
                live_actions: self.live_actions,
                key: self.key,
                held: self.held,
                variants: self.variants,
                name: self.live_name,
            }))
        } else {
            Err(ModelError {
                type_name: self.descriptor.type_name,
                problems: self.problems,
            })
        }
    }

    pub(super) fn emitter(
        &mut self,
        spec: EmitterSpec,
        kind: EmitterKind,
        schema: Result<TypeSchema, SchemaError>,
        reader: Reader<T>,
    ) -> &mut Self {
        let Self {
            descriptor,
            problems,
            ..
        } = self;
        if let Some(by) = spec.pace.deadband
            && !(by > 0.0 && by.is_finite())
        {
            problems.push(Problem::DeadBand {
                emitter: spec.id.clone(),
                deadband: by.to_string(),
            });
        }
        if add_emitter(descriptor, problems, spec, kind, schema) {
            self.readers.push(reader);
        }
        self
    }

    pub(super) fn call(
        &mut self,
        spec: ActionSpec,
        mode: ActionMode,
        mut schema: Value,
        handler: Handler<T>,
        setter: Option<Setter>,
    ) -> &mut Self {
        describe(&mut schema, spec.doc.as_ref());
        let Self {
            descriptor,
            problems,
            ..
        } = self;
        if let Some((checker, live)) = add_action(descriptor, problems, spec, mode, schema) {
            if live.is_some() {
                self.live_actions.push(self.calls.len());
            }
            self.calls.push(Call {
                handler,
                checker,
                setter,
                live,
            });
        }
        self
    }

    pub(super) fn check_id(&mut self, id: &str) {
        check_id(&mut self.problems, id);
    }

    fn checked_color(&mut self, setting: &'static str, color: String) -> Option<String> {
        if !color::is_hex(&color) {
            self.problems.push(Problem::Color {
                setting,
                color: color.clone(),
            });
        }
        Some(color)
    }

    fn unusable(&mut self, kind: &str, id: &str, error: SchemaError) -> &mut Self {
        self.problems.push(unusable(kind, id, error));
        self
    }
}

// What does not depend on the target's type is compiled once, and not for each.

fn check_id(problems: &mut Vec<Problem>, id: &str) {
    if let Err(error) = id::check(id) {
        problems.push(error.into());
    }
}

fn unusable(kind: &str, id: &str, error: SchemaError) -> Problem {
    Problem::Schema {
        member: format!("{kind} `{id}`"),
        error,
    }
}

/// The actions that name an emitter which is not there.
fn writes_nothing(descriptor: &TargetDescriptor) -> Vec<Problem> {
    let mut problems = Vec::new();
    for action in &descriptor.actions {
        if let Some(writes) = &action.writes
            && !descriptor.emitter_index.contains_key(&writes.emitter)
        {
            let known: Vec<_> = descriptor.emitters.iter().map(|own| &*own.id).collect();
            problems.push(Problem::WritesNothing {
                action: action.id.clone(),
                emitter: writes.emitter.clone(),
                known: if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                },
            });
        }
    }
    problems
}

/// Whether the emitter was added.
fn add_emitter(
    descriptor: &mut TargetDescriptor,
    problems: &mut Vec<Problem>,
    spec: EmitterSpec,
    kind: EmitterKind,
    schema: Result<TypeSchema, SchemaError>,
) -> bool {
    check_id(problems, &spec.id);
    let mut schema = match schema {
        Ok(schema) => schema.schema,
        Err(error) => {
            problems.push(unusable("emitter", &spec.id, error));
            return false;
        }
    };
    describe(&mut schema, spec.doc.as_ref());
    let (known, index) = (&mut descriptor.emitter_index, descriptor.emitters.len());
    if known.insert(spec.id.clone(), index).is_some() {
        problems.push(Problem::DuplicateId {
            kind: "emitter",
            id: spec.id,
        });
        return false;
    }
    descriptor.emitters.push(EmitterDescriptor {
        name: spec.name.unwrap_or_else(|| spec.id.clone()),
        id: spec.id,
        doc: spec.doc,
        schema,
        kind,
        pace: spec.pace,
    });
    true
}

/// What checks the payloads of an action, if it was added.
fn add_action(
    descriptor: &mut TargetDescriptor,
    problems: &mut Vec<Problem>,
    spec: ActionSpec,
    mode: ActionMode,
    mut schema: Value,
) -> Option<(Checker, Option<Live>)> {
    check_id(problems, &spec.id);
    problems.extend(spec.problems);
    let (known, index) = (&mut descriptor.action_index, descriptor.actions.len());
    if known.insert(spec.id.clone(), index).is_some() {
        problems.push(Problem::DuplicateId {
            kind: "action",
            id: spec.id,
        });
        return None;
    }
    let checker = Checker::compile(&schema);
    let live = Live::new(&mut schema, spec.live);
    descriptor.actions.push(ActionDescriptor {
        name: spec.name.unwrap_or_else(|| spec.id.clone()),
        id: spec.id,
        doc: spec.doc,
        schema,
        layout: spec.layout,
        writes: spec.writes,
        mode,
        restart: spec.restart,
        timeout: spec.timeout,
        cancel: spec.cancel,
        accepted: spec.accepted,
        transient: spec.transient,
    });
    Some((checker, live))
}

/// Puts a member's documentation into its schema, where servers keep it.
fn describe(schema: &mut Value, doc: Option<&String>) {
    if let (Some(schema), Some(doc)) = (schema.as_object_mut(), doc) {
        schema.insert("description".to_owned(), Value::String(doc.clone()));
    }
}

/// A field that the clock looks at is shared with others.
fn kind(spec: &EmitterSpec) -> EmitterKind {
    match spec.every {
        Some(every) => EmitterKind::Shared { every: Some(every) },
        None => EmitterKind::State,
    }
}
