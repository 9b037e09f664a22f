//! The accessibility tree: what a screen reader is told.

use std::fmt::{self, Write as _};

use serde_json::Value;

/// Longer trees are cut where they are printed.
const LINES: usize = 400;

/// One element as a screen reader is told of it.
#[derive(Debug, Clone)]
pub struct Node {
    /// As `button`, `treeitem` or `textbox`.
    pub role: String,
    /// What it is called.
    pub name: String,
    /// What is said beside its name.
    pub description: String,
    /// What it holds.
    pub value: String,
    /// All text in it.
    pub text: String,
    properties: Vec<(String, Value)>,
    pub(super) backend: i64,
}

impl Node {
    /// A property, as `focused`, `expanded`, `checked`, `invalid` or `disabled`.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Value> {
        let mut properties = self.properties.iter();
        properties
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
    }

    /// Whether a property is true, whether the tree says so as a boolean or as a word.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.property(name)
            .is_some_and(|value| *value == true || *value == "true")
    }
}

/// A page at one moment.
#[derive(Debug)]
pub struct Tree {
    /// From the root down, each followed by what is in it.
    nodes: Vec<(usize, Node)>,
}

impl Tree {
    /// Reads the answer of the protocol.
    pub(super) fn read(nodes: &Value) -> Self {
        let all = nodes.as_array().map(Vec::as_slice).unwrap_or_default();
        let by_id = all
            .iter()
            .filter_map(|node| Some((node["nodeId"].as_str()?, node)));
        let by_id = by_id.collect();
        let mut tree = Self { nodes: Vec::new() };
        if let Some(root) = all.first() {
            tree.take(root, 0, &by_id);
        }
        tree
    }

    /// The elements in an answer that lists some.
    pub(super) fn listed(nodes: &Value) -> Vec<Node> {
        let nodes = nodes.as_array().into_iter().flatten();
        let nodes = nodes.filter(|node| node["ignored"] != true);
        nodes.map(read).collect()
    }

    fn take(
        &mut self,
        node: &Value,
        depth: usize,
        by_id: &std::collections::HashMap<&str, &Value>,
    ) {
        let mut inner = depth;
        // What is ignored stands for what is in it.
        if node["ignored"] != true && node["role"]["value"] != "InlineTextBox" {
            self.nodes.push((depth, read(node)));
            inner += 1;
        }
        for child in node["childIds"].as_array().into_iter().flatten() {
            if let Some(child) = child.as_str().and_then(|id| by_id.get(id)) {
                self.take(child, inner, by_id);
            }
        }
    }

    /// The elements of this role, and this name if one is given, below another or anywhere.
    pub(super) fn find(&self, below: Option<usize>, role: &str, name: Option<&str>) -> Vec<usize> {
        let range = match below {
            Some(at) => self.below(at),
            None => 0..self.nodes.len(),
        };
        range
            .filter(|at| {
                let (_, node) = &self.nodes[*at];
                node.role == role && name.is_none_or(|name| node.name == name)
            })
            .collect()
    }

    /// Where an element is that was found before.
    pub(super) fn place(&self, node: &Node) -> Option<usize> {
        let mut nodes = self.nodes.iter();
        nodes.position(|(_, own)| own.backend == node.backend)
    }

    /// One element, with all text in it.
    pub(super) fn node(&self, at: usize) -> Node {
        let (_, mut node) = self.nodes[at].clone();
        let inner = self.below(at).map(|at| &self.nodes[at].1);
        let texts = inner
            .filter(|node| node.role == "StaticText")
            .map(|node| node.name.as_str());
        node.text = texts.collect::<Vec<_>>().join(" ");
        node
    }

    /// What is in an element.
    fn below(&self, at: usize) -> std::ops::Range<usize> {
        let (depth, _) = self.nodes[at];
        let rest = &self.nodes[at + 1..];
        let inner = rest.iter().take_while(|(inner, _)| *inner > depth).count();
        at + 1..at + 1 + inner
    }
}

/// One element without its text, which is in others.
fn read(node: &Value) -> Node {
    let text = |value: &Value| match &value["value"] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let properties = node["properties"].as_array().into_iter().flatten();
    let properties = properties.map(|property| {
        let name = property["name"].as_str().unwrap_or_default();
        (name.to_owned(), property["value"]["value"].clone())
    });
    Node {
        role: text(&node["role"]),
        name: text(&node["name"]).trim().to_owned(),
        description: text(&node["description"]),
        value: text(&node["value"]),
        text: String::new(),
        properties: properties.collect(),
        backend: node["backendDOMNodeId"].as_i64().unwrap_or_default(),
    }
}

/// As an outline, for messages.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, node) in self.nodes.iter().take(LINES) {
            write!(f, "{:1$}{2}", "", depth * 2, node.role)?;
            if !node.name.is_empty() {
                write!(f, " {:?}", node.name)?;
            }
            if !node.value.is_empty() {
                write!(f, " = {:?}", node.value)?;
            }
            if !node.description.is_empty() {
                write!(f, " ({})", node.description)?;
            }
            let mut said = String::new();
            for (name, value) in &node.properties {
                let quiet = matches!(
                    name.as_str(),
                    "focusable" | "editable" | "settable" | "multiline" | "url"
                );
                if !quiet && *value != false && *value != "false" && !value.is_null() {
                    write!(said, " {name}={value}")?;
                }
            }
            writeln!(f, "{said}")?;
        }
        if self.nodes.len() > LINES {
            writeln!(f, "and {} more", self.nodes.len() - LINES)?;
        }
        Ok(())
    }
}
