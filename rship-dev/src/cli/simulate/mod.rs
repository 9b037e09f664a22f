//! `simulate`: a stand-in for the device of a manifest, until Ctrl-C.

mod core;
mod typed;

use std::convert::Infallible;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use rship_runtime::__client::Secret;
use rship_runtime::{Executor, Status};
use serde_json::{Value, json};

use self::core::Place;
use self::typed::Word;
use super::Failure;
use super::file::read;
use super::output::{self, Output, one_line, remark};
use super::signals::end_signal;
use crate::explained::excerpt;
use crate::simulate::{Called, Fault, Playing, StandIn, StandInError};

/// The exit status when there is no manifest to read.
const UNREADABLE: u8 = 2;
/// How much of the arguments of an action is shown in a line.
const SHOWN: usize = 500;

/// How a device is played.
#[derive(Args)]
pub(super) struct How {
    /// What all values follow from: the same number, the same values in the same order.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many members each array and map has of which the manifest only shows what they will be.
    #[arg(long, default_value_t = 2, value_name = "N")]
    members: usize,
    /// How often a second each value moves that nothing sets; 0 for never.
    #[arg(long, default_value_t = 1.0, value_name = "HZ", value_parser = rate)]
    rate: f64,
    /// How long an action takes that says how far it is, or can be cancelled, as `500ms` or `3s`.
    #[arg(long, default_value = "3s", value_parser = humantime::parse_duration)]
    long: Duration,
    /// Have something go wrong; `*` is any text, `?` any one character. May be repeated: `refuse=ACTION`,
    /// `refuse=ACTION=WHY`, `silent=ACTION`, `slow=ACTION:2s`, `offline=TARGET`, `drop=30s` for the connection.
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
    /// Print the manifest of the stand-in, and end.
    #[arg(long = "manifest")]
    wants_manifest: bool,
    /// The server's address; else RSHIP_URL, or RSHIP_ADDRESS and RSHIP_PORT, or a core of its own.
    #[arg(long)]
    url: Option<String>,
    /// Sent as `Authorization: Bearer TOKEN` when connecting; else RSHIP_TOKEN, or what is in the file RSHIP_TOKEN_FILE.
    #[arg(long)]
    token: Option<Secret>,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.0..=1000.0).contains(&rate) => Ok(rate),
        _ => Err("write a number from 0 to 1000".to_owned()),
    }
}

/// Plays the device of the manifest in `file`, or on standard input.
pub(super) async fn run(output: Output, file: &Path, how: How) -> Result<ExitCode, Failure> {
    let stand_in =
        match read(file).and_then(|text| StandIn::read(&text).map_err(|why| why.to_string())) {
            Ok(stand_in) => stand_in.seed(how.seed).members(how.members).long(how.long),
            Err(why) => {
                output::complain(&why);
                return Ok(UNREADABLE.into());
            }
        };
    if how.wants_manifest {
        let executor = stand_in.builder().build().map_err(told)?;
        stand_in.join(&executor).map_err(told)?;
        let manifest = executor.manifest();
        output.say(|| format!("{manifest:#}"), || manifest.clone())?;
        return Ok(ExitCode::SUCCESS);
    }
    let end = end_signal()?;
    let place = core::find(how.url.as_deref()).await?;
    let mut builder = stand_in.builder();
    if let Some(url) = place.url() {
        builder = builder.url(url);
    }
    if let Some(token) = &how.token {
        builder = builder.token(token.reveal());
    }
    let executor = builder.build().map_err(told)?;
    let playing = stand_in.join(&executor).map_err(told)?;
    for fault in &how.fault {
        playing.add(fault.clone()).map_err(told)?;
    }
    if let Place::Own(core) = &place {
        let (url, page, wire) = (core.url(), core.page_url(), core.generation());
        output.say(
            || format!("listening on {url}, speaking {wire}, look at {page}"),
            || json!({"kind": "listening", "url": url, "page": page, "wire": wire.as_str()}),
        )?;
    }
    let ended = {
        let running = executor.run_until(end);
        let mut running = std::pin::pin!(running);
        let playing = play(output, &executor, &playing, &how, file == "-");
        tokio::select! {
            ended = &mut running => ended.map_err(told),
            Err(why) = playing => {
                executor.shutdown();
                running.await.map_err(told)?;
                Err(why)
            }
        }
    };
    if let Place::Own(core) = place {
        core.shutdown().await;
    }
    ended.map(|()| ExitCode::SUCCESS)
}

fn told(why: impl std::fmt::Display) -> Failure {
    Failure::Told(why.to_string())
}

impl From<StandInError> for Failure {
    fn from(error: StandInError) -> Self {
        told(error)
    }
}

/// Moves values, obeys, and tells, for as long as somebody hears of it.
async fn play(
    output: Output,
    executor: &Executor,
    playing: &Playing,
    how: &How,
    is_fed: bool,
) -> Result<Infallible, Failure> {
    let mut words = typed::words(is_fed);
    let (mut status, mut is_told) = (executor.status(), false);
    let telling = async {
        loop {
            let online = status.wait_for(|status| matches!(status, Status::Online { .. }));
            tokio::select! {
                biased;
                _ = online, if !is_told => {
                    is_told = true;
                    introduce(output, playing.targets(), how.seed)?;
                }
                called = playing.called() => tell(output, &called)?,
                Some(word) = words.recv() => obey(playing, word),
            }
        }
    };
    tokio::select! {
        told = telling => told,
        never = playing.wander(how.rate) => Ok(never),
        never = playing.cuts() => Ok(never),
    }
}

/// Says what plays, once a server has heard of all of it.
fn introduce(output: Output, count: usize, seed: u64) -> Result<(), Failure> {
    Ok(output.say(
        || {
            let targets = if count == 1 { "target" } else { "targets" };
            format!("playing {count} {targets} with seed {seed}")
        },
        || json!({"kind": "playing", "targets": count, "seed": seed}),
    )?)
}

fn tell(output: Output, called: &Called) -> Result<(), Failure> {
    let fault = called.fault.as_ref().map(ToString::to_string);
    let text = || {
        let payload = called.payload.to_string();
        let (action, payload) = (one_line(&called.action), excerpt(&payload, SHOWN));
        let why = fault.as_ref().map(|fault| format!("  ({fault})"));
        format!("{action} {payload}{}", why.unwrap_or_default())
    };
    let document = || {
        let mut document =
            json!({"kind": "called", "action": called.action, "instance": called.instance});
        document["data"] = called.payload.clone();
        if let Some(fault) = &fault {
            document["fault"] = Value::from(fault.as_str());
        }
        document
    };
    Ok(output.say(text, document)?)
}

/// Does what was typed.
fn obey(playing: &Playing, word: Word) {
    match word {
        Word::Fault(fault) => {
            if let Err(why) = playing.add(fault) {
                output::complain(&why.to_string());
            }
        }
        Word::Mend(fault) if !playing.mend(&fault) => {
            remark(&format!("there is no fault `{fault}`"))
        }
        Word::Mend(_) => {}
        Word::MendAll => playing.mend_all(),
        Word::Cut => playing.cut(),
        Word::Unknown(why) => output::complain(&why),
    }
}
