//! The manifest: the whole tree of an executor as JSON, without a connection.

use rship_core::entity;
use serde::Serialize;
use serde_json::{Value, json};

use crate::hub::Hub;
use crate::registry::{Node, Registry};

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

pub(crate) fn write(hub: &Hub) -> Value {
    let registry = hub.registry();
    let instances = registry
        .instances
        .iter()
        .enumerate()
        .map(|(index, instance)| {
            let roots = registry.nodes().map(|(_, node)| node);
            let targets: Vec<_> = roots
                .filter(|node| node.instance == index && node.parent.is_none())
                .map(|node| target(&registry, node))
                .collect();
            json!({ "instance": instance, "targets": targets })
        });
    json!({
        "serviceId": hub.config.service,
        "instances": instances.collect::<Vec<_>>(),
    })
}

fn target(registry: &Registry, node: &Node) -> TargetManifest {
    let children = node.children.iter().filter_map(|id| registry.node(*id));
    TargetManifest {
        target: registry.target(node),
        description: node.descriptor.doc.clone(),
        actions: registry.actions(node),
        emitters: registry.emitters(node),
        targets: children.map(|child| target(registry, child)).collect(),
    }
}
