//! The manifest: the whole tree of an executor as JSON, without a connection.

use rship_core::entity;
use serde::Serialize;
use serde_json::{Value, json};

use std::sync::Arc;

use crate::session::Parts;
use crate::target::{Reference, Targets};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetManifest {
    #[serde(flatten)]
    target: entity::Target,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    actions: Vec<entity::Action>,
    emitters: Vec<entity::Emitter>,
    targets: Vec<TargetManifest>,
}

pub(crate) fn write(parts: &Parts) -> Value {
    let all = parts.registry.targets();
    let instances = all.instances.iter().enumerate().map(|(index, instance)| {
        let targets: Vec<_> = all
            .all()
            .filter(|target| target.instance == index && target.parent.is_none())
            .map(|target| manifest_of(&all, target))
            .collect();
        json!({ "instance": instance, "targets": targets })
    });
    json!({
        "serviceId": parts.settings.service,
        "instances": instances.collect::<Vec<_>>(),
    })
}

fn manifest_of(all: &Targets, target: &Arc<Reference>) -> TargetManifest {
    let children: Vec<_> = {
        let changing = target.changing();
        let children = changing.children.iter();
        children.filter_map(|number| all.get(*number)).collect()
    };
    TargetManifest {
        target: all.target(target),
        description: target.model.descriptor().doc.clone(),
        actions: all.described_actions(target),
        emitters: all.emitters(target),
        targets: children
            .into_iter()
            .map(|child| manifest_of(all, child))
            .collect(),
    }
}
