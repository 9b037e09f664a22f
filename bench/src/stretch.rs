//! How much comes over the wire between two pulses of an emitter that always has something new.

use memchr::memmem::Finder;

/// The emitter that is watched, and until when.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) emitter: String,
    /// The registration is over when so many targets have come.
    pub(crate) targets: u64,
}

/// The bytes between pulses of the watched emitter, while the registration lasts.
pub(crate) struct Stretches {
    finder: Finder<'static>,
    targets: u64,
    /// Since the last pulse of it.
    open: usize,
    done: Vec<usize>,
    over: bool,
}

impl Stretches {
    pub(crate) fn new(watched: Watched) -> Self {
        let key = format!("\"emitterId\":\"{}\"", watched.emitter);
        Self {
            finder: Finder::new(&key).into_owned(),
            targets: watched.targets,
            open: 0,
            done: Vec::new(),
            over: false,
        }
    }

    /// Takes a frame; `targets` have come so far.
    pub(crate) fn frame(&mut self, frame: &[u8], targets: u64) {
        if self.over {
            return;
        }
        let mut from = 0;
        for at in self.finder.find_iter(frame) {
            self.done.push(self.open + at - from);
            self.open = 0;
            from = at;
        }
        self.open += frame.len() - from;
        if targets >= self.targets {
            self.over = true;
            self.done.push(self.open);
        }
    }

    /// How many pulses came while the registration lasted.
    pub(crate) fn pulses(&self) -> usize {
        self.done.len().saturating_sub(1)
    }

    /// The length in bytes that this part of the stretches does not exceed. The one from the start to
    /// the first pulse, and the one from the last pulse to the end, are among them.
    pub(crate) fn percentile(&self, part: f64) -> usize {
        let mut sorted = self.done.clone();
        sorted.sort_unstable();
        let at = (sorted.len() as f64 * part).ceil() as usize;
        let index = at.saturating_sub(1);
        sorted.get(index).copied().unwrap_or(self.open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_run_from_pulse_to_pulse_over_frames() {
        let mut stretches = Stretches::new(Watched {
            emitter: "t:v".to_owned(),
            targets: 3,
        });
        stretches.frame(&[b'.'; 100], 1);
        stretches.frame(b"..\"emitterId\":\"t:v\"", 1);
        stretches.frame(&[b'.'; 50], 2);
        stretches.frame(b"\"emitterId\":\"t:v\"", 3);
        stretches.frame(&[b'.'; 9999], 4);
        assert_eq!(stretches.pulses(), 2);
        assert_eq!(stretches.percentile(1.0), 102);
        assert_eq!(stretches.percentile(0.5), 67);
    }
}
