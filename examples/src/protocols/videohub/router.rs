//! What a router has said of itself, put together.

use super::{
    Block, CONFIGURATION, DEVICE, INPUT_LABELS, LOCKED, LOCKS, OUTPUT_LABELS, ROUTING, TAKE_MODE,
    UNLOCKED,
};

/// More inputs or outputs than any router has.
const MOST_PORTS: usize = 1024;

/// A router, as it last said that it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Router {
    /// Whether it is connected, works, and has said everything.
    pub is_there: bool,
    /// What it is.
    pub model: String,
    /// Whether what is pressed at its front panel waits for the button "take".
    pub take_mode: bool,
    /// What its inputs are called.
    pub inputs: Vec<String>,
    /// Its outputs.
    pub outputs: Vec<Output>,
}

/// An output of a router.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// What it is called.
    pub label: String,
    /// The port of the input that is on it.
    pub input: usize,
    /// Who may change that.
    pub lock: Lock,
}

/// Who may change what is on an output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lock {
    /// Everybody.
    #[default]
    Open,
    /// We alone.
    Ours,
    /// Somebody else.
    Theirs,
}

impl Router {
    /// What its inputs can be told apart by: their labels, with the number of the socket where there is none, or
    /// where another one has the same.
    #[must_use]
    pub fn input_names(&self) -> Vec<String> {
        let name = |(port, label): (usize, &String)| {
            let same = self.inputs.iter().filter(|other| *other == label).count();
            match label.is_empty() {
                true => format!("Input {}", port + 1),
                false if same > 1 => format!("{label} ({})", port + 1),
                false => label.clone(),
            }
        };
        self.inputs.iter().enumerate().map(name).collect()
    }

    /// Takes over what it says.
    pub(super) fn apply(&mut self, block: &Block) {
        match block.heading() {
            DEVICE => block
                .settings()
                .for_each(|(key, value)| self.apply_device(key, value)),
            CONFIGURATION => {
                let mut settings = block.settings();
                if let Some((_, value)) = settings.find(|(key, _)| *key == TAKE_MODE) {
                    self.take_mode = value == "true";
                }
            }
            INPUT_LABELS => {
                for (port, label) in block.ports() {
                    if let Some(input) = self.inputs.get_mut(port) {
                        *input = label.to_owned();
                    }
                }
            }
            heading => {
                for (port, value) in block.ports() {
                    if let Some(output) = self.outputs.get_mut(port) {
                        output.apply(heading, value);
                    }
                }
            }
        }
    }

    fn apply_device(&mut self, key: &str, value: &str) {
        let count = || value.parse().unwrap_or(0).min(MOST_PORTS);
        match key {
            "Device present" => self.is_there = value == "true",
            "Model name" => self.model = value.to_owned(),
            "Video inputs" => self.inputs.resize(count(), String::new()),
            "Video outputs" => self.outputs.resize(count(), Output::default()),
            _ => {}
        }
    }
}

impl Output {
    fn apply(&mut self, heading: &str, value: &str) {
        match heading {
            OUTPUT_LABELS => self.label = value.to_owned(),
            ROUTING => self.input = value.parse().unwrap_or(self.input),
            LOCKS => {
                self.lock = match value {
                    UNLOCKED => Lock::Open,
                    LOCKED => Lock::Theirs,
                    _ => Lock::Ours,
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_told_apart_whatever_they_are_called() {
        let labels = ["Camera", "", "Deck", "Deck"].map(str::to_owned).into();
        let router = Router {
            inputs: labels,
            ..Router::default()
        };
        let names = ["Camera", "Input 2", "Deck (3)", "Deck (4)"];
        assert_eq!(router.input_names(), names);
    }

    #[test]
    fn what_is_not_known_or_beyond_the_ports_is_left_out() {
        let mut router = Router::default();
        let device = Block::new(DEVICE)
            .setting("Device present", true)
            .setting("Video inputs", 2)
            .setting("Video outputs", 4_000_000_000_u64)
            .setting("Colour", "grey");
        router.apply(&device);
        assert_eq!((router.inputs.len(), router.outputs.len()), (2, MOST_PORTS));
        router.apply(&Block::new(DEVICE).setting("Video outputs", 1));
        router.apply(&Block::new(OUTPUT_LABELS).port(0, "Stage").port(1, "Bar"));
        router.apply(&Block::new(ROUTING).port(0, 1).port(0, "none"));
        router.apply(&Block::new(LOCKS).port(0, "L").port(9, "U"));
        router.apply(&Block::new("VIDEO OUTPUT STATUS:").port(0, "BNC"));
        let stage = Output {
            label: "Stage".to_owned(),
            input: 1,
            lock: Lock::Theirs,
        };
        assert_eq!(router.outputs, [stage]);
        assert!(router.is_there);
    }
}
