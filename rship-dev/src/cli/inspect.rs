//! `rship-dev inspect`: the page over a running server.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use rship_core::wire::{Answer, Generation, Inbound, Query};
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::call::NOT_FROM_CLIENTS;
use super::client::Client;
use super::output::Output;
use super::serve::cannot_listen;
use super::signals::end_signal;
use super::{Failure, Server, connect};
use crate::page::Handed;
use crate::page::mirror::Mirror;
use crate::server::LocalCore;
use crate::speaking;

/// What a show is made of.
const TYPES: [&str; 6] = [
    "Instance",
    "Target",
    "TargetStatus",
    "Action",
    "Emitter",
    "Pulse",
];
/// How long to wait before a server that is away is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often to look for commands that wait for too long.
const LOOK: Duration = Duration::from_secs(1);

/// Someone who waits for an answer, and until when.
type Waiting = BTreeMap<String, (oneshot::Sender<Result<Value, String>>, Instant)>;

/// Serves the page until Ctrl-C; prints where it is, and when the server goes and comes.
pub(crate) async fn run(output: Output, server: &Server, bind: SocketAddr) -> Result<(), Failure> {
    let end = end_signal()?;
    let mut client = connect(server).await?;
    let (generation, url) = (client.generation(), client.url().to_owned());
    let core = LocalCore::builder()
        .generation(generation)
        .window(Duration::ZERO)
        .bind(bind)
        .for_pages_alone()
        .start()
        .await
        .map_err(|error| Failure::Told(cannot_listen(bind, &error)))?;
    let (mirror, mut handed) = core.mirror(&url);
    let page = core.page_url();
    output.say(
        || format!("showing {url}, speaking {generation}, look at {page}"),
        || json!({"kind": "showing", "url": url, "wire": generation.as_str(), "page": page}),
    )?;
    let showing = async {
        loop {
            let Err(why) = show(&mut client, &mirror, &mut handed, server.timeout).await;
            away(output, &mirror, &url, &why)?;
            client = loop {
                sleep(AGAIN).await;
                if let Ok(client) = connect(server).await {
                    break client;
                }
            };
            if client.generation() != generation {
                return Err(Failure::Told(format!(
                    "{url} spoke {generation} and speaks {} now: start this command again",
                    client.generation()
                )));
            }
            // Whoever waited for the connection before is told by this that it went; nobody else waits yet.
            while handed.try_recv().is_ok() {}
            mirror.read_only(None);
            output.say(
                || format!("{url} is back"),
                || json!({"kind": "back", "url": url}),
            )?;
        }
    };
    let ended = tokio::select! {
        biased;
        () = end => Ok(()),
        ended = showing => ended,
    };
    core.shutdown().await;
    ended
}

fn away(output: Output, mirror: &Mirror, url: &str, why: &Failure) -> Result<(), Failure> {
    mirror.read_only(Some(format!("{url} is away, and is tried again: {why}")));
    Ok(output.say(
        || format!("{url} is away: {why}"),
        || json!({"kind": "away", "url": url, "why": why.to_string()}),
    )?)
}

/// Shows what the server tells until its connection ends.
async fn show(
    client: &mut Client,
    mirror: &Mirror,
    handed: &mut mpsc::Receiver<Handed>,
    limit: Duration,
) -> Result<Infallible, Failure> {
    let mut asked = BTreeMap::new();
    for item_type in TYPES {
        asked.insert(client.query(&Query::all(item_type)).await?, item_type);
    }
    let mut waiting = Waiting::new();
    let probe = probe(client).await?;
    loop {
        tokio::select! {
            biased;
            Some(handed) = handed.recv() => {
                let Handed { instance, action, data, answer } = handed;
                let generation = client.generation();
                let (command_id, command) =
                    speaking::action_command(generation, instance.as_deref(), &action, data);
                let tx = client.ask(command_id, command).await?;
                waiting.insert(tx, (answer, Instant::now() + limit));
            }
            inbound = client.next() => match inbound? {
                Inbound::Found(found) => {
                    if let Some(item_type) = asked.get(&found.tx) {
                        mirror.take(item_type, found);
                    }
                }
                Inbound::Answer(Answer { tx, result }) => {
                    if let Err(message) = &result
                        && message.contains(NOT_FROM_CLIENTS)
                    {
                        mirror.read_only(Some(format!(
                            "this server runs actions for its own nodes, cues and properties, and takes none from \
                             elsewhere ({message})"
                        )));
                    }
                    if probe.as_ref() != Some(&tx)
                        && let Some((answer, _)) = waiting.remove(&tx)
                    {
                        // A page that went takes no answer.
                        drop(answer.send(result));
                    }
                }
                _ => {}
            },
            () = sleep(LOOK), if !waiting.is_empty() => {}
        }
        let now = Instant::now();
        let late: Vec<_> = waiting
            .iter()
            .filter(|(_, (_, until))| *until <= now)
            .map(|(tx, _)| tx.clone())
            .collect();
        for tx in late {
            if let Some((answer, _)) = waiting.remove(&tx) {
                let limit = humantime::format_duration(limit);
                drop(answer.send(Err(format!("no answer came within {limit}"))));
            }
        }
    }
}

/// Finds out whether a 2026 server takes commands: asks for one of no instance, which is run by nobody.
async fn probe(client: &mut Client) -> Result<Option<String>, Failure> {
    if client.generation() != Generation::V2026 {
        return Ok(None);
    }
    let nothing = json!({"id": "", "targetId": ""});
    let command: Map<String, Value> = Map::from_iter([
        ("instanceId".to_owned(), "".into()),
        ("action".to_owned(), nothing),
        ("data".to_owned(), Value::Null),
    ]);
    Ok(Some(client.ask("ExecTargetAction", command).await?))
}
