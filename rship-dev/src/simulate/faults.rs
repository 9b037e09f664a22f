//! Faults: what a stand-in does wrong because somebody wants to see what a show makes of it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tokio::sync::watch;

use crate::pattern;

/// What is said where a refusal has no words of its own.
const REFUSED: &str = "the stand-in was told to refuse this";

/// Something that goes wrong on request. Ids may be patterns, in which `*` is any text and `?` any one character.
///
/// ```
/// use rship_dev::simulate::Fault;
///
/// let fault: Fault = "slow=lamp:fade:2s".parse().unwrap();
/// assert_eq!(fault.to_string(), "slow=lamp:fade:2s");
/// assert!("slow=lamp:fade".parse::<Fault>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An action answers with an error.
    Refuse {
        /// The action.
        action: String,
        /// What the error says; empty for words of the stand-in's.
        text: String,
    },
    /// An action never ends, as on a device that hangs; others that wait for the same targets wait with it.
    Silent {
        /// The action.
        action: String,
    },
    /// An action takes longer.
    Slow {
        /// The action.
        action: String,
        /// How much.
        by: Duration,
    },
    /// A target is offline, with all below it.
    Offline {
        /// The target.
        target: String,
    },
    /// The connection is cut, again and again.
    Drop {
        /// How often.
        every: Duration,
    },
}

/// A fault that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a fault: write `refuse=ACTION`, `refuse=ACTION=WHY`, `silent=ACTION`, `slow=ACTION:2s`, \
     `offline=TARGET` or `drop=30s`"
)]
pub struct FaultError(String);

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let wrong = || FaultError(text.to_owned());
        let (kind, what) = text.trim().split_once('=').ok_or_else(wrong)?;
        if what.is_empty() {
            return Err(wrong());
        }
        let time = |text: &str| match humantime::parse_duration(text) {
            Ok(time) if !time.is_zero() => Ok(time),
            _ => Err(wrong()),
        };
        let what = what.to_owned();
        Ok(match kind {
            "refuse" => {
                let (action, text) = what.split_once('=').unwrap_or((&what, ""));
                Self::Refuse {
                    action: action.to_owned(),
                    text: text.to_owned(),
                }
            }
            "silent" => Self::Silent { action: what },
            "slow" => {
                let (action, by) = what.rsplit_once(':').ok_or_else(wrong)?;
                Self::Slow {
                    action: action.to_owned(),
                    by: time(by)?,
                }
            }
            "offline" => Self::Offline { target: what },
            "drop" => Self::Drop {
                every: time(&what)?,
            },
            _ => return Err(wrong()),
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: &Duration| humantime::format_duration(*time);
        match self {
            Self::Refuse { action, text } if text.is_empty() => write!(f, "refuse={action}"),
            Self::Refuse { action, text } => write!(f, "refuse={action}={text}"),
            Self::Silent { action } => write!(f, "silent={action}"),
            Self::Slow { action, by } => write!(f, "slow={action}:{}", time(by)),
            Self::Offline { target } => write!(f, "offline={target}"),
            Self::Drop { every } => write!(f, "drop={}", time(every)),
        }
    }
}

/// The faults that there are now.
#[derive(Debug)]
pub(super) struct Faults(watch::Sender<Vec<Fault>>);

impl Faults {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }

    pub(super) fn add(&self, fault: Fault) {
        self.0.send_if_modified(|all| {
            let is_new = !all.contains(&fault);
            if is_new {
                all.push(fault);
            }
            is_new
        });
    }

    /// Takes one away; whether it was there.
    pub(super) fn mend(&self, fault: &Fault) -> bool {
        self.0.send_if_modified(|all| {
            let before = all.len();
            all.retain(|one| one != fault);
            all.len() < before
        })
    }

    pub(super) fn mend_all(&self) {
        self.0.send_replace(Vec::new());
    }

    pub(super) fn is_offline(&self, id: &str) -> bool {
        let is = |fault: &Fault| matches!(fault, Fault::Offline { target } if pattern::matches(target, id));
        self.0.borrow().iter().any(is)
    }

    /// How often the connection is cut.
    pub(super) fn cuts(&self) -> Option<Duration> {
        let cuts = |fault: &Fault| match fault {
            Fault::Drop { every } => Some(*every),
            _ => None,
        };
        self.0.borrow().iter().filter_map(cuts).min()
    }

    pub(super) fn watch(&self) -> watch::Receiver<Vec<Fault>> {
        self.0.subscribe()
    }

    /// What is wrong with an action now.
    pub(super) fn of(&self, action: &str) -> Option<Fault> {
        of(&self.0.borrow(), action)
    }

    /// Waits for as long as an action is kept from going on.
    ///
    /// # Errors
    /// When it is refused.
    pub(super) async fn pass(&self, action: &str) -> Result<(), String> {
        let mut faults = self.0.subscribe();
        loop {
            let fault = of(&faults.borrow_and_update(), action);
            match fault {
                Some(Fault::Refuse { text, .. }) if text.is_empty() => {
                    return Err(REFUSED.to_owned());
                }
                Some(Fault::Refuse { text, .. }) => return Err(text),
                Some(Fault::Slow { by, .. }) => {
                    tokio::time::sleep(by).await;
                    return Ok(());
                }
                // Until it is mended.
                Some(Fault::Silent { .. }) => match faults.changed().await {
                    Ok(()) => {}
                    Err(_) => std::future::pending().await,
                },
                _ => return Ok(()),
            }
        }
    }
}

/// The fault of an action that counts: a refusal before silence before slowness.
fn of(all: &[Fault], action: &str) -> Option<Fault> {
    let rank = |fault: &&Fault| match fault {
        Fault::Refuse { action: of, .. } if pattern::matches(of, action) => Some(0),
        Fault::Silent { action: of } if pattern::matches(of, action) => Some(1),
        Fault::Slow { action: of, .. } if pattern::matches(of, action) => Some(2),
        _ => None,
    };
    let ranked = all.iter().filter_map(|fault| Some((rank(&fault)?, fault)));
    ranked
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, fault)| fault.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_and_written_the_same() {
        for text in [
            "refuse=lamp:fade",
            "refuse=lamp:fade=it is too hot = off",
            "silent=*",
            "slow=hub.outputs.*:route:1m 2s",
            "offline=hub.outputs.?",
            "drop=30s",
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.to_string(), text);
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        for text in [
            "",
            "refuse",
            "refuse=",
            "slow=a:b",
            "slow=2s",
            "drop=0s",
            "melt=lamp",
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains("slow=ACTION:2s"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_refusal_comes_before_silence_and_silence_ends_when_it_is_mended() {
        let faults = Faults::new();
        assert_eq!(faults.pass("lamp:fade").await, Ok(()));
        let silent: Fault = "silent=lamp:*".parse().unwrap();
        faults.add(silent.clone());
        faults.add("refuse=lamp:fade=no".parse().unwrap());
        assert_eq!(faults.pass("lamp:fade").await, Err("no".to_owned()));
        let (passed, mended) = tokio::join!(faults.pass("lamp:on"), async {
            tokio::task::yield_now().await;
            faults.mend(&silent)
        });
        assert_eq!((passed, mended), (Ok(()), true));
        assert!(!faults.mend(&silent));
    }
}
