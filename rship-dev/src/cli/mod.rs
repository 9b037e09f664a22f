//! The command line.

mod arguments;
mod call;
mod check;
mod client;
mod compat;
mod completions;
mod file;
mod inspect;
mod live;
mod ls;
mod misplaced;
mod new;
mod output;
mod record;
mod render;
mod replay;
mod restore;
mod save;
mod serve;
mod settable;
mod signals;
mod simulate;
mod top;
mod tree;
mod watch;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, io};

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use rship_core::wire::Generation;
use rship_runtime::__client::{Given, Secret, variable};
use tracing_subscriber::EnvFilter;

use self::client::Client;
use self::output::Output;
use crate::new::Request;
use crate::recording::Speed;
use crate::server::opening::Doors;

/// Run a local Rocketship core, and look into any running one.
// None of these has a `Debug`: an address may have a password in it.
#[derive(Parser)]
#[command(name = "rship-dev", version, about, long_about = None)]
struct Cli {
    /// Print one JSON document a line.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a local core until Ctrl-C; prints its address, then executors as they come and go, and whatever it drops.
    Serve {
        /// The generation of server to be: 2023, 2024 or 2026.
        #[arg(long, default_value_t = Generation::V2026)]
        wire: Generation,
        /// Where to listen; what other machines can reach needs --token or --insecure.
        #[arg(long, default_value = "127.0.0.1:5155", value_parser = serve::place)]
        bind: SocketAddr,
        /// Write every frame into a file, for `replay`; it must not be there yet.
        #[arg(long, value_name = "FILE")]
        record: Option<PathBuf>,
        /// The largest that the file may become; the recording ends there.
        #[arg(long, default_value = "256MiB", value_parser = record::size, requires = "record")]
        limit: u64,
        #[command(flatten)]
        door: Door,
    },
    /// Show instances, targets, actions and emitters as a tree.
    Ls {
        /// Of all, only these: ids of targets, actions or emitters; `*` is any text, `?` any one character.
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Run an action and print its answer.
    Call {
        /// The action's id, as `ls` shows it.
        action: String,
        /// The action's arguments as JSON; none is null.
        #[arg(value_name = "JSON", allow_hyphen_values = true)]
        json_data: Option<String>,
        /// The instance to run it in, where several have the target.
        #[arg(long)]
        instance: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Print the states of targets that can be set as they are, for `restore`: `rship-dev save '*' > f`.
    Save {
        /// Ids of targets, with all below them, or of emitters; `*` is any text, `?` any one character.
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// Only those of this instance.
        #[arg(long)]
        instance: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Set states as `save` has found them, one after the other, and say what became of each.
    ///
    /// Ends with status 0 when all is as it was, 1 when something is missing or was refused, and 2 when the file
    /// cannot be used.
    Restore {
        /// What `save` has printed; `-` is standard input.
        file: PathBuf,
        /// Set nothing, and say what would be set.
        #[arg(long)]
        dry_run: bool,
        /// Set everything in this instance, in place of those that the file names.
        #[arg(long)]
        instance: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Show the last pulse of emitters, and each one that follows.
    ///
    /// In a terminal that is a table with rates and trends, which `q` leaves; piped, with --plain, --json or
    /// --count it is a line for each pulse, until Ctrl-C.
    Watch {
        /// Ids of emitters, or of targets for all emitters that they have; `*` is any text, `?` any one character.
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// The instance to watch, where several have the emitter.
        #[arg(long)]
        instance: Option<String>,
        /// End after that many pulses.
        #[arg(long)]
        count: Option<u64>,
        /// Print lines, in a terminal too.
        #[arg(long)]
        plain: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Show which targets pulse most, and what was dropped of each.
    ///
    /// In a terminal that is a table, which `q` leaves; piped, with --plain, --json or --count it is printed every
    /// second, until Ctrl-C.
    Top {
        /// End after it was printed that many times.
        #[arg(long)]
        count: Option<u64>,
        /// Print it every second, in a terminal too.
        #[arg(long)]
        plain: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Record what passes between executors and a server, as a proxy between them, until Ctrl-C.
    ///
    /// Executors connect to the proxy as to the server: with their own token, unless one is given here.
    Record {
        /// Where to; must not be there yet.
        file: PathBuf,
        /// The largest that the file may become; the recording ends there, and frames still pass.
        #[arg(long, default_value = "256MiB", value_parser = record::size)]
        limit: u64,
        /// Where to listen for executors.
        #[arg(long, default_value = "127.0.0.1:5156", value_parser = serve::place)]
        bind: SocketAddr,
        /// The server's address; else RSHIP_URL, or RSHIP_ADDRESS and RSHIP_PORT, or a local core.
        #[arg(long)]
        url: Option<String>,
        /// Sent to the server as `Authorization: Bearer TOKEN`; else RSHIP_TOKEN, or what is in the file
        /// RSHIP_TOKEN_FILE, or what the executor sends. From other machines it is wanted of executors, too.
        #[arg(long)]
        token: Option<Secret>,
        #[command(flatten)]
        guests: Guests,
    },
    /// Play a recording to an executor that connects, or to a server, and say what came back differently.
    ///
    /// Ends with status 0 when all came back as it was, 1 when something did not, and 2 when the file cannot be used.
    Replay {
        /// The recording.
        file: PathBuf,
        /// How many times as fast as it was, or `max` for as fast as the other side keeps up.
        #[arg(long, default_value = "1", value_parser = replay::speed)]
        speed: Speed,
        /// How long nothing that is missing may come until it is given up, as `500ms` or `5s`.
        #[arg(long, default_value = "5s", value_parser = humantime::parse_duration)]
        patience: Duration,
        /// Leave out values of these emitters and answers of these actions; `*` is any text, `?` any one character.
        /// May be repeated.
        #[arg(long, value_name = "ID")]
        ignore: Vec<String>,
        /// The instance to play, where the recording has several executors.
        #[arg(long)]
        instance: Option<String>,
        /// Play the executor's side to the server at this address, instead of the server's to an executor.
        #[arg(long, value_name = "URL", conflicts_with_all = ["bind", "insecure", "allow_origin", "allow_host"])]
        against: Option<String>,
        /// Be a core that shows what the recording has, on its page with a slider for the time and to the other
        /// commands, until Ctrl-C.
        #[arg(long, conflicts_with_all = ["against", "speed", "patience", "ignore", "instance"])]
        page: bool,
        /// Where to listen for the executor.
        #[arg(long, default_value = "127.0.0.1:5155", value_parser = serve::place)]
        bind: SocketAddr,
        #[command(flatten)]
        door: Door,
    },
    /// Show the page over a running server, until Ctrl-C; where the server takes no commands, it is for looking only.
    Inspect {
        /// Where the page is to be; what other machines can reach is not for this.
        #[arg(long, default_value = "127.0.0.1:0", value_parser = serve::place)]
        bind: SocketAddr,
        #[command(flatten)]
        server: Server,
    },
    /// Say what each generation of server would do with a device: `DEVICE --manifest | rship-dev check`.
    ///
    /// Ends with status 1 when a server would drop something or a show could not bind it, and with 2
    /// when there is no manifest to read.
    Check {
        /// The manifest; `-` is standard input.
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Compare two manifests: say which cues, made for the old device, the new one would break.
    ///
    /// Ends with status 1 when something would break, and with 2 when there is no manifest to read.
    Compat {
        /// The manifest that shows rely on; `-` is standard input.
        old: PathBuf,
        /// The manifest of the device as it is now.
        new: PathBuf,
    },
    /// Play a device by its manifest: `DEVICE --manifest | rship-dev simulate -`, until Ctrl-C.
    ///
    /// Prints the actions that it is told to carry out. Lines that are typed meanwhile are faults, as --fault takes them;
    /// `mend` takes all back, `mend FAULT` one, and `drop` cuts the connection once. Ends with status 2 when there is no
    /// manifest to read.
    Simulate {
        /// The manifest; `-` is standard input.
        #[arg(value_name = "MANIFEST")]
        file: PathBuf,
        #[command(flatten)]
        how: simulate::How,
    },
    /// Write a package for a device of one's own, which builds, tests itself and is held to its manifest.
    New {
        /// The name of the package, the service and the target: small letters, digits, and `-` between words.
        name: String,
        /// Where; in a folder of that name, which must not have anything in it, if it is left out.
        #[arg(long, value_name = "FOLDER")]
        path: Option<PathBuf>,
        /// A checkout of rship to depend on; else the one that this program was built from, if it is still there, or
        /// else the published version.
        #[arg(long, value_name = "FOLDER")]
        rship: Option<PathBuf>,
    },
    /// Print what a shell needs to complete this command line.
    ///
    /// For bash, `rship-dev completions bash > ~/.local/share/bash-completion/completions/rship-dev`.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Who may come in.
#[derive(Args)]
struct Door {
    /// Let in only who sends `Authorization: Bearer TOKEN`, as executors and the other commands do.
    /// Else RSHIP_TOKEN.
    #[arg(long)]
    token: Option<String>,
    #[command(flatten)]
    guests: Guests,
}

/// Who may come in from where.
#[derive(Args)]
struct Guests {
    /// Let other machines in without a token.
    #[arg(long)]
    insecure: bool,
    /// Let in pages of this origin, as `https://show.example`, beside those of this machine; may be repeated.
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Let in who reaches the core by this name, as `core.example`, or `.example` for all names below it; may be
    /// repeated. Addresses, `localhost` and the name of this machine always may.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
}

impl Guests {
    fn doors(self) -> Doors {
        let mut doors = Doors::default();
        if self.insecure {
            doors.insecure();
        }
        for origin in self.allow_origin {
            doors.allow_origin(origin);
        }
        for host in self.allow_host {
            doors.allow_host(&host);
        }
        doors
    }
}

impl Door {
    /// The doors that this describes, with the token of the environment where none is given.
    fn doors(self) -> Result<Doors, Failure> {
        let token = match self.token {
            Some(token) => Some(token),
            None => variable("RSHIP_TOKEN").map_err(|error| Failure::Told(error.to_string()))?,
        };
        let mut doors = self.guests.doors();
        if let Some(token) = token {
            doors.token(token);
        }
        Ok(doors)
    }
}

#[derive(Args)]
struct Server {
    /// The server's address; else RSHIP_URL, or RSHIP_ADDRESS and RSHIP_PORT, or a local core.
    #[arg(long)]
    url: Option<String>,
    /// Sent as `Authorization: Bearer TOKEN` when connecting; else RSHIP_TOKEN, or what is in the file RSHIP_TOKEN_FILE.
    #[arg(long)]
    token: Option<Secret>,
    /// How long to wait for the server, as `500ms` or `15s`.
    #[arg(long, default_value = "15s", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What to tell the user.
    #[error("{0}")]
    Told(String),
    /// Standard output was closed: the reader has seen enough.
    #[error("standard output is closed")]
    Closed,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Closed
        } else {
            Self::Told(format!("cannot write to standard output: {error}"))
        }
    }
}

/// Judges the manifest in a text, as `check` does.
#[cfg(fuzzing)]
pub(crate) fn check_text(text: &str) {
    check::of(text);
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| {
        let words: Vec<_> = env::args_os().skip(1).map(text).collect();
        misplaced::explained(error, &Cli::command(), &words).exit()
    });
    // What `serve` says about drops is on standard output already.
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,rship_dev=error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Colors are control characters, which do not pass.
        .with_ansi(false)
        .with_writer(|| output::Log)
        .init();
    let ended = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Told(format!("cannot start: {error}")))
        .and_then(|runtime| runtime.block_on(run(cli)));
    match ended {
        Ok(status) => status,
        Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::Told(message)) => {
            output::complain(&message);
            ExitCode::FAILURE
        }
    }
}

fn text(word: OsString) -> String {
    word.to_string_lossy().into_owned()
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let output = Output::new(cli.json);
    match cli.command {
        Command::Check { file } => return check::run(output, &file),
        Command::Compat { old, new } => return compat::run(output, &old, &new),
        Command::Simulate { file, how } => return simulate::run(output, &file, how).await,
        Command::New { name, path, rship } => {
            let request = Request {
                name: &name,
                path: path.as_deref(),
                rship: rship.as_deref(),
            };
            new::run(output, &request)
        }
        Command::Completions { shell } => completions::print(shell),
        Command::Serve {
            wire,
            bind,
            record,
            limit,
            door,
        } => serve::run(output, wire, bind, record.map(|file| (file, limit)), door).await,
        Command::Record {
            file,
            limit,
            bind,
            url,
            token,
            guests,
        } => {
            let place = record::Place {
                bind,
                url,
                token,
                guests,
            };
            record::run(output, &file, limit, place).await
        }
        Command::Replay {
            file,
            speed,
            patience,
            ignore,
            instance,
            against,
            page,
            bind,
            door,
        } => {
            let how = replay::How {
                speed,
                patience,
                ignored: ignore,
                instance,
            };
            let to = match against {
                Some(url) => replay::To::Server(url, door.token.map(Secret::new)),
                None if page => replay::To::Page(bind, door),
                None => replay::To::Executor(bind, door),
            };
            return replay::run(output, &file, how, to).await;
        }
        Command::Inspect { bind, server } => inspect::run(output, &server, bind).await,
        Command::Ls { ids, server } => ls::run(output, &mut connect(&server).await?, &ids).await,
        Command::Call {
            action,
            json_data,
            instance,
            server,
        } => {
            let data = call::parse(json_data.as_deref())?;
            call::run(
                output,
                &mut connect(&server).await?,
                &action,
                data,
                instance.as_deref(),
            )
            .await
        }
        Command::Save {
            ids,
            instance,
            server,
        } => save::run(&mut connect(&server).await?, &ids, instance.as_deref()).await,
        Command::Restore {
            file,
            dry_run,
            instance,
            server,
        } => {
            let states = match restore::load(&file) {
                Ok(states) => states,
                Err(why) => return Ok(restore::unreadable(&why)),
            };
            let how = restore::How {
                instance,
                is_dry: dry_run,
            };
            return restore::run(output, &mut connect(&server).await?, states, &how).await;
        }
        Command::Watch {
            ids,
            instance,
            count,
            plain,
            server,
        } => {
            let what = watch::What {
                ids,
                instance,
                count,
                is_plain: plain,
            };
            watch::run(output, &mut connect(&server).await?, &what).await
        }
        Command::Top {
            count,
            plain,
            server,
        } => top::run(output, &mut connect(&server).await?, count, plain).await,
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn connect(server: &Server) -> Result<Client, Failure> {
    let given = Given {
        url: server.url.clone(),
        token: server.token.clone(),
        ..Given::default()
    };
    Client::connect(given, server.timeout).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_may_be_negative_numbers() {
        let cli = Cli::parse_from(["rship-dev", "call", "a:b", "-3"]);
        assert!(matches!(cli.command, Command::Call { json_data: Some(data), .. } if data == "-3"));
    }
}
