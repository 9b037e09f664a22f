//! How an executor is set up: identity, address, limits.

use std::env;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rship_core::entity::{Instance, InstanceStatus};
use rship_core::wire::{Encoding, Generation};
use rship_core::{color, id};
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::address::Address;
use crate::error::Error;
use crate::executor::Executor;
use crate::session::{Connect, Tcp};

/// How ids of targets are made from what `add` is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ids {
    /// As given: `TARGET`, the form of the published document.
    #[default]
    Plain,
    /// `SERVICE:TARGET`, the form of SDKs since 2024; unique where two services use one name.
    Service,
}

pub(crate) struct Config {
    pub(crate) service: String,
    pub(crate) instance: Instance,
    pub(crate) ids: Ids,
    pub(crate) address: Address,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) generation: Option<Generation>,
    pub(crate) encoding: Encoding,
    pub(crate) connect: Arc<dyn Connect>,
    pub(crate) connect_timeout: Duration,
    pub(crate) handshake_timeout: Duration,
    pub(crate) ping_interval: Duration,
    pub(crate) silence_timeout: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) backoff: (Duration, Duration),
    pub(crate) impulse_queue: usize,
}

/// Sets an executor up; made by [`Executor::builder`]. What is not set comes from the environment or
/// has a default.
#[must_use]
pub struct Builder {
    service: String,
    instance_id: Option<String>,
    name: Option<String>,
    service_type: Option<String>,
    color: String,
    machine_id: Option<String>,
    cluster_id: Option<String>,
    message: Option<String>,
    ids: Ids,
    url: Option<String>,
    token: Option<String>,
    generation: Option<Generation>,
    encoding: Option<Encoding>,
    connect: Arc<dyn Connect>,
    connect_timeout: Duration,
    handshake_timeout: Duration,
    ping_interval: Duration,
    silence_timeout: Duration,
    shutdown_timeout: Duration,
    backoff: (Duration, Duration),
    impulse_queue: usize,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            instance_id: None,
            name: None,
            service_type: None,
            color: "#4f8cff".to_owned(),
            machine_id: None,
            cluster_id: None,
            message: None,
            ids: Ids::default(),
            url: None,
            token: None,
            generation: None,
            encoding: None,
            connect: Arc::new(Tcp),
            connect_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(2),
            ping_interval: Duration::from_secs(3),
            silence_timeout: Duration::from_secs(10),
            shutdown_timeout: Duration::from_secs(2),
            backoff: (Duration::from_millis(200), Duration::from_secs(10)),
            impulse_queue: 10_000,
        }
    }

    /// The server's address; else `RSHIP_URL`, or `RSHIP_ADDRESS` and `RSHIP_PORT`, or a local core.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Sent as `Authorization: Bearer TOKEN` when connecting; else `RSHIP_TOKEN`, or nothing.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The generation of the server; else `RSHIP_WIRE`, or found out on each connection.
    pub fn generation(mut self, generation: Generation) -> Self {
        self.generation = Some(generation);
        self
    }

    /// How frames are written to a 2026 server; else `RSHIP_ENCODING` (`json` or `cbor`), or JSON.
    /// Other servers read JSON alone and are sent that. What comes in is read in either.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// The instance's id, stable over restarts; else `SERVICE-HOST`.
    pub fn instance_id(mut self, id: impl Into<String>) -> Self {
        self.instance_id = Some(id.into());
        self
    }

    /// What people read for the instance; else its id.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The kind of service, by which servers group; else the service id.
    pub fn service_type(mut self, code: impl Into<String>) -> Self {
        self.service_type = Some(code.into());
        self
    }

    /// The instance's colour, `#rrggbb`.
    pub fn color(mut self, color: impl Into<String>) -> Self {
        self.color = color.into();
        self
    }

    /// The machine's id; else the host name.
    pub fn machine_id(mut self, id: impl Into<String>) -> Self {
        self.machine_id = Some(id.into());
        self
    }

    /// The cluster whose members stand in for each other; else none.
    pub fn cluster_id(mut self, id: impl Into<String>) -> Self {
        self.cluster_id = Some(id.into());
        self
    }

    /// A remark on the instance's status.
    pub fn message(mut self, text: impl Into<String>) -> Self {
        self.message = Some(text.into());
        self
    }

    /// How ids of targets are made.
    pub fn ids(mut self, ids: Ids) -> Self {
        self.ids = ids;
        self
    }

    /// How the byte stream to the server is made, below TLS and WebSocket; TCP unless set.
    pub fn connect(mut self, connect: impl Connect) -> Self {
        self.connect = Arc::new(connect);
        self
    }

    /// How long connecting may take, with TLS and the WebSocket's opening; 5 s unless set.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long a server may take to show its generation before one is assumed; 2 s unless set.
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.handshake_timeout = limit;
        self
    }

    /// How often the server is pinged, and after what silence the connection is given up; 3 s and
    /// 10 s unless set.
    pub fn keepalive(mut self, interval: Duration, silence: Duration) -> Self {
        self.ping_interval = interval;
        self.silence_timeout = silence;
        self
    }

    /// How long the end may take: telling the server and sending what waits; 2 s unless set.
    pub fn shutdown_timeout(mut self, limit: Duration) -> Self {
        self.shutdown_timeout = limit;
        self
    }

    /// The first and the longest pause before connecting again; 0.2 s and 10 s unless set. Pauses
    /// double in between, each shortened at random by up to a half.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.backoff = (first, longest.max(first));
        self
    }

    /// How many impulses may wait while the socket is down or slow; 10,000 unless set.
    pub fn impulse_queue(mut self, impulses: usize) -> Self {
        self.impulse_queue = impulses;
        self
    }

    /// Makes the executor; nothing is connected before [`Executor::run`].
    ///
    /// # Errors
    /// When an address, id, colour or token cannot be used, whether set here or in the environment.
    pub fn build(self) -> Result<Executor, Error> {
        check_id("service", &self.service)?;
        let address = match &self.url {
            Some(url) => url.parse()?,
            None => Address::from_env()?,
        };
        let generation = match (self.generation, env::var("RSHIP_WIRE")) {
            (Some(generation), _) => Some(generation),
            (None, Ok(text)) => Some(text.parse()?),
            (None, Err(_)) => None,
        };
        let encoding = match (self.encoding, env::var("RSHIP_ENCODING")) {
            (Some(encoding), _) => encoding,
            (None, Ok(text)) => text.parse()?,
            (None, Err(_)) => Encoding::default(),
        };
        let token = self.token.or_else(|| env::var("RSHIP_TOKEN").ok());
        let authorization = token.map(|token| bearer(&token)).transpose()?;
        if !color::is_hex(&self.color) {
            return Err(Error::Color(self.color));
        }
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        let instance_id = match self.instance_id {
            Some(id) => id,
            None => format!("{}-{host}", self.service),
        };
        check_id("instance", &instance_id)?;
        let instance = Instance {
            name: self.name.unwrap_or_else(|| instance_id.clone()),
            id: instance_id,
            service_type_code: self.service_type.unwrap_or_else(|| self.service.clone()),
            service_id: self.service.clone(),
            color: self.color,
            machine_id: self.machine_id.unwrap_or(host),
            status: InstanceStatus::Available,
            client_id: None,
            cluster_id: self.cluster_id,
            message: self.message,
        };
        Ok(Executor::new(Config {
            service: self.service,
            instance,
            ids: self.ids,
            address,
            authorization,
            generation,
            encoding,
            connect: self.connect,
            connect_timeout: self.connect_timeout,
            handshake_timeout: self.handshake_timeout,
            ping_interval: self.ping_interval,
            silence_timeout: self.silence_timeout,
            shutdown_timeout: self.shutdown_timeout,
            backoff: self.backoff,
            impulse_queue: self.impulse_queue,
        }))
    }
}

pub(crate) fn check_id(what: &'static str, text: &str) -> Result<(), Error> {
    id::check(text).map_err(|error| Error::Id { what, error })
}

fn bearer(token: &str) -> Result<HeaderValue, Error> {
    let mut value: HeaderValue = format!("Bearer {token}")
        .parse()
        .map_err(|_| Error::Token)?;
    value.set_sensitive(true);
    Ok(value)
}
