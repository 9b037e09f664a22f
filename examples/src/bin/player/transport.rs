//! What every player can do, and how this one does it.

use std::time::Duration;

use rship_runtime::prelude::*;

use crate::{Player, PlayerError, State};

/// The buttons of a player, whatever it plays.
pub(crate) trait Transport {
    fn play(&mut self) -> Result<(), PlayerError>;
    fn pause(&mut self);
    fn stop(&mut self);
    fn seek(&mut self, to: f64) -> Result<(), PlayerError>;
    fn next(&mut self) -> Result<(), PlayerError>;
}

#[actions(block = "transport")]
impl Transport for Player {
    /// Plays from where it is.
    #[action]
    fn play(&mut self) -> Result<(), PlayerError> {
        if self.current().is_none() {
            return Err(PlayerError::NothingToPlay);
        }
        self.state = State::Playing;
        Ok(())
    }

    /// Holds still, until it is played again.
    #[action]
    fn pause(&mut self) {
        if self.state == State::Playing {
            self.state = State::Paused;
        }
    }

    /// Ends, and goes back to the first track.
    #[action]
    fn stop(&mut self) {
        self.state = State::Stopped;
        self.current = 0;
        self.position = Duration::ZERO;
    }

    /// Goes to a place in the track.
    #[action]
    fn seek(&mut self, #[arg(min = 0, unit = "s")] to: f64) -> Result<(), PlayerError> {
        let track = self.current().ok_or(PlayerError::NothingToPlay)?;
        if to > track.seconds {
            return Err(PlayerError::TooFar(to));
        }
        self.position = Duration::from_secs_f64(to);
        Ok(())
    }

    /// Goes to the next track.
    #[action]
    fn next(&mut self) -> Result<(), PlayerError> {
        self.jump(self.current + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_plays_to_the_end_and_begins_again() {
        let mut player = Player::default();
        assert_eq!(player.play(), Err(PlayerError::NothingToPlay));
        let mut player = Player::with_demo_tracks();
        assert_eq!(player.play(), Ok(()));
        for _ in 0..player.tracks.len() {
            let length = player.current().map_or(0.0, |track| track.seconds);
            assert_eq!(
                player.seek(length + 1.0),
                Err(PlayerError::TooFar(length + 1.0))
            );
            player.advance(Duration::from_secs_f64(length));
        }
        assert_eq!((player.state, player.current), (State::Stopped, 0));
    }
}
