//! The local core behind the link, which can go away and come back.

use rship_dev::LocalCore;
use rship_runtime::Generation;

use super::link::Link;
use crate::Failure;

pub(super) struct Server {
    pub(super) core: LocalCore,
    pub(super) link: Link,
    /// How many of the core's drops were seen.
    dropped: usize,
}

impl Server {
    pub(super) async fn start(generation: Generation) -> Result<Self, Failure> {
        let core = LocalCore::builder().generation(generation).start().await?;
        let link = Link::start(core.addr()).await?;
        Ok(Self {
            core,
            link,
            dropped: 0,
        })
    }

    /// Where the device finds it, whichever core it is.
    pub(super) fn url(&self) -> String {
        format!("ws://{}/myko", self.link.addr)
    }

    /// Puts an empty core of this generation in its place.
    pub(super) async fn replace(&mut self, generation: Generation) -> Result<(), Failure> {
        self.link.close();
        let core = LocalCore::builder().generation(generation).start().await?;
        let old = std::mem::replace(&mut self.core, core);
        old.shutdown().await;
        self.dropped = 0;
        self.link.lead_to(self.core.addr());
        self.link.restore();
        Ok(())
    }

    /// What was dropped since this was asked last.
    pub(super) fn new_drops(&mut self) -> Vec<String> {
        let drops = self.core.drops();
        let new = drops.iter().skip(self.dropped).map(ToString::to_string);
        let new = new.collect();
        self.dropped = drops.len();
        new
    }

    pub(super) async fn stop(self) {
        self.core.shutdown().await;
    }
}
