//! What somebody types while a stand-in plays: faults as on the command line, and `mend`.

use std::io::BufRead as _;

use tokio::sync::mpsc;

use crate::simulate::{Fault, FaultError};

/// A line that was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word {
    Fault(Fault),
    Mend(Fault),
    MendAll,
    /// The connection is cut, once.
    Cut,
    /// With what to type.
    Unknown(String),
}

/// Lines of standard input, unless that has brought the manifest.
pub(super) fn words(is_fed: bool) -> mpsc::Receiver<Word> {
    let (sender, words) = mpsc::channel(16);
    if !is_fed {
        // Reading cannot be cancelled, so it has a thread, which ends with the process.
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                let word = word(line.trim());
                if word.is_some_and(|word| sender.blocking_send(word).is_err()) {
                    return;
                }
            }
        });
    }
    words
}

fn word(line: &str) -> Option<Word> {
    let unknown = |why: FaultError| {
        Word::Unknown(format!(
            "{why}; `mend` or `mend FAULT` takes it back, `drop` cuts once"
        ))
    };
    Some(match line {
        "" => return None,
        "drop" => Word::Cut,
        "mend" => Word::MendAll,
        line => match line.strip_prefix("mend ") {
            Some(fault) => fault.parse().map_or_else(unknown, Word::Mend),
            None => line.parse().map_or_else(unknown, Word::Fault),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_fault_or_mends_one_and_any_other_is_told_what_to_type() {
        let fault: Fault = "silent=lamp:fade".parse().unwrap();
        assert_eq!(word("silent=lamp:fade"), Some(Word::Fault(fault.clone())));
        assert_eq!(word("mend silent=lamp:fade"), Some(Word::Mend(fault)));
        assert_eq!(word("mend"), Some(Word::MendAll));
        assert_eq!(word("drop"), Some(Word::Cut));
        assert_eq!(word(""), None);
        let Some(Word::Unknown(why)) = word("help") else {
            panic!("it is not a word");
        };
        assert!(
            why.contains("`help` is not a fault") && why.contains("`mend`"),
            "{why}"
        );
    }
}
