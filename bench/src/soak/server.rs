//! The local core behind the link, which can go away and come back.

use std::collections::BTreeSet;
use std::time::Duration;

use rship_dev::LocalCore;
use rship_runtime::Generation;

use super::link::Link;
use crate::Failure;

/// Starts the transactions of commands that the core does not know of.
pub(super) const RAW: &str = "raw-";

/// Longer than anything that a device must bear.
const ANSWER: Duration = Duration::from_secs(30);

pub(super) struct Server {
    pub(super) core: LocalCore,
    pub(super) link: Link,
    /// The core's drops that were told.
    told: BTreeSet<String>,
}

impl Server {
    pub(super) async fn start(generation: Generation) -> Result<Self, Failure> {
        let core = core(generation).await?;
        let link = Link::start(core.addr()).await?;
        Ok(Self {
            core,
            link,
            told: BTreeSet::new(),
        })
    }

    /// Where the device finds it, whichever core it is.
    pub(super) fn url(&self) -> String {
        format!("ws://{}/myko", self.link.addr)
    }

    /// Puts an empty core of this generation in its place.
    pub(super) async fn replace(&mut self, generation: Generation) -> Result<(), Failure> {
        self.link.close();
        let core = core(generation).await?;
        let old = std::mem::replace(&mut self.core, core);
        old.shutdown().await;
        self.told.clear();
        self.link.lead_to(self.core.addr());
        self.link.restore();
        Ok(())
    }

    /// The entities that were dropped, and answers nobody waited for, since this was asked last.
    pub(super) fn new_drops(&mut self) -> Vec<String> {
        let drops = self.core.drops().into_iter();
        drops
            .filter(|drop| match drop.item_type.as_str() {
                "ws:m:command-response" | "ws:m:command-error" => !drop.id.starts_with(RAW),
                // Echoes of garbage.
                other => !other.starts_with("ws:m:") && other != "frame",
            })
            .map(|drop| drop.to_string())
            .filter(|text| self.told.insert(text.clone()))
            .collect()
    }

    pub(super) async fn stop(self) {
        self.core.shutdown().await;
    }
}

async fn core(generation: Generation) -> Result<LocalCore, Failure> {
    let builder = LocalCore::builder().generation(generation);
    Ok(builder.answer_limit(ANSWER).start().await?)
}
