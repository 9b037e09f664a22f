//! What a router says over its cable, in blocks of a heading and lines, and who listens. Nothing of this
//! file was changed.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError, RwLockWriteGuard};
use std::thread;

use crate::{Output, Router};

pub(crate) const DEVICE: &str = "VIDEOHUB DEVICE:";
pub(crate) const INPUT_LABELS: &str = "INPUT LABELS:";
pub(crate) const OUTPUT_LABELS: &str = "OUTPUT LABELS:";
pub(crate) const ROUTING: &str = "VIDEO OUTPUT ROUTING:";
pub(crate) const LOCKS: &str = "VIDEO OUTPUT LOCKS:";

/// What it says to whoever connects.
const HELLO: [&str; 5] = [
    "VIDEOHUB DEVICE:\nModel name: Studio Videohub\nVideo inputs: 3\nVideo outputs: 2\n",
    "INPUT LABELS:\n0 Camera 1\n1 Camera 2\n2 Laptop\n",
    "OUTPUT LABELS:\n0 Stage\n1 Foyer\n",
    "VIDEO OUTPUT ROUTING:\n0 0\n1 2\n",
    "VIDEO OUTPUT LOCKS:\n0 U\n1 U\n",
];

impl Router {
    /// Takes over what the router says.
    fn apply(&mut self, block: &str) {
        let (heading, lines) = block.split_once('\n').unwrap_or((block, ""));
        for line in lines.lines() {
            if heading == DEVICE {
                if let Some((what, value)) = line.split_once(": ") {
                    self.apply_device(what, value);
                }
            } else if let Some((number, value)) = line.split_once(' ')
                && let Ok(number) = number.parse()
            {
                self.apply_line(heading, number, value);
            }
        }
    }

    fn apply_device(&mut self, what: &str, value: &str) {
        let number = value.parse().unwrap_or(0);
        match what {
            "Model name" => self.model = value.to_owned(),
            "Video inputs" => self.write_inputs().resize(number, String::new()),
            "Video outputs" => {
                self.outputs.truncate(number);
                for number in self.outputs.len()..number {
                    let output = Output::new(number, &self.inputs, &self.cable);
                    self.outputs.push(output);
                }
            }
            _ => {}
        }
    }

    fn apply_line(&mut self, heading: &str, number: usize, value: &str) {
        if heading == INPUT_LABELS {
            if let Some(label) = self.write_inputs().get_mut(number) {
                *label = value.to_owned();
            }
            return;
        }
        let Some(output) = self.outputs.get_mut(number) else {
            return;
        };
        match heading {
            OUTPUT_LABELS => output.label = value.to_owned(),
            ROUTING => output.input = value.parse().unwrap_or(output.input),
            LOCKS => output.locked = value != "U",
            _ => {}
        }
    }

    fn write_inputs(&self) -> RwLockWriteGuard<'_, Vec<String>> {
        self.inputs.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread at the cable.
fn listen(router: &Mutex<Router>, cable: Receiver<String>) {
    for block in cable {
        let mut router = router.lock().unwrap_or_else(PoisonError::into_inner);
        router.apply(&block);
    }
}

/// A router at a cable, and the cable. This one is a loop: what is asked for comes back, as if a router
/// had done it.
pub(crate) fn connect() -> (Arc<Mutex<Router>>, Sender<String>) {
    let (cable, heard) = mpsc::channel();
    let router = Arc::new(Mutex::new(Router::new(cable.clone())));
    let listening = router.clone();
    thread::spawn(move || listen(&listening, heard));
    for block in HELLO {
        // The thread listens for as long as there is a cable.
        let _ = cable.send(block.to_owned());
    }
    (router, cable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_router_says_is_taken_over() {
        let (cable, _heard) = mpsc::channel();
        let mut router = Router::new(cable);
        HELLO.iter().for_each(|block| router.apply(block));
        router.apply("OUTPUT LABELS:\n0 Main stage\n7 Nowhere\nnonsense\n");
        assert_eq!(router.model, "Studio Videohub");
        let outputs = router.outputs.iter();
        let known = outputs.map(|output| (output.label.as_str(), output.source(), output.locked));
        let on = |input: &str| Some(input.to_owned());
        let expected = [
            ("Main stage", on("Camera 1"), false),
            ("Foyer", on("Laptop"), false),
        ];
        assert_eq!(known.collect::<Vec<_>>(), expected);
    }
}
