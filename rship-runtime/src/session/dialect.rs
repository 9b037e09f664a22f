//! Dialects: how the server is spoken to once it is known what it is, and what happens when it turns out
//! to be another.

use std::collections::VecDeque;
use std::time::Duration;

use rship_core::json;
use rship_core::wire::{Encoding, Frames, Generation, Writer};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tracing::{debug, info, warn};

use super::announce::Announcer;
use super::detect::Identity;
use super::instances::Standing;
use super::registration::{Progress, Registration};
use super::writer::Link;
use crate::outbox::Change;

/// The first and the longest pause before everything is told once more in the same session.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// The form in which one identity of the server is spoken to, and how far that has come.
pub(super) struct Dialect {
    pub(super) writer: Writer,
    pub(super) encoding: Encoding,
    /// Frames on their way to the socket; here, so that none is lost when a wait for it is given up.
    pub(super) frames: Frames,
    /// What is left of a large frame that is sent in pieces.
    pub(super) pieces: VecDeque<Message>,
    pub(super) registration: Registration,
    pub(super) left: Progress,
    pub(super) stage: Stage,
}

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Registering,
    /// Everything was told; so many pulses waited for that.
    Catching(usize),
    /// All of it was written; the server has read it when it answers this ping.
    Written(u64),
    Online,
}

impl Dialect {
    fn suits(&self, known: &Identity) -> bool {
        self.writer.generation() == known.generation
            && self.writer.client_id() == known.client_id.as_deref()
    }
}

/// What the server turns out to be, at first and later.
impl Link<'_> {
    /// Takes up what the server turned out to be, or turned out not to be.
    pub(super) async fn meet(
        &mut self,
        identity: &mut watch::Receiver<Option<Identity>>,
    ) -> Result<(), WsError> {
        let known = identity.borrow_and_update().clone();
        let Some(known) = known else {
            return Ok(());
        };
        let suits = self
            .dialect
            .as_ref()
            .is_some_and(|dialect| dialect.suits(&known));
        let due = self.again.is_some_and(|again| again <= Instant::now());
        if suits && !(due && self.instances.wants_everything()) {
            if due {
                self.again = None;
            }
            return Ok(());
        }
        if self.dialect.is_some() && !due {
            // A server that says again and again who we are is not told again and again who is here.
            let allowed = Instant::now() + self.pause;
            if self.again.is_none() && self.pause > Duration::ZERO {
                self.again = Some(allowed);
            }
            if self.pause > Duration::ZERO {
                return Ok(());
            }
        }
        if self.dialect.is_some() {
            self.pause = (self.pause * 2).clamp(PAUSES.0, PAUSES.1);
        }
        self.again = None;
        self.take_back(&known).await?;
        self.begin(&known);
        Ok(())
    }

    /// Takes back what was told in a form that would stay beside that of the server.
    async fn take_back(&mut self, known: &Identity) -> Result<(), WsError> {
        let Some(dialect) = &mut self.dialect else {
            return Ok(());
        };
        let now = dialect.writer.generation();
        if (now == Generation::V2026) == (known.generation == Generation::V2026) {
            return Ok(());
        }
        self.stamper.look_at_clock();
        Announcer {
            parts: self.parts,
            targets: &mut self.parts.registry.targets(),
            writer: &dialect.writer,
            stamper: &mut self.stamper,
            frames: &mut dialect.frames,
        }
        .take_back_pulses();
        self.send().await
    }

    /// Begins to tell everything.
    fn begin(&mut self, known: &Identity) {
        // From here on updates are kept, so nothing falls between them and the registration.
        let mut targets = self.parts.registry.targets();
        targets.begin_session();
        self.parts.outbox.begin(self.round);
        self.parts.outgoing.begin();
        let encoding = choose(self.parts.settings.server.encoding, known.generation);
        let mut frames = Frames::new(known.generation, encoding);
        let writer = Writer::new(known.generation, known.client_id.clone());
        self.instances.client_id(known.client_id.as_deref());
        if self.read_back.is_on() {
            let ids = targets.instances.iter().map(|instance| &instance.id);
            let question = self.shared.inbox.ask_for_instances(ids);
            frames.frame(question.as_bytes());
        }
        self.dialect = Some(Dialect {
            encoding,
            writer,
            frames,
            pieces: VecDeque::new(),
            registration: Registration::default(),
            left: Progress::More,
            stage: Stage::Registering,
        });
        debug!(generation = %known.generation, "telling everything");
    }

    /// Looks at what the server has of our instances, and at what was read back.
    pub(super) fn look_at_answers(&mut self) {
        let Some(dialect) = &self.dialect else {
            return;
        };
        if let Some(before) = self.shared.inbox.instances_before() {
            self.instances.meet(&before);
        }
        if dialect.stage != Stage::Online {
            return;
        }
        let Some(found) = self.shared.inbox.instances() else {
            return;
        };
        let expected: Vec<_> = {
            let targets = self.parts.registry.targets();
            let all = targets.instances.iter();
            all.filter_map(|own| json::of(own).ok()).collect()
        };
        match self.instances.judge(&found, &expected) {
            Standing::Ours => return,
            Standing::Changed => {
                let all = 0..expected.len();
                self.parts.outbox.changed(all.map(Change::Instance));
            }
            Standing::Lost => {
                let pause = self.pause.clamp(PAUSES.0, PAUSES.1);
                self.again.get_or_insert_with(|| Instant::now() + pause);
            }
        }
        self.parts.counters.healed.add(1);
    }
}

/// The encoding for a server of this generation: what was asked for, or JSON where nothing else is read.
pub(super) fn choose(asked: Encoding, generation: Generation) -> Encoding {
    match (asked, generation) {
        (Encoding::Cbor, Generation::V2026) => {
            info!("frames go out as CBOR");
            Encoding::Cbor
        }
        (Encoding::Cbor, _) => {
            warn!(
                %generation,
                "only 2026 servers read CBOR: frames go out as JSON text"
            );
            Encoding::Json
        }
        (Encoding::Json, _) => Encoding::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cbor_goes_to_2026_servers_alone_and_only_when_asked_for() {
        for generation in Generation::ALL {
            assert_eq!(choose(Encoding::Json, generation), Encoding::Json);
        }
        assert_eq!(choose(Encoding::Cbor, Generation::V2023), Encoding::Json);
        assert_eq!(choose(Encoding::Cbor, Generation::V2024), Encoding::Json);
        assert_eq!(choose(Encoding::Cbor, Generation::V2026), Encoding::Cbor);
    }
}
