//! The playlist, and what is done with it.

use std::time::Duration;

use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Player, PlayerError};

/// Something to play.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Track {
    pub(crate) title: String,
    /// How long it takes.
    pub(crate) seconds: f64,
    pub(crate) artist: Option<String>,
}

#[actions(block = "playlist")]
impl Player {
    pub(crate) fn with_demo_tracks() -> Self {
        let track = |title: &str, seconds| Track {
            title: title.to_owned(),
            seconds,
            artist: None,
        };
        Self {
            volume: 0.8,
            tracks: vec![track("Overture", 95.0), track("Finale", 140.0)],
            ..Self::default()
        }
    }

    /// Appends a track; answers with its place.
    #[action]
    pub(crate) fn add(&mut self, #[arg(flatten)] track: Track) -> usize {
        self.tracks.push(track);
        self.tracks.len() - 1
    }

    /// Takes a track out; answers with it.
    #[action]
    pub(crate) fn remove(&mut self, index: usize) -> Result<Track, PlayerError> {
        if index >= self.tracks.len() {
            return Err(PlayerError::NoTrack(index));
        }
        if index < self.current {
            self.current -= 1;
        }
        Ok(self.tracks.remove(index))
    }

    /// Takes all tracks out.
    #[action]
    pub(crate) fn clear(&mut self) {
        *self = Self {
            volume: self.volume,
            muted: self.muted,
            ..Self::default()
        };
    }

    /// Goes to a track.
    #[action]
    pub(crate) fn jump(&mut self, index: usize) -> Result<(), PlayerError> {
        if index >= self.tracks.len() {
            return Err(PlayerError::NoTrack(index));
        }
        self.current = index;
        self.position = Duration::ZERO;
        Ok(())
    }

    pub(crate) fn current(&self) -> Option<&Track> {
        self.tracks.get(self.current)
    }

    /// What is played, or would be.
    #[emitter]
    pub(crate) fn title(&self) -> Option<String> {
        self.current().map(|track| track.title.clone())
    }

    /// What there is to play.
    #[emitter]
    pub(crate) fn titles(&self) -> Vec<String> {
        self.tracks
            .iter()
            .map(|track| track.title.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_played_stays_the_same_when_something_before_it_is_taken_out() {
        let mut player = Player::with_demo_tracks();
        let finale = player.tracks[1].clone();
        assert_eq!(player.jump(1), Ok(()));
        assert_eq!(
            player.remove(0).map(|track| track.title),
            Ok("Overture".to_owned())
        );
        assert_eq!(player.current(), Some(&finale));
        assert_eq!(player.remove(1), Err(PlayerError::NoTrack(1)));
        assert_eq!(player.add(finale.clone()), 1);
        player.clear();
        assert_eq!((player.titles(), player.title()), (Vec::new(), None));
    }
}
