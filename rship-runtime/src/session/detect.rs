//! Which generation of server this is, from what it says unasked and what it echoes.

use rship_core::wire::Generation;

/// What the server turned out to be, and what it calls this connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) generation: Generation,
    pub(crate) client_id: Option<String>,
}

/// Something that tells generations apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Clue {
    /// The set-id command: `documented` in the form of 2023, else in that of 2024.
    ClientId { id: String, documented: bool },
    /// Our ping came back.
    Echo,
    /// A ping of the server's own, as only 2024 servers send.
    Ping,
    /// None of these within the time for the handshake, though the server answers pings.
    Nothing,
}

/// Weighs the clues of one connection.
#[derive(Debug)]
pub(super) struct Detector {
    forced: Option<Generation>,
    known: Option<Identity>,
}

impl Detector {
    pub(super) fn new(forced: Option<Generation>) -> Self {
        Self {
            forced,
            known: None,
        }
    }

    /// What is known before the server said anything. Only a 2023 server needs its client id in what it
    /// is told, so a forced 2023 waits for it.
    pub(super) fn at_open(&mut self) -> Option<Identity> {
        let generation = self.forced.filter(|forced| *forced != Generation::V2023)?;
        self.change(Identity {
            generation,
            client_id: None,
        })
    }

    /// The identity, when this clue changes it.
    pub(super) fn clue(&mut self, clue: Clue) -> Option<Identity> {
        let now = self.known.as_ref();
        let found = match (clue, now) {
            (Clue::ClientId { id, documented }, _) => Identity {
                generation: if documented {
                    Generation::V2023
                } else {
                    Generation::V2024
                },
                client_id: Some(id),
            },
            // A 2023 server echoes too, and only a 2024 one pings in its own way, whatever came first;
            // a client id is the stronger clue.
            (_, Some(known)) if known.client_id.is_some() => return None,
            // Forced to 2023, the set-id command is waited for whatever else comes.
            (Clue::Ping | Clue::Echo, _) if self.forced == Some(Generation::V2023) => return None,
            (Clue::Ping, _) => Identity {
                generation: Generation::V2024,
                client_id: None,
            },
            (Clue::Echo, _) => Identity {
                generation: Generation::V2026,
                client_id: None,
            },
            (Clue::Nothing, Some(_)) => return None,
            // What a 2024 server is told, a 2026 one reads as well.
            (Clue::Nothing, None) => Identity {
                generation: Generation::V2024,
                client_id: None,
            },
        };
        self.change(Identity {
            generation: self.forced.unwrap_or(found.generation),
            ..found
        })
    }

    /// Whether nothing has shown what the server is.
    pub(super) fn is_open(&self) -> bool {
        self.known.is_none()
    }

    fn change(&mut self, found: Identity) -> Option<Identity> {
        if self.known.as_ref() == Some(&found) {
            return None;
        }
        self.known = Some(found.clone());
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_id(documented: bool) -> Clue {
        Clue::ClientId {
            id: "c-1".to_owned(),
            documented,
        }
    }

    fn generation(forced: Option<Generation>, clues: &[Clue]) -> Option<Generation> {
        let mut detector = Detector::new(forced);
        let mut last = detector.at_open();
        for clue in clues {
            last = detector.clue(clue.clone()).or(last);
        }
        last.map(|identity| identity.generation)
    }

    #[test]
    fn the_form_of_the_set_id_command_tells_2023_from_2024() {
        assert_eq!(generation(None, &[set_id(true)]), Some(Generation::V2023));
        assert_eq!(generation(None, &[set_id(false)]), Some(Generation::V2024));
    }

    #[test]
    fn an_echo_alone_is_a_2026_server_and_after_a_client_id_says_nothing() {
        assert_eq!(generation(None, &[Clue::Echo]), Some(Generation::V2026));
        assert_eq!(
            generation(None, &[set_id(true), Clue::Echo]),
            Some(Generation::V2023)
        );
    }

    #[test]
    fn a_late_client_id_corrects_what_was_assumed() {
        assert_eq!(
            generation(None, &[Clue::Nothing, set_id(true)]),
            Some(Generation::V2023)
        );
        assert_eq!(
            generation(None, &[Clue::Echo, set_id(true)]),
            Some(Generation::V2023)
        );
    }

    #[test]
    fn a_late_echo_corrects_what_was_assumed() {
        assert_eq!(
            generation(None, &[Clue::Nothing, Clue::Echo]),
            Some(Generation::V2026)
        );
    }

    #[test]
    fn silence_is_met_with_what_all_newer_servers_read() {
        assert_eq!(generation(None, &[Clue::Nothing]), Some(Generation::V2024));
    }

    #[test]
    fn a_forced_generation_stays_but_keeps_the_client_id() {
        let mut detector = Detector::new(Some(Generation::V2023));
        assert_eq!(detector.at_open(), None);
        let identity = detector.clue(set_id(false)).unwrap();
        assert_eq!(identity.generation, Generation::V2023);
        assert_eq!(identity.client_id.as_deref(), Some("c-1"));
    }

    #[test]
    fn a_forced_2023_does_not_take_an_echo_for_its_client_id() {
        let mut detector = Detector::new(Some(Generation::V2023));
        assert_eq!(detector.clue(Clue::Echo), None);
        assert!(detector.clue(set_id(true)).is_some());
    }

    #[test]
    fn a_new_client_id_is_a_change_and_the_same_one_is_not() {
        let mut detector = Detector::new(None);
        assert!(detector.clue(set_id(true)).is_some());
        assert!(detector.clue(set_id(true)).is_none());
    }
}
