//! Actions while they are being described, and what their handlers answer.

use std::any::Any;
use std::cell::Cell;
use std::fmt::Display;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::descriptor::{ActionMode, WriteRole, Writes};
use crate::entity::LayoutField;
use crate::model::live::Rule;
use crate::model::{Arg, Args, Problem};
use crate::payload::PayloadError;
use crate::schema::{ObjectSchema, Property, SchemaError};
use crate::shortest;

/// A future behind a pointer, as handlers return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a handler answers: the response, or why there is none.
pub type Reply = Result<Value, ActionError>;

/// Why an action was not carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ActionError {
    /// The payload is not what the action takes.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The handler said no, in its own words.
    #[error("{0}")]
    Failed(String),
}

/// A handler at work.
pub enum Running<'a> {
    /// It has answered already.
    Done(Reply),
    /// It answers when this future is ready.
    Future(BoxFuture<'a, Reply>),
}

/// The handle that a long action takes in place of a receiver; the runtime's `Handle<T>` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handle of a target",
    note = "an action takes `&self`, `&mut self`, or `this: Handle<Self>` in place of a receiver"
)]
pub trait TargetHandle: Sized + Send + 'static {
    /// The target behind the handle.
    type Target;

    /// The typed form of the runtime's own handle; `None` when it is not from this runtime.
    fn from_erased(handle: &(dyn Any + Send + Sync)) -> Option<Self>;
}

/// What the method behind a setter returned, on its way to becoming an answer.
///
/// A future is waited for (through [`CalledFuture`]), everything else is there (through [`CalledPlain`]).
pub struct Called<T>(Cell<Option<T>>);

impl<T> Called<T> {
    /// What was returned.
    #[must_use]
    pub fn new(returned: T) -> Self {
        Self(Cell::new(Some(returned)))
    }
}

/// A method that returned a future.
pub trait CalledFuture<'a>: Sized {
    /// What the future becomes.
    type Returned;

    /// Waits for the future, and has it answered.
    fn __rship_run(self, reply: impl FnOnce(Self::Returned) -> Reply + Send + 'a) -> Running<'a>;
}

impl<'a, F: Future + Send + 'a> CalledFuture<'a> for Called<F> {
    type Returned = F::Output;

    fn __rship_run(self, reply: impl FnOnce(F::Output) -> Reply + Send + 'a) -> Running<'a> {
        match self.0.into_inner() {
            Some(future) => Running::Future(Box::pin(async move { reply(future.await) })),
            None => Running::Done(Ok(Value::Null)),
        }
    }
}

/// A method that returned at once. By reference, so that a future is found to be one first.
pub trait CalledPlain {
    /// What was returned.
    type Returned;

    /// Has it answered.
    fn __rship_run<'a>(self, reply: impl FnOnce(Self::Returned) -> Reply) -> Running<'a>;
}

impl<T> CalledPlain for &Called<T> {
    type Returned = T;

    fn __rship_run<'a>(self, reply: impl FnOnce(T) -> Reply) -> Running<'a> {
        Running::Done(self.0.take().map_or(Ok(Value::Null), reply))
    }
}
/// A handle of a `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handle of `{T}`",
    label = "an action without a receiver takes a handle of its own target first",
    note = "begin the arguments with `&self` or `&mut self`, or with `this: Handle<Self>` if the action runs long"
)]
pub trait HandleOf<T>: TargetHandle {}

#[diagnostic::do_not_recommend]
impl<T, H: TargetHandle<Target = T>> HandleOf<T> for H {}

/// What a method returned, on its way to becoming an answer.
///
/// A `Result` becomes a response or an error; everything else that is `Serialize` is the response
/// itself (through [`PlainReply`]).
pub struct ReplyOf<T>(pub T);

// The bounds are on the functions, not on the impls: every `Result` ends here, and one that cannot be
// told as a response or an error does not compile, in place of being a response itself.
impl<T, E> ReplyOf<Result<T, E>> {
    /// The answer.
    ///
    /// # Errors
    /// The method's own error, as text.
    // Called as a method, so its name must be none that a trait of the user's can have.
    pub fn __rship_reply(self) -> Reply
    where
        T: Answer,
        E: AnswerError,
    {
        match self.0 {
            Ok(value) => value.reply(),
            Err(error) => Err(ActionError::Failed(error.text())),
        }
    }
}

