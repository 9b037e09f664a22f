//! Mistakes that a test can have the engine make, one for each thing that the storms must notice.

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mistake {
    /// An entity that the server lost is never told again, and a removal is forgotten now and then.
    ForgetsRemovals,
    /// Some commands are answered twice.
    AnswersTwice,
    /// Impulses that are dropped are not counted.
    CountsNoDrops,
    /// Targets are told before the targets that they are in.
    ChildrenFirst,
    /// Now and then a state goes out with the value that it had before.
    GoesBack,
    /// What has been sent is kept for ever.
    KeepsEverything,
    /// A task goes on after the end.
    LeavesATask,
}
