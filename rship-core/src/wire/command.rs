//! Commands from the server, in all their forms.

use serde_json::Value;

use super::fields::Fields;
use crate::json;

/// A command that this executor knows, or the reason why it cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The name it came under; empty where it has none, and is answered all the same.
    pub id: String,
    /// What its answer must carry; a command without it cannot be answered.
    pub tx: Option<String>,
    /// What to do.
    pub member: Member,
}

/// What a command asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Member {
    /// The connection's client id, from a 2023 (`client:setId`) or a 2024 (`SetClientId`) server.
    SetClientId {
        /// The id.
        client_id: String,
        /// Whether it came in the form of 2023.
        documented: bool,
    },
    /// Actions to carry out.
    Exec(Exec),
    /// A last value to publish once more.
    Resend(Resend),
    /// A command of a name that executors do not know.
    Unknown,
    /// A command whose content cannot be read.
    Unreadable(String),
}

/// Actions to carry out with one answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Exec {
    /// Whether several may come in one command; their answer names those that failed.
    pub batch: bool,
    /// In the order in which they are to be carried out.
    pub calls: Vec<Result<TargetCall, MemberFault>>,
}

/// A member of a batch that cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberFault {
    /// A member may want an answer of its own, all the more when it cannot be read.
    pub tx: Option<String>,
    /// Which one, as the answer names it.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// One action to carry out.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetCall {
    /// A member of a batch may want an answer of its own.
    pub tx: Option<String>,
    /// The instance to do it; `None` where the generation names none.
    pub instance_id: Option<String>,
    /// The target, if the command names it.
    pub target_id: Option<String>,
    /// `TARGET:ACTION`.
    pub action_id: String,
    /// The payload.
    pub data: Value,
}

/// An emitter whose last value is to be published once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resend {
    /// The instance to do it.
    pub instance_id: Option<String>,
    /// `TARGET:EMITTER`.
    pub emitter_id: String,
}

/// What the payloads of one compact batch may come to when each assignment has its own, in bytes of JSON
/// text: as much as a server takes in one message. A frame that names one large payload very often
/// would fill the memory otherwise.
const UNFOLDED_LIMIT: usize = 64 << 20;

/// A group of a compact batch.
struct Group {
    action_id: String,
    payloads: Vec<Value>,
    assignments: Vec<Assignment>,
}

struct Assignment {
    tx: Option<String>,
    instance_id: Option<String>,
    target_id: Option<String>,
    payload_index: Option<usize>,
}

impl Command {
    /// Reads the data of a command; one that cannot be read is still a command to answer. `None` when
    /// it has neither a name nor a transaction.
    pub(super) fn read(mut data: Value) -> Option<Self> {
        let mut take = |name: &str| data.get_mut(name).map(Value::take).unwrap_or_default();
        let (id, mut content, outer_tx) = (take("commandId"), take("command"), take("tx"));
        let tx = string(content.get("tx")).or_else(|| string(Some(&outer_tx)));
        let Value::String(id) = id else {
            return tx.is_some().then(|| Self {
                id: String::new(),
                tx,
                member: Member::Unreadable("`commandId` must be a string".to_owned()),
            });
        };
        let member = match id.as_str() {
            "client:setId" => set_client_id(&content, true),
            "SetClientId" => set_client_id(&content, false),
            "target:action:exec" | "ExecTargetAction" => one("`command`", content).map(|call| {
                Member::Exec(Exec {
                    batch: false,
                    // The answer of the command is the answer of its only call.
                    calls: vec![Ok(TargetCall { tx: None, ..call })],
                })
            }),
            "BatchTargetAction" => list(&mut content, "actions").map(batch),
            "CompactBatchTargetAction" => list(&mut content, "groups").map(compact_batch),
            "ResendEmitterValue" => Resend::read(content).map(Member::Resend),
            _ => Ok(Member::Unknown),
        };
        Some(Self {
            id,
            tx,
            member: member.unwrap_or_else(Member::Unreadable),
        })
    }
}

fn string(value: Option<&Value>) -> Option<String> {
    value?.as_str().map(ToOwned::to_owned)
}

fn set_client_id(content: &Value, documented: bool) -> Result<Member, String> {
    let client_id = string(content.get("clientId")).ok_or("`clientId` must be a string")?;
    Ok(Member::SetClientId {
        client_id,
        documented,
    })
}

