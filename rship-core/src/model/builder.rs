//! The builder that the macros expand to.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::color;
use crate::descriptor::{
    ActionDescriptor, ActionMode, EmitterDescriptor, EmitterKind, Shape, SubTargetDescriptor,
    TargetDescriptor, WriteRole, Writes,
};
use crate::emitter::Emitter;
use crate::id;
use crate::model::action::{Action, Handler};
use crate::model::long::Long;
use crate::model::sub_target::{KeyFn, Place, SubTargetSpec, SubTargets, key_fn};
use crate::model::typed::{
    AttachFn, Call, Field, MemberKey, Model, NameFn, ReadFn, Reader, Setter,
};
use crate::model::{
    ActionSpec, AnyModel, AnyTarget, Arg, Args, EmitterSpec, EmitterValue, ModelError, Problem,
};
use crate::payload::Checker;
use crate::schema::{SchemaError, TypeSchema};

/// Describes a type: its names, emitters, sub-targets and actions.
///
/// Mistakes are collected and reported together by [`build`](ModelBuilder::build).
pub struct ModelBuilder<T> {
    pub(super) descriptor: TargetDescriptor,
    readers: Vec<Reader<T>>,
    fields: Vec<Field<T>>,
    calls: Vec<Call<T>>,
    key: Option<Arc<KeyFn<T>>>,
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
            key: None,
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
        self.descriptor.bg_color = self.checked_color(color.into());
        self
    }

    /// Foreground color, `#rrggbb`.
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
        let long = Long::of(&mut spec, mode, &handler);
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
        if spec.forget && S::SHAPE == Shape::One {
            let field = spec.field.clone();
            self.problems.push(Problem::NothingToForget(field));
        }
        self.descriptor.sub_targets.push(SubTargetDescriptor {
            field: spec.field,
            id: spec.id,
            name: spec.name,
            shape: S::SHAPE,
            forget: spec.forget,
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

    pub(super) fn call(
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
            layout: spec.layout,
            writes: spec.writes,
            mode,
            restart: spec.restart,
            timeout: spec.timeout,
            cancel: spec.cancel,
            accepted: spec.accepted,
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

/// Puts a member's documentation into its schema, where servers keep it.
fn describe(schema: &mut Value, doc: Option<&String>) {
    if let (Some(schema), Some(doc)) = (schema.as_object_mut(), doc) {
        schema.insert("description".to_owned(), Value::String(doc.clone()));
    }
}
