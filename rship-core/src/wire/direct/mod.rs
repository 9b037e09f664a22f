//! Action commands read straight from their text, in the form in which servers write them.
//!
//! The long way, over a tree of all that a frame holds, knows every form and says what is wrong with
//! one. This way builds nothing but the command, and leaves to the long one, without a reason, whatever
//! is unusual: what it does read, the long way reads as the same.

#[cfg(test)]
mod tests;

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::command::{Command, Exec, Member, TargetCall};

/// Reads an action command; `None` where the frame has to go the long way.
pub(super) fn read(text: &str) -> Option<Command> {
    let mut frame = Frame::default();
    let mut json = serde_json::Deserializer::from_str(text);
    Fill(&mut frame).deserialize(&mut json).ok()?;
    json.end().ok()?;
    let (Event, data) = (frame.event?, frame.data?);
    let (id, mut content) = (data.command_id?, data.command?);
    let tx = content.tx.take().flatten();
    let exec = match id.as_str() {
        "target:action:exec" | "ExecTargetAction" => Exec {
            batch: false,
            calls: vec![Ok(content.call()?)],
        },
        "BatchTargetAction" => Exec {
            batch: true,
            calls: content
                .actions?
                .into_iter()
                .map(|member| member.call().map(Ok))
                .collect::<Option<_>>()?,
        },
        _ => return None,
    };
    Some(Command {
        id,
        tx,
        member: Member::Exec(exec),
    })
}

#[derive(Default)]
struct Frame {
    event: Option<Event>,
    data: Option<Data>,
}

impl<'de> Fields<'de> for Frame {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "event" => once(&mut self.event, map),
            "data" => object(&mut self.data, map),
            _ => Err(unusual()),
        }
    }
}

/// The event of a frame that is a command. It stands first in most frames, so that one of another kind
/// is left alone before it is read.
struct Event;

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match <&str>::deserialize(deserializer)? {
            "ws:m:command" => Ok(Self),
            _ => Err(unusual()),
        }
    }
}

#[derive(Default)]
struct Data {
    command_id: Option<String>,
    command: Option<Content>,
}

impl<'de> Fields<'de> for Data {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "commandId" => once(&mut self.command_id, map),
            "command" => object(&mut self.command, map),
            _ => Err(unusual()),
        }
    }
}

/// The content of a command, or a member of a batch. What has an inner `Option` may be null.
#[derive(Default)]
struct Content {
    tx: Option<Option<String>>,
    instance_id: Option<Option<String>>,
    action: Option<Action>,
    data: Option<Value>,
    actions: Option<Vec<Content>>,
}

impl<'de> Fields<'de> for Content {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "tx" => once(&mut self.tx, map),
            "instanceId" => once(&mut self.instance_id, map),
            "action" => object(&mut self.action, map),
            "data" => once(&mut self.data, map),
            "actions" => once(&mut self.actions, map),
            // A compact batch, with as much before its name as fits into a frame.
            "groups" => Err(unusual()),
            _ => map.next_value().map(|Skipped| ()),
        }
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut content = Self::default();
        Fill(&mut content).deserialize(deserializer)?;
        Ok(content)
    }
}

impl Content {
    fn call(self) -> Option<TargetCall> {
        let action = self.action?;
        Some(TargetCall {
            tx: self.tx.flatten(),
            instance_id: self.instance_id.flatten(),
            target_id: action.target_id.flatten(),
            action_id: action.id?,
            data: self.data.unwrap_or_default(),
        })
    }
}

/// An action by its id, or the whole entity.
#[derive(Default)]
struct Action {
    id: Option<String>,
    target_id: Option<Option<String>>,
}

impl<'de> Fields<'de> for Action {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => once(&mut self.id, map),
            "targetId" => once(&mut self.target_id, map),
            _ => map.next_value().map(|Skipped| ()),
        }
    }
}

/// What is made of the fields of an object, in whatever order they come.
trait Fields<'de>: Default {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Takes a value; of two under one name the last counts, which is unusual enough.
fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    slot: &mut Option<T>,
    map: &mut A,
) -> Result<(), A::Error> {
    match slot.replace(map.next_value()?) {
        None => Ok(()),
        Some(_) => Err(unusual()),
    }
}

/// Takes an object, whose fields are read to where they stay.
fn object<'de, F: Fields<'de>, A: MapAccess<'de>>(
    slot: &mut Option<F>,
    map: &mut A,
) -> Result<(), A::Error> {
    match slot {
        None => map.next_value_seed(Fill(slot.insert(F::default()))),
        Some(_) => Err(unusual()),
    }
}

fn unusual<E: Error>() -> E {
    E::custom("left to the long way")
}

/// Reads an object and nothing else, where a derived reader would take an array of the fields, too.
struct Fill<'f, F>(&'f mut F);

impl<'de, F: Fields<'de>> DeserializeSeed<'de> for Fill<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: Fields<'de>> Visitor<'de> for Fill<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // Nobody writes a name with escapes, and one without needs no copy.
        while let Some(name) = map.next_key::<&str>()? {
            self.0.field(name, &mut map)?;
        }
        Ok(())
    }
}

/// A value that nobody needs. It is read all the same: `serde::de::IgnoredAny` lets pass what is refused
/// in a tree, such as half of a surrogate pair, a number beyond all floats, or arrays in arrays without end.
struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Skipped {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while let Some(Self) = items.next_element()? {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while let Some((Self, Self)) = fields.next_entry()? {}
        Ok(self)
    }
}
