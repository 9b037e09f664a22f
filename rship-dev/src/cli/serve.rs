//! `rship-dev serve`: a local core until Ctrl-C, telling what happens.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::SocketAddr;

use rship_core::wire::Generation;
use rship_runtime::__client::variable;
use serde_json::{Value, json};

use super::output::{Output, one_line};
use super::signals::end_signal;
use super::{Door, Failure};
use crate::explained::{DROP_TYPE, WARNING_TYPE};
use crate::server::{EventsError, LocalCore};
use crate::store::{Change, StoreEvent};

/// Runs a core; prints its address first, then a line for each executor that comes or goes and each drop.
pub(crate) async fn run(
    output: Output,
    generation: Generation,
    bind: SocketAddr,
    door: Door,
) -> Result<(), Failure> {
    let mut builder = LocalCore::builder().generation(generation).bind(bind);
    let token = match door.token {
        Some(token) => Some(token),
        None => variable("RSHIP_TOKEN").map_err(|error| Failure::Told(error.to_string()))?,
    };
    if let Some(token) = token {
        builder = builder.token(token);
    }
    if door.insecure {
        builder = builder.insecure();
    }
    for origin in door.allow_origin {
        builder = builder.allow_origin(origin);
    }
    for host in door.allow_host {
        builder = builder.allow_host(host);
    }
    let core = builder.start().await.map_err(|error| {
        Failure::Told(match error.kind() {
            ErrorKind::InvalidInput => error.to_string(),
            ErrorKind::AddrInUse => format!(
                "cannot listen on {bind} ({error}): another core may be running there, name another address with --bind"
            ),
            _ => format!("cannot listen on {bind} ({error}): name another address with --bind"),
        })
    })?;
    let mut events = core.events_of(&["Instance", DROP_TYPE, WARNING_TYPE]);
    let end = end_signal()
        .map_err(|error| Failure::Told(format!("cannot listen to signals: {error}")))?;
    let mut end = std::pin::pin!(end);
    let url = core.url();
    output.say(
        || format!("listening on {url}, speaking {generation}"),
        || json!({"kind": "listening", "url": url, "wire": generation.as_str()}),
    )?;
    let mut told = Told {
        output,
        present: BTreeSet::new(),
    };
    loop {
        tokio::select! {
            biased;
            () = &mut end => break,
            event = events.recv() => match event {
                Ok(event) => told.event(&event)?,
                Err(EventsError::Missed(_)) => told.catch_up(&core)?,
                Err(EventsError::Ended) => break,
            },
        }
    }
    core.shutdown().await;
    Ok(())
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
