//! What holds members, whatever describes them: itself, an `Option`, an array or a map.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use crate::descriptor::Shape;
use crate::model::sub_target::KeyFn;
use crate::model::{MapKey, Place};

/// A type that holds values of type `P`.
pub trait Members<P>: 'static {
    /// How many members there can be.
    const SHAPE: Shape;

    /// Calls `visit` for each member with its place; the key is that of a map, else empty.
    fn each(&self, visit: &mut dyn FnMut(Place<'_>, &P));

    /// Where the member at this place is now.
    #[doc(hidden)]
    fn locate(&self, place: Place<'_>, key: Option<&KeyFn<P>>) -> Option<usize> {
        self.find(place, key).map(|_| place.index)
    }

    /// The member at this place.
    #[doc(hidden)]
    fn find(&self, place: Place<'_>, key: Option<&KeyFn<P>>) -> Option<&P>;

    /// The member at this place.
    #[doc(hidden)]
    fn find_mut(&mut self, place: Place<'_>, key: Option<&KeyFn<P>>) -> Option<&mut P>;
}

const ONLY: Place<'static> = at("", 0);

const fn at(key: &str, index: usize) -> Place<'_> {
    Place {
        key,
        index,
        pinned: false,
    }
}

#[diagnostic::do_not_recommend]
impl<T: 'static> Members<T> for T {
    const SHAPE: Shape = Shape::One;

    fn each(&self, visit: &mut dyn FnMut(Place<'_>, &T)) {
        visit(ONLY, self);
    }

    fn find(&self, _: Place<'_>, _: Option<&KeyFn<T>>) -> Option<&T> {
        Some(self)
    }

    fn find_mut(&mut self, _: Place<'_>, _: Option<&KeyFn<T>>) -> Option<&mut T> {
        Some(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: 'static> Members<T> for Option<T> {
    const SHAPE: Shape = Shape::Optional;

    fn each(&self, visit: &mut dyn FnMut(Place<'_>, &T)) {
        if let Some(member) = self {
            visit(ONLY, member);
        }
    }

    fn find(&self, _: Place<'_>, _: Option<&KeyFn<T>>) -> Option<&T> {
        self.as_ref()
    }

    fn find_mut(&mut self, _: Place<'_>, _: Option<&KeyFn<T>>) -> Option<&mut T> {
        self.as_mut()
    }
}

#[diagnostic::do_not_recommend]
impl<T: 'static> Members<T> for Vec<T> {
    const SHAPE: Shape = Shape::List;

    fn each(&self, visit: &mut dyn FnMut(Place<'_>, &T)) {
        for (index, member) in self.iter().enumerate() {
            visit(at("", index), member);
        }
    }

    fn locate(&self, place: Place<'_>, key: Option<&KeyFn<T>>) -> Option<usize> {
        position(self, place, key).filter(|position| *position < self.len())
    }

    fn find(&self, place: Place<'_>, key: Option<&KeyFn<T>>) -> Option<&T> {
        self.get(position(self, place, key)?)
    }

    fn find_mut(&mut self, place: Place<'_>, key: Option<&KeyFn<T>>) -> Option<&mut T> {
        let position = position(self, place, key)?;
        self.get_mut(position)
    }
}

/// Where the member with this key is now; looks at its last position first.
fn position<T>(members: &[T], place: Place<'_>, key: Option<&KeyFn<T>>) -> Option<usize> {
    let Some(key) = key.filter(|_| !place.pinned) else {
        return Some(place.index);
    };
    let mut text = String::new();
    let mut has_key = |member: &T| {
        text.clear();
        key(member, &mut text);
        text == place.key
    };
    if members.get(place.index).is_some_and(&mut has_key) {
        return Some(place.index);
    }
    members.iter().position(has_key)
}

#[diagnostic::do_not_recommend]
impl<K: MapKey, T: 'static> Members<T> for BTreeMap<K, T> {
    const SHAPE: Shape = Shape::Map;

    fn each(&self, visit: &mut dyn FnMut(Place<'_>, &T)) {
        each_entry(self.iter(), visit);
    }

    fn find(&self, place: Place<'_>, _: Option<&KeyFn<T>>) -> Option<&T> {
        self.get(&K::read(place.key)?)
    }

    fn find_mut(&mut self, place: Place<'_>, _: Option<&KeyFn<T>>) -> Option<&mut T> {
        self.get_mut(&K::read(place.key)?)
    }
}

#[diagnostic::do_not_recommend]
impl<K, T, S> Members<T> for HashMap<K, T, S>
where
    K: MapKey + Hash,
    T: 'static,
    S: BuildHasher + 'static,
{
    const SHAPE: Shape = Shape::Map;

    fn each(&self, visit: &mut dyn FnMut(Place<'_>, &T)) {
        // Its own order is another in each run, and after it has grown.
        let mut members: Vec<_> = self.iter().collect();
        members.sort_unstable_by_key(|(key, _)| *key);
        each_entry(members, visit);
    }

    fn find(&self, place: Place<'_>, _: Option<&KeyFn<T>>) -> Option<&T> {
        self.get(&K::read(place.key)?)
    }

    fn find_mut(&mut self, place: Place<'_>, _: Option<&KeyFn<T>>) -> Option<&mut T> {
        self.get_mut(&K::read(place.key)?)
    }
}

/// Visits the members of a map in this order, each with its key as text.
fn each_entry<'a, K: MapKey, T: 'a>(
    members: impl IntoIterator<Item = (&'a K, &'a T)>,
    visit: &mut dyn FnMut(Place<'_>, &T),
) {
    let mut text = String::new();
    for (index, (key, member)) in members.into_iter().enumerate() {
        text.clear();
        key.write(&mut text);
        visit(at(&text, index), member);
    }
}
