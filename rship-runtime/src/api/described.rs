//! What a server is told of a target beside its values: its name, whether it can be used, where it stands.
//!
//! Nothing here fails. What is said of a target that is gone is told to nobody, and the log says so.

use crate::journal::Topic;
use crate::outbox::Change;
use crate::target::{RawHandle, Reference, Targets};

/// Says something of a target; whether there was one to say it of.
pub(super) fn try_say(
    raw: &RawHandle,
    say: impl FnOnce(&Targets, &Reference) -> Vec<Change>,
) -> bool {
    let context = &raw.tree.context;
    let Some(registry) = raw.registry().filter(|_| !context.outbox.has_ended()) else {
        return false;
    };
    let targets = registry.targets();
    let Some(target) = targets.current(&raw.target) else {
        return false;
    };
    context.outbox.changed(say(&targets, &target));
    true
}

/// The same; the log says so when there was none.
pub(super) fn say(
    raw: &RawHandle,
    what: &str,
    say: impl FnOnce(&Targets, &Reference) -> Vec<Change>,
) {
    if !try_say(raw, say) {
        raw.tree.context.journal.warn(Topic::Untold, || {
            format!(
                "{what} of target `{}` is told to nobody: the target was removed, or its executor has ended",
                raw.target.id
            )
        });
    }
}

/// The methods of every handle that say something of its target.
macro_rules! described {
    ($handle:ident) => {
        impl<T: Send + 'static> $handle<T> {
            /// The target's id.
            #[must_use]
            pub fn id(&self) -> &str {
                &self.raw.target.id
            }

            /// Gives the target another name for people to read.
            pub fn rename(&self, name: impl Into<String>) {
                described::say(&self.raw, "a name", |_, target| {
                    vec![target.rename(name.into())]
                });
            }

            /// Says whether the target, with all below it, can be used. Commands for an offline target are
            /// answered with an error; its values are published all the same.
            pub fn set_online(&self, online: bool) {
                described::say(&self.raw, "the status", |targets, target| {
                    let changed = targets.set_online(target.number, online);
                    changed.into_iter().map(Change::Status).collect()
                });
            }

            /// Says whether one action or emitter can be used now. Commands for an action that is not
            /// available are answered with an error; servers since 2026 show it.
            ///
            /// # Errors
            /// When the target has no such member.
            pub fn set_available(&self, member: Member, available: bool) -> Result<(), Error> {
                let descriptor = self.raw.target.model.descriptor();
                let (kind, id, known) = match &member {
                    Member::Action(id) => ("action", id, descriptor.action(id).is_some()),
                    Member::Emitter(id) => ("emitter", id, descriptor.emitter(id).is_some()),
                };
                if !known {
                    return Err(Error::NoMember {
                        target: self.id().to_owned(),
                        kind,
                        member: id.clone(),
                    });
                }
                described::say(&self.raw, "what is available", |_, target| {
                    target.set_details(|details| {
                        details.available.insert(member, available);
                    });
                    vec![Change::Details(target.number)]
                });
                Ok(())
            }

            /// Says where the target stands, in its instance's coordinate space; for servers since 2026.
            pub fn set_position(&self, position: Position) {
                described::say(&self.raw, "the position", |_, target| {
                    target.set_details(|details| details.position = Some(position));
                    vec![Change::Details(target.number)]
                });
            }

            /// Says what the target is there for; for servers since 2026.
            pub fn set_role(&self, role: impl Into<String>) {
                described::say(&self.raw, "the role", |_, target| {
                    target.set_details(|details| details.role = Some(role.into()));
                    vec![Change::Details(target.number)]
                });
            }

            /// Names parents that the target has for the time being, besides its own; for servers since
            /// 2026.
            pub fn set_ephemeral_parents<I: Into<String>>(
                &self,
                parents: impl IntoIterator<Item = I>,
            ) {
                described::say(&self.raw, "a parent", |_, target| {
                    let parents = parents.into_iter().map(Into::into).collect();
                    target.set_details(|details| details.parents = Some(parents));
                    vec![Change::Details(target.number)]
                });
            }

            /// The handle of a sub-target, by its id as servers are told it, such as `hub.outputs.3`.
            ///
            /// # Errors
            /// When no such sub-target is below this target now, or when it is of another type.
            pub fn sub_target_by_id<M: Send + 'static>(
                &self,
                id: &str,
            ) -> Result<SubTarget<M>, Error> {
                sub_target::by_id(&self.raw, id)
            }
        }

        impl<T> Clone for $handle<T> {
            fn clone(&self) -> Self {
                Self {
                    raw: self.raw.clone(),
                    target: PhantomData,
                }
            }
        }

        impl<T> fmt::Debug for $handle<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let id = &self.raw.target.id;
                f.debug_tuple(stringify!($handle)).field(id).finish()
            }
        }
    };
}

pub(super) use described;
