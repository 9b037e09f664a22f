//! A time that can be moved through: that of a recording.

use std::fmt::Debug;

use serde_json::json;

/// Where in a recording it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// How long the recording is, in milliseconds.
    pub length: u64,
    /// Where it is, in milliseconds from its beginning.
    pub at: u64,
    /// Whether time goes on.
    pub playing: bool,
    /// How fast it goes on: `1.0` is as it was.
    pub speed: f64,
}

/// What plays a recording, as a page moves it; see
/// [`LocalCore::offer_timeline`](crate::LocalCore::offer_timeline). Its methods are called often, and must not wait.
pub trait Timeline: Send + Sync + Debug {
    /// Where it is now.
    fn moment(&self) -> Moment;
    /// Goes to that many milliseconds from the beginning.
    fn seek(&self, at: u64);
    /// Goes on from where it is, at this speed.
    fn play(&self, speed: f64);
    /// Stays where it is.
    fn pause(&self);
}

/// The frame that tells a page where a recording is.
pub(super) fn frame(moment: Moment) -> String {
    let Moment {
        length,
        at,
        playing,
        speed,
    } = moment;
    json!({"t": "timeline", "from": 0, "to": length, "at": at, "playing": playing, "speed": speed})
        .to_string()
}
