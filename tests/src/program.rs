//! Programs of ours, run as processes that know nothing of the environment of the tests.

use std::process::Stdio;

use tokio::process::Command;

use crate::within;

/// All of ours that a program reads from the environment.
pub const VARIABLES: [&str; 11] = [
    "RSHIP_URL",
    "RSHIP_ADDRESS",
    "RSHIP_PORT",
    "RSHIP_TOKEN",
    "RSHIP_TOKEN_FILE",
    "RSHIP_CA",
    "RSHIP_CERT",
    "RSHIP_KEY",
    "RSHIP_WIRE",
    "RSHIP_ENCODING",
    "RSHIP_MANIFEST",
];

/// A program with none of our variables set, whose output is piped; it is killed when this is dropped.
#[must_use]
pub fn program(path: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(path);
    command.args(arguments).kill_on_drop(true);
    for variable in VARIABLES.into_iter().chain(["RUST_LOG"]) {
        command.env_remove(variable);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits for the end of a program: whether it was a success, and all that it said.
pub async fn ended(mut command: Command) -> (bool, String) {
    let output = within("end of the program", command.output()).await;
    let output = output.expect("a process");
    let (said, complained) = (&output.stdout, &output.stderr);
    let text = [said, complained].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    (output.status.success(), text.concat())
}