/// A type that can be the answer of an action; implemented for everything that has `serde::Serialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the answer of an action",
    label = "this type must implement `Serialize`, or be a `Result` of such a value and a `Display` error",
    note = "add `#[derive(serde::Serialize)]` to it, or to the type inside it that has none"
)]
pub trait Answer {
    #[doc(hidden)]
    fn reply(&self) -> Reply;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Answer for T {
    fn reply(&self) -> Reply {
        to_reply(self)
    }
}

/// A type that can be the error of an action; implemented for everything that has `Display`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of an action",
    label = "the error of this `Result` must implement `Display`, because its text is what whoever asked is told",
    note = "implement `std::fmt::Display` for it, or return another error, such as a `String`"
)]
pub trait AnswerError {
    #[doc(hidden)]
    fn text(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<E: Display> AnswerError for E {
    fn text(&self) -> String {
        self.to_string()
    }
}

/// A type inside of an answer, which must not be a `Result`: only the answer as a whole can be an error.
pub struct AnswerPart<T: ?Sized>(PhantomData<T>);

/// What a type inside of an answer can be: implemented by no `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is inside of the answer of an action, where its error would be told as success",
    label = "only the answer as a whole can be a `Result`",
    note = "return `Result<.., E>` with the rest of the answer inside, or say in a type of your own what failed"
)]
pub trait NoResult {}

impl<T, E> AnswerPart<Result<T, E>> {
    /// Does not compile.
    pub fn is_told()
    where
        Result<T, E>: NoResult,
    {
    }
}

/// What [`AnswerPart`] says of a type that is not a `Result`.
pub trait PlainPart {
    /// Nothing: the type is told as it is.
    fn is_told() {}
}

impl<T: ?Sized> PlainPart for AnswerPart<T> {}

/// The answer of a method that returns no `Result`.
pub trait PlainReply {
    /// What the method returned.
    type Returned;

    /// The answer.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    // The bound is here, not on the impl: a type without it is then a message in the trait's words.
    fn __rship_reply(self) -> Reply
    where
        Self::Returned: Answer;
}

impl<T> PlainReply for ReplyOf<T> {
    type Returned = T;

    fn __rship_reply(self) -> Reply
    where
        T: Answer,
    {
        Answer::reply(&self.0)
    }
}

fn to_reply(value: &impl Serialize) -> Reply {
    shortest::to_value(value).map_err(|error| {
        ActionError::Failed(format!(
            "the action was carried out, but its answer cannot be written as JSON: {error}"
        ))
    })
}

pub(crate) enum Handler<T> {
    Sync(Box<SyncFn<T>>),
    Future(Box<FutureFn<T>>),
    Either(Box<EitherFn<T>>),
    Detached(Box<DetachedFn>),
    /// The runtime's own.
    Cancel,
}

type SyncFn<T> = dyn Fn(&mut T, &mut Args) -> Reply + Send + Sync;
type FutureFn<T> = dyn for<'a> Fn(&'a mut T, Args) -> BoxFuture<'a, Reply> + Send + Sync;
type EitherFn<T> = dyn for<'a> Fn(&'a mut T, Args) -> Running<'a> + Send + Sync;
type DetachedFn = dyn Fn(&(dyn Any + Send + Sync), Args) -> BoxFuture<'static, Reply> + Send + Sync;

/// The names and arguments of one action; becomes a whole action when its handler is given.
pub struct ActionSpec {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) doc: Option<String>,
    pub(crate) schema: ObjectSchema,
    pub(crate) layout: Vec<LayoutField>,
    pub(crate) writes: Option<Writes>,
    pub(crate) restart: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) live: Vec<Rule>,
    pub(crate) progress: bool,
    pub(crate) cancel: bool,
    pub(crate) accepted: bool,
    pub(crate) transient: bool,
    pub(crate) problems: Vec<Problem>,
}

