//! The local core behind the link, which can go away and come back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rship_dev::{Entities, LocalCore};
use rship_runtime::Generation;
use tokio::sync::watch;
use tokio::time::sleep;

use super::link::{Door, Link};
use super::record::Record;
use super::seen::Seen;
use crate::Failure;

/// Starts the transactions of commands that the core does not know of.
pub(super) const RAW: &str = "raw-";

/// Longer than anything that a device must bear.
const ANSWER: Duration = Duration::from_secs(30);

/// How long a core that is replaced may be needed by commands that it asked.
const NEEDED: Duration = Duration::from_secs(5);

pub(super) struct Server {
    current: watch::Sender<Arc<LocalCore>>,
    pub(super) link: Link,
    seen: Arc<Seen>,
    record: Arc<Record>,
}

impl Server {
    pub(super) async fn start(
        generation: Generation,
        seen: &Arc<Seen>,
        record: &Arc<Record>,
    ) -> Result<Self, Failure> {
        let core = core(generation, Entities::default()).await?;
        seen.follow(&core, record);
        let link = Link::start(core.addr()).await?;
        Ok(Self {
            current: watch::Sender::new(Arc::new(core)),
            link,
            seen: Arc::clone(seen),
            record: Arc::clone(record),
        })
    }

    /// The core that is there now.
    pub(super) fn core(&self) -> Arc<LocalCore> {
        Arc::clone(&self.current.borrow())
    }

    /// The same for those who need it at each moment.
    pub(super) fn cores(&self) -> watch::Receiver<Arc<LocalCore>> {
        self.current.subscribe()
    }

    /// Where the device finds it, whichever core it is.
    pub(super) fn url(&self) -> String {
        format!("ws://{}/myko", self.link.addr)
    }

    /// Puts a core of this generation in its place, with what that has on its disk.
    pub(super) async fn replace(
        &mut self,
        generation: Generation,
        entities: Entities,
    ) -> Result<(), Failure> {
        self.link.close(Door::Shut);
        let core = core(generation, entities).await?;
        self.seen.follow(&core, &self.record);
        let addr = core.addr();
        let old = self.current.send_replace(Arc::new(core));
        stop(old).await;
        self.link.lead_to(addr);
        self.link.restore();
        Ok(())
    }

    /// The generation after this one, in a circle.
    pub(super) fn next_generation(&self) -> Generation {
        let (all, now) = (Generation::ALL, self.core().generation());
        let at = all.iter().position(|generation| *generation == now);
        all[(at.unwrap_or_default() + 1) % all.len()]
    }

    pub(super) async fn stop(self) {
        let Self { current, link, .. } = self;
        drop(link);
        let core = Arc::clone(&current.borrow());
        drop(current);
        stop(core).await;
    }
}

/// Stops a core once nobody needs it any more; one that is needed for too long ends with whoever needs it.
async fn stop(mut core: Arc<LocalCore>) {
    let begun = Instant::now();
    while begun.elapsed() < NEEDED {
        match Arc::try_unwrap(core) {
            Ok(core) => return core.shutdown().await,
            Err(needed) => core = needed,
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn core(generation: Generation, entities: Entities) -> Result<LocalCore, Failure> {
    let builder = LocalCore::builder()
        .generation(generation)
        .entities(entities);
    Ok(builder.answer_limit(ANSWER).start().await?)
}