fn one(what: &str, content: Value) -> Result<TargetCall, String> {
    let mut call = Fields::of(what, content)?;
    let mut action = Fields::of("`action`", call.any("action"))?;
    Ok(TargetCall {
        tx: call.text_if_any("tx")?,
        instance_id: call.text_if_any("instanceId")?,
        target_id: action.text_if_any("targetId")?,
        action_id: action.text("id")?,
        data: call.any("data"),
    })
}

fn list(content: &mut Value, name: &str) -> Result<Vec<Value>, String> {
    match content.get_mut(name).map(Value::take) {
        Some(Value::Array(members)) => Ok(members),
        _ => Err(format!("`{name}` must be an array")),
    }
}

fn batch(members: Vec<Value>) -> Member {
    let calls = members.into_iter().enumerate().map(|(index, member)| {
        let tx = string(member.get("tx"));
        one("an action", member).map_err(|reason| MemberFault {
            tx,
            what: format!("actions[{index}]"),
            reason,
        })
    });
    Member::Exec(Exec {
        batch: true,
        calls: calls.collect(),
    })
}

fn compact_batch(groups: Vec<Value>) -> Member {
    let mut calls = Vec::new();
    let mut room = UNFOLDED_LIMIT;
    for (index, group) in groups.into_iter().enumerate() {
        match Group::read(group) {
            Ok(group) => group.unfold(index, &mut room, &mut calls),
            Err(reason) => calls.push(Err(MemberFault {
                tx: None,
                what: format!("groups[{index}]"),
                reason,
            })),
        }
    }
    Member::Exec(Exec { batch: true, calls })
}

impl Resend {
    pub(super) fn read(content: Value) -> Result<Self, String> {
        let mut content = Fields::of("`command`", content)?;
        Ok(Self {
            instance_id: content.text_if_any("instanceId")?,
            emitter_id: content.text("emitterId")?,
        })
    }
}

impl Assignment {
    fn read(assignment: Value) -> Result<Self, String> {
        let mut assignment = Fields::of("an assignment", assignment)?;
        let index = assignment.whole_if_any("payloadIndex")?;
        Ok(Self {
            tx: assignment.text_if_any("tx")?,
            instance_id: assignment.text_if_any("instanceId")?,
            target_id: assignment.text_if_any("targetId")?,
            payload_index: index.map(|index| usize::try_from(index).unwrap_or(usize::MAX)),
        })
    }
}

impl Group {
    fn read(group: Value) -> Result<Self, String> {
        let mut group = Fields::of("a group", group)?;
        let assignments = group.list("assignments")?.into_iter();
        Ok(Self {
            action_id: group.text("actionId")?,
            payloads: group.list_if_any("payloads")?,
            assignments: assignments
                .map(Assignment::read)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Adds a call for each assignment, as long as there is room for its payload.
    fn unfold(
        self,
        group: usize,
        room: &mut usize,
        calls: &mut Vec<Result<TargetCall, MemberFault>>,
    ) {
        let sizes: Vec<usize> = self.payloads.iter().map(size).collect();
        for (index, assignment) in self.assignments.into_iter().enumerate() {
            let fault = |reason| MemberFault {
                tx: assignment.tx.clone(),
                what: format!("groups[{group}].assignments[{index}]"),
                reason,
            };
            let data = match assignment.payload_index {
                None => Ok(Value::Null),
                Some(at) => match (self.payloads.get(at), sizes.get(at)) {
                    (Some(payload), Some(size)) if size <= room => {
                        *room -= size;
                        Ok(payload.clone())
                    }
                    (Some(_), _) => Err(fault(format!(
                        "the payloads of the command come to more than {UNFOLDED_LIMIT} bytes"
                    ))),
                    (None, _) => Err(fault(format!(
                        "`payloadIndex` {at} is beyond the {} payloads of the group",
                        self.payloads.len()
                    ))),
                },
            };
            calls.push(data.map(|data| TargetCall {
                tx: assignment.tx,
                instance_id: assignment.instance_id,
                target_id: assignment.target_id,
                action_id: self.action_id.clone(),
                data,
            }));
        }
    }
}

/// The length of a payload as JSON text, in bytes.
fn size(payload: &Value) -> usize {
    json::text(payload).len()
}
