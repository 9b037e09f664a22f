//! `rship-dev replay`: plays a recording, and says what came back differently.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use rship_runtime::__client::{Given, Secret};
use serde_json::{Value, json};

use super::output::{Output, complain, one_line, remark};
use super::serve::cannot_listen;
use super::signals::end_signal;
use super::{Door, Failure};
use crate::recording::{Comparison, Recording, ReplayError, Speed, Stage};
use crate::server::LocalCore;

/// The status when there is nothing to play, or nobody to play to.
const UNUSABLE: u8 = 2;

/// How it is played.
pub(crate) struct How {
    pub(crate) speed: Speed,
    pub(crate) patience: Duration,
    pub(crate) ignored: Vec<String>,
    pub(crate) instance: Option<String>,
}

/// To whom.
pub(crate) enum To {
    /// An executor that comes.
    Executor(SocketAddr, Door),
    /// Whoever looks.
    Page(SocketAddr, Door),
    /// A server.
    Server(String, Option<Secret>),
}

/// Reads a speed: `max`, or how many times as fast as it was.
pub(crate) fn speed(text: &str) -> Result<Speed, String> {
    match text.parse::<f64>() {
        _ if text == "max" => Ok(Speed::Max),
        Ok(times) if times.is_finite() && times > 0.0 => Ok(Speed::Times(times)),
        _ => Err("write how many times as fast, as `1` or `0.5`, or `max`".to_owned()),
    }
}

pub(crate) async fn run(
    output: Output,
    file: &Path,
    how: How,
    to: To,
) -> Result<ExitCode, Failure> {
    let unusable = |error: &dyn std::error::Error| {
        complain(&error.to_string());
        ExitCode::from(UNUSABLE)
    };
    let mut recording = match Recording::open(file) {
        Ok(recording) => recording.speed(how.speed).patience(how.patience),
        Err(error) => return Ok(unusable(&error)),
    };
    for pattern in how.ignored {
        recording = recording.ignoring(pattern);
    }
    if let Some(id) = how.instance {
        recording = recording.instance(id);
    }
    match recording.ended() {
        Some("finished") => {}
        Some(why) => remark(&format!(
            "{} ended early ({why}): what came after that is not in it",
            file.display()
        )),
        None => remark(&format!(
            "{} was cut off: what came last may be missing",
            file.display()
        )),
    }
    let played = match to {
        To::Server(url, token) => {
            let given = Given {
                url: Some(url),
                token,
                ..Given::default()
            };
            recording.replay_to(given).await
        }
        To::Page(bind, door) => return show(output, recording, bind, door).await,
        To::Executor(bind, door) => {
            let doors = door.doors()?;
            let stage = match Stage::new(&recording, bind, doors).await {
                Ok(stage) => stage,
                Err(ReplayError::Listen(error)) => {
                    complain(&cannot_listen(bind, &error));
                    return Ok(ExitCode::from(UNUSABLE));
                }
                Err(error) => return Ok(unusable(&error)),
            };
            let url = stage.url();
            output.say(
                || format!("listening on {url}, playing the server of the recording"),
                || json!({"kind": "listening", "url": url, "wire": recording.generation().as_str()}),
            )?;
            stage.play(None, None).await
        }
    };
    match played {
        Ok(comparison) => report(output, &comparison),
        Err(error) => Ok(unusable(&error)),
    }
}

/// Shows what is in the recording, until Ctrl-C.
async fn show(
    output: Output,
    recording: Recording,
    bind: SocketAddr,
    door: Door,
) -> Result<ExitCode, Failure> {
    let builder = LocalCore::builder().bind(bind).doors(door.doors()?);
    let core = builder.play(recording).start().await;
    let core = core.map_err(|error| Failure::Told(cannot_listen(bind, &error)))?;
    let end = end_signal()?;
    let (url, page, generation) = (core.url(), core.page_url(), core.generation());
    output.say(
        || format!("listening on {url}, showing what the recording has, look at {page}"),
        || json!({"kind": "listening", "url": url, "page": page, "wire": generation.as_str()}),
    )?;
    end.await;
    core.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

fn report(output: Output, comparison: &Comparison) -> Result<ExitCode, Failure> {
    for difference in comparison.differences() {
        let document = || {
            let mut document = serde_json::to_value(difference).unwrap_or_default();
            document["kind"] = "difference".into();
            document["text"] = difference.to_string().into();
            document
        };
        output.say(|| one_line(&difference.to_string()).into_owned(), document)?;
    }
    let (count, compared) = (comparison.differences().len(), comparison.compared());
    let document = || -> Value {
        json!({"kind": "result", "same": comparison.is_same(), "differences": count, "compared": compared})
    };
    output.say(
        || match count {
            0 => format!("the same as recorded, in {compared} things"),
            1 => "1 thing came back differently".to_owned(),
            many => format!("{many} things came back differently"),
        },
        document,
    )?;
    Ok(ExitCode::from(u8::from(!comparison.is_same())))
}

#[cfg(test)]
mod tests {
    use super::super::record::size;
    use super::*;

    #[test]
    fn speeds_and_sizes_are_read_and_others_refused() {
        assert_eq!(speed("max"), Ok(Speed::Max));
        assert_eq!(speed("10"), Ok(Speed::Times(10.0)));
        for bad in ["0", "-1", "inf", "NaN", "fast", ""] {
            assert!(speed(bad).is_err(), "{bad}");
        }
        assert_eq!(size("256MiB"), Ok(256 << 20));
        assert_eq!((size("7"), size("2KiB")), (Ok(7), Ok(2048)));
        for bad in ["", "MiB", "-1", "1.5GiB", "1 MB", "99999999999999GiB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
