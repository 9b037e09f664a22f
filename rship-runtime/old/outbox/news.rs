//! News: what a server must be told of the registry, apart from the registration.

use std::collections::{HashSet, VecDeque};

use crate::items::ItemKey;
use crate::registry::{NodeId, Removed};

/// Something that the server must be told of the registry, apart from the registration.
pub(crate) enum News {
    /// The description of a target.
    Changed(NodeId),
    /// The status of a target.
    Status(NodeId),
    /// A target that left its field: offline, but still known to the server.
    Left(Box<Removed>),
    /// A target that was removed.
    Removed(Box<Removed>),
    /// An instance, by its position.
    Instance(usize),
    /// What is known of a target beside its description.
    Details(NodeId),
    /// An item of the device's own.
    Item(ItemKey),
    /// An item of the device's own that was deleted, as it was.
    ItemDeleted(ItemKey, Vec<u8>),
    /// A query, by its transaction.
    Query(String),
    /// A frame that is ready to go, for this session alone.
    Frame(String),
}

impl News {
    /// Whether a server must be told even if it was said while there was no session, because a
    /// registration does not say it.
    fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::Removed(_) | Self::Left(_) | Self::ItemDeleted(..)
        )
    }

    /// Whether it is of no use to a server that does not know the targets yet.
    fn follows_registration(&self) -> bool {
        matches!(self, Self::Item(_) | Self::Query(_) | Self::Frame(_))
    }

    fn once(&self) -> Option<Once> {
        match self {
            Self::Changed(node) => Some(Once::Changed(*node)),
            Self::Status(node) => Some(Once::Status(*node)),
            Self::Details(node) => Some(Once::Details(*node)),
            Self::Instance(index) => Some(Once::Instance(*index)),
            Self::Item(key) => Some(Once::Item(key.clone())),
            Self::ItemDeleted(key, _) => Some(Once::ItemDeleted(key.clone())),
            Self::Left(_) | Self::Removed(_) | Self::Query(_) | Self::Frame(_) => None,
        }
    }
}

/// News that says how something is when it is told, so that twice is no more than once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Once {
    Changed(NodeId),
    Status(NodeId),
    Details(NodeId),
    Instance(usize),
    Item(ItemKey),
    ItemDeleted(ItemKey),
}

/// News in the order in which it happened.
#[derive(Default)]
pub(super) struct NewsQueue {
    waiting: VecDeque<News>,
    /// What follows the registration.
    later: VecDeque<News>,
    /// What of it needs to be there once only.
    once: HashSet<Once>,
    /// What was written of things that are gone, with the number of the ping after it: its pong
    /// confirms it.
    unconfirmed: VecDeque<(u64, News)>,
    pings: u64,
}

impl NewsQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.later.is_empty()
    }

    /// Keeps news; without a session only what is gone, because a registration tells the rest.
    pub(super) fn push(&mut self, news: News, live: bool) {
        if !live && !news.is_lasting() {
            return;
        }
        if let News::ItemDeleted(key, _) = &news {
            // What is published again after this must be told after it.
            self.once.remove(&Once::Item(key.clone()));
        }
        if news.once().is_some_and(|once| !self.once.insert(once)) {
            return;
        }
        if news.follows_registration() {
            self.later.push_back(news);
        } else {
            self.waiting.push_back(news);
        }
    }

    /// The next news; what follows the registration waits until it is `registered`.
    pub(super) fn next(&mut self, registered: bool) -> Option<News> {
        let next = self.waiting.pop_front();
        let news = next.or_else(|| self.later.pop_front_if(|_| registered))?;
        if let Some(once) = news.once() {
            self.once.remove(&once);
        }
        Some(news)
    }

    /// Forgets what was to be told of targets that are gone, so that what comes and goes while a server
    /// does not read leaves nothing behind.
    pub(super) fn forget(&mut self, gone: &[NodeId]) {
        if self.once.is_empty() {
            return;
        }
        let mut forgotten = HashSet::new();
        for node in gone {
            for once in [
                Once::Changed(*node),
                Once::Status(*node),
                Once::Details(*node),
            ] {
                if self.once.remove(&once) {
                    forgotten.insert(once);
                }
            }
        }
        if !forgotten.is_empty() {
            self.waiting
                .retain(|news| news.once().is_none_or(|once| !forgotten.contains(&once)));
        }
    }

    /// A session begins: what waits and is not gone, its registration tells.
    pub(super) fn begin(&mut self) {
        self.waiting.retain(News::is_lasting);
        // A frame is for the connection, whatever the server turns out to be.
        self.later.retain(|news| matches!(news, News::Frame(_)));
        self.once = self.waiting.iter().filter_map(News::once).collect();
    }

    /// The registration asked all queries there are.
    pub(super) fn asked_all(&mut self) {
        self.later.retain(|news| !matches!(news, News::Query(_)));
    }

    /// The session has ended. Maybe the server never saw what was not confirmed; to say it twice does
    /// no harm.
    pub(super) fn end(&mut self) {
        for (_, gone) in self.unconfirmed.drain(..).rev() {
            self.waiting.push_front(gone);
        }
        self.later.clear();
        self.begin();
    }

    /// Keeps what was written of things that are gone until the server is known to have read it.
    pub(super) fn told(&mut self, news: News) {
        if news.is_lasting() {
            self.unconfirmed.push_back((self.pings + 1, news));
        }
    }

    /// The number of the ping that is written next.
    pub(super) fn ping(&mut self) -> u64 {
        self.pings += 1;
        self.pings
    }

    /// The server has read everything before this ping.
    pub(super) fn pong(&mut self, number: u64) {
        while self
            .unconfirmed
            .front()
            .is_some_and(|(ping, _)| *ping <= number)
        {
            self.unconfirmed.pop_front();
        }
    }
}
