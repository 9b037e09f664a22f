//! Fields that hold sub-targets: one, perhaps one, an array or a map.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::hash::{BuildHasher, Hash};

use crate::model::MapKey;
use crate::model::members::Members;
use crate::target::Target;

/// Which member of a field that holds sub-targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// What tells it apart; empty where the field holds at most one.
    pub key: &'a str,
    /// Its position; where members have keys, only the place to look first.
    pub index: usize,
    /// The position alone counts, because the key may have been changed since it was looked at.
    pub pinned: bool,
}

/// What tells the members of an array apart.
pub(crate) type KeyFn<M> = dyn Fn(&M, &mut String) + Send + Sync;

/// A field type that holds sub-targets: `T`, `Option<T>`, `Vec<T>`, `BTreeMap<K, T>` or `HashMap<K, T>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold sub-targets",
    label = "this field is marked `#[target]`",
    note = "a `#[target]` field is a `T`, `Option<T>`, `Vec<T>`, `BTreeMap<K, T>` or `HashMap<K, T>` where `T` has `#[derive(Target)]`, and `K` is a `String` or an integer"
)]
pub trait SubTargets: Members<<Self as SubTargets>::Member> {
    /// The type of each member.
    type Member: Target;
}

/// A field type whose members a field of theirs can tell apart: an array.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hold a list, so it cannot have a `key`",
    label = "this field has a `key`",
    note = "the key tells the members of a `Vec` apart; remove it"
)]
pub trait SubTargetsWithKeys {}

// Whether its members are targets is asked elsewhere.
#[diagnostic::do_not_recommend]
impl<T> SubTargetsWithKeys for Vec<T> {}

#[diagnostic::do_not_recommend]
impl<T: Target> SubTargets for T {
    type Member = T;
}

#[diagnostic::do_not_recommend]
impl<T: Target> SubTargets for Option<T> {
    type Member = T;
}

#[diagnostic::do_not_recommend]
impl<T: Target> SubTargets for Vec<T> {
    type Member = T;
}

#[diagnostic::do_not_recommend]
impl<K: MapKey, T: Target> SubTargets for BTreeMap<K, T> {
    type Member = T;
}

#[diagnostic::do_not_recommend]
impl<K, T, S> SubTargets for HashMap<K, T, S>
where
    K: MapKey + Hash,
    T: Target,
    S: BuildHasher + 'static,
{
    type Member = T;
}

/// The names of a field that holds sub-targets, and what tells its members apart.
pub struct SubTargetSpec<M> {
    pub(crate) field: String,
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) key: Option<Box<KeyFn<M>>>,
    pub(crate) forget: bool,
}

impl<M> SubTargetSpec<M> {
    /// Sub-targets with ids `PARENT.FIELD` or `PARENT.FIELD.KEY`.
    #[must_use]
    pub fn new(field: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            id: None,
            name: None,
            key: None,
            forget: false,
        }
    }

    /// The whole id; for an array, what comes before `.KEY`.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// What people read in place of the type's name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A member that left the field is deleted on the server, too. Otherwise the server keeps it, offline,
    /// because shows refer to it and it may come back.
    #[must_use]
    pub fn forget(mut self) -> Self {
        self.forget = true;
        self
    }

    /// What tells the members of an array apart, however they are ordered.
    #[must_use]
    pub fn key<K: Display + ?Sized>(
        mut self,
        key: impl Fn(&M) -> &K + Send + Sync + 'static,
    ) -> Self {
        self.key = Some(key_fn(key));
        self
    }
}

pub(crate) fn key_fn<M, K: Display + ?Sized>(
    key: impl Fn(&M) -> &K + Send + Sync + 'static,
) -> Box<KeyFn<M>> {
    Box::new(move |member, text| {
        use std::fmt::Write as _;
        // Writing to a String fails only when the key's own Display does; the key is then cut there.
        let _ = write!(text, "{}", key(member));
    })
}
