//! The manifest: the whole tree of an executor as JSON, without a connection.

use std::io::{self, ErrorKind, Write as _};
use std::sync::Arc;

use rship_core::descriptor::{Shape, TargetDescriptor};
use rship_core::entity;
use rship_core::json;
use rship_core::model::AnyModel;
use serde::Serialize;
use serde_json::Value;

use super::executor::Engine;
use crate::error::Error;
use crate::stamp;
use crate::target::{Context, Reference, Targets, actions_of, emitters_of, member_names};

/// What stands in place of a key in the id of a member that is not there yet.
const ANY: &str = "*";

struct TargetManifest {
    target: entity::Target,
    description: Option<String>,
    actions: Vec<entity::Action>,
    emitters: Vec<entity::Emitter>,
    targets: Vec<Value>,
    /// What the members of fields that hold none now will be.
    members: Vec<Value>,
}

impl TargetManifest {
    fn json(self) -> Value {
        let mut json = whole(&self.target);
        if let Some(fields) = json.as_object_mut() {
            if let Some(description) = self.description {
                json::set(fields, "description", description.into());
            }
            json::set(fields, "actions", whole(&self.actions));
            json::set(fields, "emitters", whole(&self.emitters));
            json::set(fields, "targets", self.targets.into());
            if !self.members.is_empty() {
                json::set(fields, "members", self.members.into());
            }
        }
        json
    }
}

/// An entity, of which all can be written as JSON.
fn whole(entity: &impl Serialize) -> Value {
    json::of(entity).unwrap_or_default()
}

/// Whether the manifest is asked for, by the argument or by the environment.
pub(super) fn is_wanted() -> bool {
    let by_variable = std::env::var_os("RSHIP_MANIFEST");
    by_variable.is_some_and(|value| !value.is_empty() && value != "0")
        || std::env::args_os().any(|argument| argument == "--manifest")
}

/// If the manifest is asked for, prints it and ends the process, whatever else runs in it.
pub(super) fn print_if_wanted(engine: &Engine) -> Result<(), Error> {
    if !is_wanted() {
        return Ok(());
    }
    // In one piece, so that other threads print before or behind it.
    let mut text =
        serde_json::to_vec_pretty(&write(engine)).map_err(|e| Error::Manifest(e.into()))?;
    text.push(b'\n');
    let mut out = io::stdout().lock();
    match out.write_all(&text).and_then(|()| out.flush()) {
        // Whoever reads has seen enough, as `head` does.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::Manifest(error)),
        _ => std::process::exit(0),
    }
}

pub(super) fn write(engine: &Engine) -> Value {
    let parts = &engine.parts;
    let all = parts.registry.targets();
    let writer = Writer {
        context: &engine.context,
        service: &parts.settings.service,
        all: &all,
    };
    let instances = all.instances.iter().enumerate().map(|(index, instance)| {
        let targets: Vec<_> = all
            .all()
            .filter(|target| target.instance == index && target.parent.is_none())
            .map(|target| writer.target(target))
            .collect();
        json::object(vec![
            ("instance", whole(instance)),
            ("targets", targets.into()),
        ])
    });
    json::object(vec![
        ("instances", instances.collect::<Vec<_>>().into()),
        ("serviceId", parts.settings.service.as_str().into()),
    ])
}

struct Writer<'w> {
    context: &'w Context,
    service: &'w str,
    all: &'w Targets,
}

impl Writer<'_> {
    fn target(&self, target: &Arc<Reference>) -> Value {
        let children: Vec<_> = {
            let changing = target.changing();
            let children = changing.children.iter();
            children
                .filter_map(|number| self.all.get(*number))
                .collect()
        };
        let of = |child: &&Arc<Reference>, field| {
            let step = child.path.last();
            step.is_some_and(|step| step.field == field)
        };
        let has = |field| children.iter().any(|child| of(child, field));
        TargetManifest {
            target: self.all.target(target),
            description: target.model.descriptor().doc.clone(),
            actions: self.all.described_actions(target),
            emitters: self.all.emitters(target),
            members: self.members(&*target.model, &target.id, has, &mut Vec::new()),
            targets: children.iter().map(|child| self.target(child)).collect(),
        }
        .json()
    }

    /// What the members of the fields that have none will be; `above` are the types that the target is
    /// inside of, which say no more of themselves.
    fn members(
        &self,
        model: &dyn AnyModel,
        id: &str,
        has: impl Fn(usize) -> bool,
        above: &mut Vec<Arc<TargetDescriptor>>,
    ) -> Vec<Value> {
        let descriptor = Arc::clone(model.descriptor());
        if above.iter().any(|one| Arc::ptr_eq(one, &descriptor)) {
            return Vec::new();
        }
        above.push(Arc::clone(&descriptor));
        let fields = descriptor.sub_targets.iter().enumerate();
        let without = fields.filter(|(index, _)| !has(*index));
        let members = without.filter_map(|(index, field)| {
            // What a type has to say against itself, it says when it is added.
            let model = model.member_model(index).ok()?;
            let (child, name) = member_names(self.context, id, field, model.descriptor(), ANY);
            Some(json::object(vec![
                ("field", field.field.as_str().into()),
                ("shape", word(field.shape).into()),
                ("target", self.template(&*model, &child, name, id, above)),
            ]))
        });
        let members = members.collect();
        above.pop();
        members
    }

    /// A target that is not there yet.
    fn template(
        &self,
        model: &dyn AnyModel,
        id: &str,
        name: String,
        parent: &str,
        above: &mut Vec<Arc<TargetDescriptor>>,
    ) -> Value {
        let descriptor = model.descriptor();
        let actions = actions_of(descriptor, id, self.service);
        let emitters = emitters_of(descriptor, id, self.service);
        let color =
            |color: &Option<String>, other: &str| color.clone().unwrap_or_else(|| other.to_owned());
        TargetManifest {
            target: entity::Target {
                id: id.to_owned(),
                name,
                service_id: self.service.to_owned(),
                category: descriptor.category.clone(),
                action_ids: actions.iter().map(|action| action.id.clone()).collect(),
                emitter_ids: emitters.iter().map(|emitter| emitter.id.clone()).collect(),
                sub_targets: Vec::new(),
                parent_targets: vec![parent.to_owned()],
                bg_color: color(&descriptor.bg_color, "#000000"),
                fg_color: color(&descriptor.fg_color, "#ffffff"),
                root_level: false,
                last_updated: stamp::now().to_string(),
            },
            description: descriptor.doc.clone(),
            actions,
            emitters,
            targets: Vec::new(),
            members: self.members(model, id, |_| false, above),
        }
        .json()
    }
}

fn word(shape: Shape) -> &'static str {
    match shape {
        Shape::One => "one",
        Shape::Optional => "optional",
        Shape::List => "list",
        Shape::Map => "map",
    }
}