impl ActionSpec {
    /// An action with the id `TARGET:ID`.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: None,
            doc: None,
            schema: ObjectSchema::new(),
            layout: Vec::new(),
            writes: None,
            restart: false,
            timeout: None,
            live: Vec::new(),
            progress: false,
            cancel: false,
            accepted: false,
            transient: false,
            problems: Vec::new(),
        }
    }

    /// What people read; the id when it is left out.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What the action does.
    #[must_use]
    pub fn doc(mut self, text: impl Into<String>) -> Self {
        self.doc = Some(text.into());
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg<T>(mut self, arg: &Arg<T>) -> Self {
        self.problems.extend(arg.problems(&self.id));
        self.layout.extend(arg.layout());
        let live = arg.live().iter().cloned();
        self.live
            .extend(live.map(|rule| rule.of_argument(arg.name())));
        let added = match arg.schema() {
            Ok(schema) if arg.flatten => self.schema.flatten(schema),
            Ok(schema) => self.property(arg.property(schema)),
            Err(error) => Err(error),
        };
        if let Err(error) = added {
            self.cannot_take(arg.name(), error);
        }
        self
    }

    fn property(&mut self, property: Property) -> Result<(), SchemaError> {
        if self.schema.has(&property.name) {
            return Err(SchemaError::Duplicate {
                name: property.name,
            });
        }
        self.schema.property(property);
        Ok(())
    }

    fn cannot_take(&mut self, argument: &str, error: SchemaError) {
        self.problems.push(Problem::Schema {
            member: format!("action `{}`, argument `{argument}`", self.id),
            error,
        });
    }

    /// Names an emitter (its id after `TARGET:`) whose state this action sets, too.
    #[must_use]
    pub fn writes(mut self, emitter: impl Into<String>) -> Self {
        self.writes = Some(Writes {
            emitter: emitter.into(),
            role: WriteRole::Aux,
        });
        self
    }

    /// A new run cancels the one before, which is answered with an error.
    #[must_use]
    pub fn restart(mut self) -> Self {
        self.restart = true;
        self
    }

    /// How long a run may take: after that its command is answered with an error, and a handler that
    /// is a future is cancelled. What the executor is set to when it is left out.
    #[must_use]
    pub fn timeout(mut self, after: Duration) -> Self {
        self.timeout = Some(after);
        self
    }

    /// An emitter `ID-progress` says how far the runs are, as their handles tell; for an action that takes a
    /// handle.
    #[must_use]
    pub fn progress(mut self) -> Self {
        self.progress = true;
        self
    }

    /// An action `ID-cancel` ends the runs, and answers whether there were any; for a handler that is a
    /// future.
    #[must_use]
    pub fn cancel(mut self) -> Self {
        self.cancel = true;
        self
    }

    /// A run is answered as soon as it waits for something for the first time, with
    /// `{"accepted": true}`; for an action that takes a handle.
    #[must_use]
    pub fn accepted(mut self) -> Self {
        self.accepted = true;
        self
    }

    /// What this action sets is not kept over a restart of the device, also where the executor has a state
    /// file; for the action that sets a field.
    #[must_use]
    pub fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// The handler: returns when it is done.
    pub fn sync<T>(
        self,
        handler: impl Fn(&mut T, &mut Args) -> Reply + Send + Sync + 'static,
    ) -> Action<T> {
        self.finish(ActionMode::Exclusive, Handler::Sync(Box::new(handler)))
    }

    /// The handler: blocks its thread, so it gets one of its own.
    pub fn blocking<T>(
        self,
        handler: impl Fn(&mut T, &mut Args) -> Reply + Send + Sync + 'static,
    ) -> Action<T> {
        self.finish(ActionMode::Blocking, Handler::Sync(Box::new(handler)))
    }

    /// The handler: a future that holds the target until it is ready.
    pub fn future<T>(
        self,
        handler: impl for<'a> Fn(&'a mut T, Args) -> BoxFuture<'a, Reply> + Send + Sync + 'static,
    ) -> Action<T> {
        self.finish(ActionMode::Exclusive, Handler::Future(Box::new(handler)))
    }

    /// The handler: a future that holds a handle and runs beside the others.
    pub fn detached<T, H: HandleOf<T>>(
        self,
        handler: impl Fn(H, Args) -> BoxFuture<'static, Reply> + Send + Sync + 'static,
    ) -> Action<T> {
        self.finish(
            ActionMode::Detached,
            Handler::Detached(Box::new(move |erased, args| match H::from_erased(erased) {
                Some(handle) => handler(handle, args),
                None => Box::pin(std::future::ready(Err(ActionError::Failed(
                    "the handle type of this action belongs to another runtime".to_owned(),
                )))),
            })),
        )
    }

    fn finish<T>(self, mode: ActionMode, handler: Handler<T>) -> Action<T> {
        Action {
            spec: self,
            mode,
            handler,
        }
    }
}

/// One action, ready to be added to a model.
pub struct Action<T> {
    pub(crate) spec: ActionSpec,
    pub(crate) mode: ActionMode,
    pub(crate) handler: Handler<T>,
}
