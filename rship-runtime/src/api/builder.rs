//! How an executor is set up: identity, address, limits.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rship_core::color;
use rship_core::entity::{Instance, InstanceStatus};
use rship_core::wire::{Encoding, Generation};

use super::{Executor, manifest};
use crate::access::Given;
use crate::address::Connect;
use crate::environment::{text, variable};
use crate::error::Error;
use crate::session::Tcp;
use crate::settings::{Ids, Limits, Server, Settings, Timing, check_id};
use crate::target::{self, Keep};
use crate::token::Secret;

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
    access: Given,
    generation: Option<Generation>,
    encoding: Option<Encoding>,
    connect: Arc<dyn Connect>,
    timing: Timing,
    limits: Limits,
    state_file: Option<StateFile>,
    state_file_bytes: usize,
}

/// A file that is to keep states, and what opens it: named in one place, so that a program which does not go
/// there has nothing of it.
struct StateFile {
    path: PathBuf,
    open: fn(&Path, usize) -> Result<Keep, Error>,
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
            access: Given::default(),
            generation: None,
            encoding: None,
            connect: Arc::new(Tcp),
            timing: Timing::default(),
            limits: Limits::default(),
            state_file: None,
            state_file_bytes: 4 << 20,
        }
    }

    /// The server's address; else `RSHIP_URL`, or `RSHIP_ADDRESS` and `RSHIP_PORT`, or a local core. A user
    /// and a password in it are sent as basic authorization, and never shown; nor are the values of a query.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.access.url = Some(url.into());
        self
    }

    /// Sent as `Authorization: Bearer TOKEN` when connecting; else `RSHIP_TOKEN`, or nothing.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.access.token = Some(Secret::new(token.into()));
        self
    }

    /// A file with the token, read again at each connection; else `RSHIP_TOKEN_FILE`. A newline at its end
    /// is not part of the token.
    pub fn token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.access.token_file = Some(path.into());
        self
    }

    /// A root certificate, or several, as PEM, trusted beside those of the system; else those in the file
    /// `RSHIP_CA`. Further calls add further ones.
    pub fn root_certificate(mut self, pem: impl Into<String>) -> Self {
        self.access.roots.push(pem.into());
        self
    }

    /// What a server that wants a client certificate is shown: the certificate, with those between it and
    /// its root behind it, and its private key, both as PEM; else those in the files `RSHIP_CERT` and
    /// `RSHIP_KEY`.
    pub fn client_certificate(
        mut self,
        certificate_pem: impl Into<String>,
        key_pem: impl Into<String>,
    ) -> Self {
        self.access.identity = Some((certificate_pem.into(), Secret::new(key_pem.into())));
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

    /// The instance's color, `#rrggbb`.
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
        self.timing.connect = limit;
        self
    }

    /// How long a server that answers pings may take to show its generation before one is assumed; 2 s
    /// unless set.
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.timing.handshake = limit;
        self
    }

    /// How often the server is pinged, and after what time without progress the connection is given up;
    /// 4 s and 10 s unless set. Progress is a ping that is answered, or bytes that a full socket takes.
    pub fn keepalive(mut self, interval: Duration, silence: Duration) -> Self {
        self.timing.ping = interval;
        self.timing.silence = silence;
        self
    }

    /// How long the end may take: waiting for handlers, and then telling the server and sending what
    /// waits; 2 s each unless set.
    pub fn shutdown_timeout(mut self, limit: Duration) -> Self {
        self.timing.shutdown = limit;
        self
    }

    /// The first and the longest pause before connecting again; 0.2 s and 10 s unless set. Pauses
    /// double in between, each shortened at random by up to a half.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.timing.backoff = (first, longest.max(first));
        self
    }

    /// How many impulses may wait while the socket is down or slow; 10,000 unless set.
    pub fn impulse_queue(mut self, impulses: usize) -> Self {
        self.limits.impulses = impulses;
        self
    }

    /// How many bytes of impulses may wait; 16 MiB unless set.
    pub fn impulse_bytes(mut self, bytes: usize) -> Self {
        self.limits.impulse_bytes = bytes;
        self
    }

    /// The largest value, entity or answer that is sent, in bytes; 16 MiB unless set. Servers seen take
    /// 64 MiB, and close the connection without a word when more comes.
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.limits.message = bytes;
        self
    }

    /// How many bytes of commands may wait for one tree of targets, and three times that for all trees;
    /// 8 MiB unless set.
    pub fn mailbox_bytes(mut self, bytes: usize) -> Self {
        self.limits.mailbox_bytes = bytes;
        self
    }

    /// How many bytes of answers may wait for the server before no further command is read or begun;
    /// 8 MiB unless set.
    pub fn reply_bytes(mut self, bytes: usize) -> Self {
        self.limits.reply_bytes = bytes;
        self
    }

    /// How many bytes of removals and deletions, and of commands to the server, may wait for it; 8 MiB
    /// each unless set.
    pub fn update_bytes(mut self, bytes: usize) -> Self {
        self.limits.update_bytes = bytes;
        self
    }

    /// After what time a command is answered with an error although its action goes on; 30 s unless set.
    /// Long actions (`this: Handle<Self>`) may take as long as they like, and `#[action(timeout = "..")]`
    /// says otherwise for one action.
    pub fn action_timeout(mut self, limit: Duration) -> Self {
        self.timing.action = limit;
        self
    }

    /// How often the server is asked for what it has of this executor, to tell again what it lost; 60 s
    /// unless set, `None` for never.
    pub fn read_back(mut self, every: Option<Duration>) -> Self {
        self.timing.read_back = every;
        self
    }

    /// Keeps the values of settable states in this file, and gives them back at the next start: those of
    /// fields with `#[emitter]` and `#[action]`, unless `#[action(transient)]` says otherwise. They are given to
    /// the actions that set them, with all their checks, before the server is told of their target.
    ///
    /// It is written a second after a change and every three seconds at most, and when the executor ends. The
    /// executor alone uses it, and the files beside it whose names begin with its own.
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(StateFile {
            path: path.into(),
            open: target::open,
        });
        self
    }

    /// How many bytes the state file may have; 4 MiB unless set. Where there is no room for all, targets that
    /// are not there are forgotten first.
    pub fn state_file_bytes(mut self, bytes: usize) -> Self {
        self.state_file_bytes = bytes;
        self
    }

    /// Makes the executor; nothing is connected before [`Executor::run`].
    ///
    /// # Errors
    /// When an address, id, color, token or certificate cannot be used, whether set here or in the environment;
    /// when the folder of the state file is missing, or another program uses the file.
    pub fn build(self) -> Result<Executor, Error> {
        check_id("service", &self.service)?;
        let access = self.access.resolve()?;
        // It is read when the executor runs.
        text("RSHIP_MANIFEST")?;
        // Whoever prints the manifest has the device's program, and not what it has where it runs.
        if !manifest::is_wanted() {
            access.credentials.check()?;
        }
        let generation = match (self.generation, variable("RSHIP_WIRE")?) {
            (Some(generation), _) => Some(generation),
            (None, Some(text)) => Some(text.parse()?),
            (None, None) => None,
        };
        let encoding = match (self.encoding, variable("RSHIP_ENCODING")?) {
            (Some(encoding), _) => encoding,
            (None, Some(text)) => text.parse()?,
            (None, None) => Encoding::default(),
        };
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
        // Whoever prints the manifest leaves the device's files alone.
        let state_file = self.state_file.filter(|_| !manifest::is_wanted());
        let keep = state_file.map(|file| (file.open)(&file.path, self.state_file_bytes));
        let keep = keep.transpose()?;
        let settings = Settings {
            service: self.service,
            instance,
            ids: self.ids,
            server: Server {
                access,
                generation,
                encoding,
                connect: self.connect,
            },
            timing: self.timing,
            limits: self.limits,
        };
        Ok(Executor::new(settings, keep))
    }
}
