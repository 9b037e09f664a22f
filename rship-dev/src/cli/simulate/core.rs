//! Where a stand-in plays: on the server that is named, or on a core of its own.

use std::env;
use std::net::Ipv4Addr;

use rship_runtime::__client::variable;

use super::{Failure, told};
use crate::server::LocalCore;

/// A server.
pub(super) enum Place {
    /// As the command line names it.
    Given(String),
    /// As the environment names it.
    Environment,
    /// In this process.
    Own(LocalCore),
}

impl Place {
    /// The address, unless the environment has it.
    pub(super) fn url(&self) -> Option<String> {
        match self {
            Self::Given(url) => Some(url.clone()),
            Self::Environment => None,
            Self::Own(core) => Some(core.url()),
        }
    }
}

/// The server that is named, or else a core on the usual port, or a free one.
pub(super) async fn find(url: Option<&str>) -> Result<Place, Failure> {
    if let Some(url) = url {
        return Ok(Place::Given(url.to_owned()));
    }
    let names = ["RSHIP_URL", "RSHIP_ADDRESS", "RSHIP_PORT"];
    if names.iter().any(|name| env::var_os(name).is_some()) {
        return Ok(Place::Environment);
    }
    let mut builder = LocalCore::builder();
    if let Some(wire) = variable("RSHIP_WIRE").map_err(told)? {
        builder = builder.generation(
            wire.parse()
                .map_err(rship_runtime::Error::from)
                .map_err(told)?,
        );
    }
    let usual = (Ipv4Addr::LOCALHOST, LocalCore::USUAL_PORT);
    let started = builder.bind(usual).or_free_port().start().await;
    match started {
        Ok(core) => Ok(Place::Own(core)),
        Err(error) => Err(told(format!(
            "no core can be started ({error}): name a server with --url"
        ))),
    }
}
