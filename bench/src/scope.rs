//! How much is measured: a whole run, or a short one that says whether everything works.

/// The size of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) short: bool,
}

impl Scope {
    /// A count for this size of run.
    pub(crate) fn pick<T>(self, whole: T, short: T) -> T {
        if self.short { short } else { whole }
    }
}
