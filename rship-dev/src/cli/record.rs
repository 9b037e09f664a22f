//! `rship-dev record`: a proxy between executors and a server that records what passes, until Ctrl-C.

use std::net::SocketAddr;
use std::path::Path;

use rship_runtime::__client::{Given, Secret, variable};
use serde_json::json;
use tokio::sync::watch;

use super::output::{Output, one_line, remark};
use super::signals::end_signal;
use super::{Failure, Guests};
use crate::recording::Ended;
use crate::recording::Recorder;
use crate::recording::proxy::{News, Proxy};

/// Makes the file of a recording.
pub(crate) fn recorder(file: &Path, limit: u64) -> Result<Recorder, Failure> {
    Recorder::create(file)
        .limit(limit)
        .start()
        .map_err(|error| {
            let file = file.display();
            Failure::Told(match error.kind() {
                std::io::ErrorKind::AlreadyExists => {
                    format!("{file} is there already: name a file that is not, or remove it")
                }
                _ => format!("cannot make the recording {file}: {error}"),
            })
        })
}

/// Ends a recording, and says when it has not all.
pub(crate) fn finish(recorder: &Recorder, file: &Path) {
    if let Err(error) = recorder.finish() {
        remark(&format!("{}: {error}", file.display()));
    }
}

/// Reads a number of bytes as `64MiB`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err("write a number of bytes, or of KiB, MiB or GiB, as `256MiB`".to_owned()),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "write a whole number".to_owned())?;
    number
        .checked_mul(unit)
        .ok_or_else(|| "no file is that large".to_owned())
}

/// Where the proxy stands and who may use it.
pub(crate) struct Place {
    pub(crate) bind: SocketAddr,
    pub(crate) url: Option<String>,
    pub(crate) token: Option<Secret>,
    pub(crate) guests: Guests,
}

pub(crate) async fn run(
    output: Output,
    file: &Path,
    limit: u64,
    place: Place,
) -> Result<(), Failure> {
    let Place {
        bind,
        url,
        token,
        guests,
    } = place;
    let told = |error: &dyn std::error::Error| Failure::Told(error.to_string());
    let token = match token {
        Some(token) => Some(token),
        None => variable("RSHIP_TOKEN")
            .map_err(|error| told(&error))?
            .map(Secret::new),
    };
    let mut doors = guests.doors();
    if let Some(token) = &token
        && !bind.ip().to_canonical().is_loopback()
    {
        // It is not for everybody who reaches the proxy.
        doors.token(token.reveal().to_owned());
    }
    let given = Given {
        url,
        token,
        ..Given::default()
    };
    // What cannot be used is said at once, and not when an executor comes.
    let access = given.clone().resolve().map_err(|error| told(&error))?;
    let server = access.address().to_string();
    let recorder = recorder(file, limit)?;
    if let Some(token) = &given.token {
        recorder.secret(token.reveal());
    }
    let bound = Proxy::bind(bind, doors, given, recorder.clone()).await;
    let (proxy, mut news) = match bound {
        Ok(bound) => bound,
        Err(error) => {
            // There is nothing in it.
            drop(recorder);
            drop(std::fs::remove_file(file));
            return Err(Failure::Told(super::serve::cannot_listen(bind, &error)));
        }
    };
    let end = end_signal()?;
    let mut end = std::pin::pin!(end);
    let url = proxy.url();
    output.say(
        || format!("listening on {url}, recording what passes to and from {server}"),
        || json!({"kind": "listening", "url": url, "server": server}),
    )?;
    let (stop, stopped) = watch::channel(false);
    let mut run = std::pin::pin!(proxy.run(stopped));
    let mut ended_early = std::pin::pin!(recorder.ended_early());
    let mut ended = false;
    loop {
        tokio::select! {
            biased;
            () = &mut end, if !*stop.borrow() => drop(stop.send_replace(true)),
            Some(news) = news.recv() => say(output, &news)?,
            why = &mut ended_early, if !ended => {
                ended = true;
                remark(&format!("{}: {why}; frames still pass", file.display()));
            }
            () = &mut run => break,
        }
    }
    while let Ok(last) = news.try_recv() {
        say(output, &last)?;
    }
    if !ended {
        finish(&recorder, file);
    }
    Ok(())
}

fn say(output: Output, news: &News) -> Result<(), Failure> {
    Ok(match news {
        News::Opened(no) => output.say(
            || format!("connection {no} opened"),
            || json!({"kind": "opened", "connection": no}),
        ),
        News::Closed(no, by, reason) => {
            let by = match by {
                Ended::Executor => "executor",
                Ended::Server => "server",
                Ended::Recorder => "proxy",
            };
            output.say(
                || format!("connection {no} ended by the {by}: {}", one_line(reason)),
                || json!({"kind": "closed", "connection": no, "by": by, "reason": reason}),
            )
        }
        News::Refused(reason) => output.say(
            || format!("somebody was not let through: {}", one_line(reason)),
            || json!({"kind": "refused", "reason": reason}),
        ),
    }?)
}
