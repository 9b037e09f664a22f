//! Following: looks at a target when one of its fields tells that its value has changed.

use std::any::Any;
use std::sync::Arc;

use rship_core::model::Following;
use tokio::sync::oneshot;

use super::Tree;
use super::lock::Who;
use super::pool::What;
use super::publish::Look;
use super::reference::Reference;

/// A field that is followed, for as long as this is kept.
pub(super) struct Followed {
    /// Whose changes are followed: another may take its place.
    pub(super) source: Box<dyn Any + Send>,
    _stop: oneshot::Sender<()>,
}

/// Looks at the target whenever the field tells of a change.
pub(super) fn begin(tree: &Arc<Tree>, target: &Reference, following: Following) -> Followed {
    let Following {
        source,
        mut changes,
    } = following;
    let (stop, stopped) = oneshot::channel();
    let (weak, path) = (Arc::downgrade(tree), Arc::clone(&target.path));
    let work = Box::pin(async move {
        let follow = async {
            while changes.changed().await {
                let Some(tree) = weak.upgrade() else { return };
                tree.lock(Who::Sampling).await.publish(Look::Told(&path));
            }
        };
        tokio::select! {
            biased;
            // Nothing is ever sent.
            _ = stopped => {}
            () = follow => {}
        }
    });
    let context = &tree.context;
    context.tasks.spawn(context, tree, What::Sampling, work);
    Followed {
        source,
        _stop: stop,
    }
}
