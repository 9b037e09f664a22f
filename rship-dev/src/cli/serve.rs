//! `rship-dev serve`: a local core until Ctrl-C, telling what happens.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::PathBuf;

use rship_core::wire::Generation;
use serde_json::{Value, json};

use super::output::{Output, one_line, remark};
use super::signals::end_signal;
use super::{Door, Failure, record};
use crate::explained::{DROP_TYPE, WARNING_TYPE};
use crate::server::{EventsError, LocalCore};
use crate::store::{Change, StoreEvent};

/// Runs a core; prints its address first, then a line for each executor that comes or goes and each drop.
pub(crate) async fn run(
    output: Output,
    generation: Generation,
    bind: SocketAddr,
    record: Option<(PathBuf, u64)>,
    door: Door,
) -> Result<(), Failure> {
    let mut builder = LocalCore::builder()
        .generation(generation)
        .bind(bind)
        .doors(door.doors()?);
    let recorder = match &record {
        Some((file, limit)) => Some(record::recorder(file, *limit)?),
        None => None,
    };
    if let Some(recorder) = &recorder {
        builder = builder.recorder(recorder.clone());
    }
    let core = builder.start().await.map_err(|error| {
        if let Some((file, _)) = &record {
            // There is nothing in it.
            drop(std::fs::remove_file(file));
        }
        Failure::Told(cannot_listen(bind, &error))
    })?;
    let mut recording = std::pin::pin!(async {
        match &recorder {
            Some(recorder) => recorder.ended_early().await,
            None => std::future::pending().await,
        }
    });
    let mut ended = false;
    let mut events = core.events_of(&["Instance", DROP_TYPE, WARNING_TYPE]);
    let end = end_signal()?;
    let mut end = std::pin::pin!(end);
    let (url, page) = (core.url(), core.page_url());
    output.say(
        || format!("listening on {url}, speaking {generation}, look at {page}"),
        || json!({"kind": "listening", "url": url, "page": page, "wire": generation.as_str()}),
    )?;
    let mut told = Told {
        output,
        present: BTreeSet::new(),
    };
    loop {
        tokio::select! {
            biased;
            () = &mut end => break,
            why = &mut recording, if !ended => {
                ended = true;
                remark(&format!("{why}; the core goes on"));
            }
            event = events.recv() => match event {
                Ok(event) => told.event(&event)?,
                Err(EventsError::Missed(_)) => told.catch_up(&core)?,
                Err(EventsError::Ended) => break,
            },
        }
    }
    core.shutdown().await;
    if let (Some(recorder), Some((file, _)), false) = (&recorder, &record, ended) {
        record::finish(recorder, file);
    }
    Ok(())
}

/// Reads where to listen.
pub(crate) fn place(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let port = text.strip_prefix("localhost").unwrap_or(text);
        let port: u16 = port.trim_start_matches(':').parse().unwrap_or(5155);
        format!("write an address of this machine and a port, as `127.0.0.1:{port}`")
    })
}

/// Why there is no socket, and what to do.
pub(crate) fn cannot_listen(bind: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::InvalidInput => error.to_string(),
        ErrorKind::AddrInUse => format!(
            "cannot listen on {bind} ({error}): another core may be running there, name another address with --bind"
        ),
        _ => format!("cannot listen on {bind} ({error}): name another address with --bind"),
    }
}

struct Told {
    output: Output,
    /// The instances that are there.
    present: BTreeSet<String>,
}

impl Told {
    fn event(&mut self, event: &StoreEvent) -> Result<(), Failure> {
        match (event.item_type.as_str(), event.change) {
            ("Instance", Change::Set) => self.instance(
                &event.id,
                &event.item,
                event.item["status"] != "Unavailable",
            ),
            ("Instance", Change::Del) => self.instance(&event.id, &event.item, false),
            // The same again only counts up, and is not worth another line.
            (DROP_TYPE | WARNING_TYPE, Change::Set) if event.item["count"] == 1 => {
                let kind = if event.item_type == DROP_TYPE {
                    "drop"
                } else {
                    "warning"
                };
                let text = event.item["text"].as_str().unwrap_or_default();
                let document = || json!({"kind": kind, "text": text, "explained": event.item});
                Ok(self.output.say(|| one_line(text).into_owned(), document)?)
            }
            _ => Ok(()),
        }
    }

    fn instance(&mut self, id: &str, item: &Value, here: bool) -> Result<(), Failure> {
        let news = if here {
            self.present.insert(id.to_owned())
        } else {
            self.present.remove(id)
        };
        if !news {
            return Ok(());
        }
        let what = if here { "appeared" } else { "disappeared" };
        let service = item["serviceId"].as_str().unwrap_or_default();
        let text = || {
            let (id, service) = (one_line(id), one_line(service));
            format!("executor `{id}` of service `{service}` {what}")
        };
        Ok(self
            .output
            .say(text, || json!({"kind": what, "instance": item}))?)
    }

    /// After a flood: how the instances are now, whatever was missed.
    fn catch_up(&mut self, core: &LocalCore) -> Result<(), Failure> {
        for (id, item) in core.items("Instance") {
            let here = item["status"] != "Unavailable";
            self.instance(&id, &item, here)?;
        }
        Ok(())
    }
}
