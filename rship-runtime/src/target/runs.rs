//! Runs that can be ended from outside: by a newer run of the same action, or by the command that cancels
//! it. They are known from the moment that their command was taken, so that none is missed in between.

use std::sync::Arc;

use rship_core::few::Few;
use tokio::sync::oneshot;

use super::reference::Reference;

/// Actions of one tree that are remembered before those without runs are swept out.
const SWEPT: usize = 64;

/// Who ends a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Superseded,
    Cancelled,
}

/// Ready when somebody ends the run; `None` for one that nobody ends.
pub(super) type EndedBy = Option<oneshot::Receiver<End>>;

/// The runs of each target and action, which may have ended since.
#[derive(Default)]
pub(super) struct Runs(Few<(Arc<str>, usize), Vec<oneshot::Sender<End>>>);

impl End {
    /// What its command is answered.
    pub(super) fn text(self, target: &Reference, action: usize) -> String {
        let action = target.action(action).map_or("", |action| &action.id);
        match self {
            Self::Superseded => format!("cancelled: a newer `{action}` took over"),
            Self::Cancelled => format!("cancelled by `{action}-cancel`"),
        }
    }
}

impl Runs {
    /// Makes a run known.
    pub(super) fn add(&mut self, target: &Arc<str>, action: usize) -> oneshot::Receiver<End> {
        let (sender, receiver) = oneshot::channel();
        if self.0.len() >= SWEPT {
            // Members that come and go would leave theirs behind.
            self.0
                .retain(|(_, runs)| runs.iter().any(|run| !run.is_closed()));
        }
        let runs = self.0.entry((Arc::clone(target), action), Vec::new);
        // Seldom enough that many runs cost no more than few, each.
        if runs.len().is_power_of_two() {
            runs.retain(|run| !run.is_closed());
        }
        runs.push(sender);
        receiver
    }

    /// Ends the runs of an action; whether there were any.
    pub(super) fn end(&mut self, target: &Arc<str>, action: usize, by: End) -> bool {
        let runs = self.0.remove(&(Arc::clone(target), action));
        let ended = runs
            .into_iter()
            .flatten()
            .filter_map(|run| run.send(by).ok());
        ended.count() > 0
    }
}

/// Who has ended a run that is about to begin.
pub(super) fn ended_already(run: &mut EndedBy) -> Option<End> {
    run.as_mut()?.try_recv().ok()
}

/// Waits until somebody ends the run.
pub(super) async fn ended(run: EndedBy) -> End {
    match run {
        Some(run) => match run.await {
            Ok(end) => end,
            // Its tree lets go of it only when nobody can end it any more.
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_runs_of_an_action_are_ended_and_no_others() {
        let (lamp, fan): (Arc<str>, Arc<str>) = ("lamp".into(), "fan".into());
        let mut runs = Runs::default();
        let (mut one, mut two) = (Some(runs.add(&lamp, 0)), Some(runs.add(&lamp, 0)));
        let (mut other, mut of_another) = (Some(runs.add(&lamp, 1)), Some(runs.add(&fan, 0)));
        assert!(runs.end(&lamp, 0, End::Cancelled));
        assert!(
            !runs.end(&lamp, 0, End::Cancelled),
            "there are none any more"
        );
        assert_eq!(ended_already(&mut one), Some(End::Cancelled));
        assert_eq!(ended_already(&mut two), Some(End::Cancelled));
        assert_eq!(ended_already(&mut other), None);
        assert_eq!(ended_already(&mut of_another), None);
    }

    #[test]
    fn runs_that_have_ended_are_not_counted_and_leave_nothing_behind() {
        let lamp: Arc<str> = "lamp".into();
        let mut runs = Runs::default();
        drop(runs.add(&lamp, 0));
        assert!(!runs.end(&lamp, 0, End::Cancelled));
        for number in 0..10_000 {
            drop(runs.add(&lamp, 0));
            drop(runs.add(&format!("moth-{number}").into(), 0));
        }
        let left: usize = runs.0.iter().map(|(_, runs)| runs.len()).sum();
        assert!(left <= 2 * SWEPT, "{left}");
    }
}
