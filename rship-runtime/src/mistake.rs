//! Mistakes that a test can have the engine make: one for each thing that the storms must notice.

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mistake {
    /// What the server lost or changed is not told again.
    HealsNothing,
    /// Commands are answered twice.
    AnswersTwice,
    /// Impulses that are dropped are not counted.
    CountsNoDrops,
    /// Targets are told before the target that they are in.
    ChildrenFirst,
    /// Before each value of a state, one goes out that it had long ago.
    GoesBack,
    /// Impulses wait without a bound.
    KnowsNoBound,
    /// A task goes on after the end.
    LeavesATask,
}
