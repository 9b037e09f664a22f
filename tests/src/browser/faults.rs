//! What goes wrong in a page, and what it asks of others than its own server.

use std::sync::Mutex;

use serde_json::Value;

use super::chromium::lock;

/// Everything that was wrong so far.
#[derive(Default)]
pub(super) struct Faults {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    faults: Vec<String>,
    /// Host and port of the server that the page is from.
    server: Option<String>,
    /// How faults begin that a test brings about on purpose.
    expected: Vec<String>,
}

impl Faults {
    /// From now on the page may talk to this server alone.
    pub(super) fn serve(&self, host: &str) {
        lock(&self.known).server = Some(host.to_owned());
    }

    /// Faults with this in them are none.
    pub(super) fn expect(&self, text: &str) {
        lock(&self.known).expected.push(text.to_owned());
    }

    /// What was wrong, except for what was expected.
    pub(super) fn found(&self) -> Vec<String> {
        let known = lock(&self.known);
        let unexpected = |fault: &&String| !known.expected.iter().any(|text| fault.contains(text));
        known.faults.iter().filter(unexpected).cloned().collect()
    }

    /// Takes an event of the protocol.
    pub(super) fn event(&self, method: &str, params: &Value) {
        let fault = match method {
            "Runtime.exceptionThrown" => {
                let details = &params["exceptionDetails"];
                let text = &details["exception"]["description"];
                format!(
                    "exception: {}",
                    text.as_str()
                        .map_or_else(|| details.to_string(), Into::into)
                )
            }
            "Runtime.consoleAPICalled" => match params["type"].as_str() {
                Some("error" | "warning" | "assert") => format!("console: {}", params["args"]),
                _ => return,
            },
            // Violations of the Content-Security-Policy, answers like 404, and what could not be loaded.
            "Log.entryAdded" => match params["entry"]["level"].as_str() {
                Some("error" | "warning") => {
                    let entry = &params["entry"];
                    format!("{} (at {})", entry["text"], entry["url"])
                }
                _ => return,
            },
            "Network.requestWillBeSent" => match self.external(params["request"]["url"].as_str()) {
                Some(url) => format!("a request of another server: {url}"),
                None => return,
            },
            "Network.webSocketCreated" => match self.external(params["url"].as_str()) {
                Some(url) => format!("a socket to another server: {url}"),
                None => return,
            },
            "Inspector.targetCrashed" => "the page crashed".to_owned(),
            _ => return,
        };
        lock(&self.known).faults.push(fault);
    }

    fn external<'a>(&self, url: Option<&'a str>) -> Option<&'a str> {
        let url = url?;
        let rest = match url.split_once("://") {
            Some(("http" | "https" | "ws" | "wss", rest)) => rest,
            // `data:`, `blob:` and `about:` ask nobody.
            _ => return None,
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        (lock(&self.known).server.as_deref() != Some(host)).then_some(url)
    }
}
