//! Measures the executor and prints one table of figures with their limits.

mod answering;
mod bare;
mod build_cost;
mod child;
mod core;
mod counts;
mod dispatch;
mod exchange;
mod load;
mod machine;
mod panel;
mod pieces;
mod plot;
mod publish;
mod pulses;
mod registration;
mod scale;
mod scope;
mod session;
mod sink;
mod soak;
mod stats;
mod stretch;
mod table;
mod threads;
mod walks;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use tokio::process::Command;
use tokio::runtime::Builder;

use crate::answering::Answering;
use crate::bare::Bare;
use crate::core::Core;
use crate::load::Load;
use crate::publish::Page;
use crate::scope::Scope;
use crate::soak::{Soak, SoakDevice};
use crate::walks::Walks;

/// Why something could not be measured.
type Failure = Box<dyn Error + Send + Sync>;

#[derive(Parser)]
#[command(about = "Measures the executor and prints one table of figures with their limits")]
struct Cli {
    /// Small counts: says that everything works, and takes about a minute.
    #[arg(long)]
    short: bool,
    /// Measures these parts only.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAME,..")]
    only: Vec<Part>,
    /// Writes the figures into docs/explanation/figures.md, and the scale curve beside it.
    #[arg(long, conflicts_with_all = ["short", "only"])]
    write: bool,
    #[command(subcommand)]
    other: Option<Other>,
}

/// What this program does instead.
#[derive(Subcommand)]
enum Other {
    /// Sends what a script says, in a process of its own for a clean account of CPU time.
    #[command(hide = true)]
    Bare(Bare),
    /// Answers commands, in a process of its own as well.
    #[command(hide = true)]
    Answering(Answering),
    /// A local core, in a process of its own.
    #[command(hide = true)]
    Core(Core),
    /// Counts the files that a command and a changed field enter, with valgrind.
    Walks(Walks),
    /// A device under load and all faults, one after the other: whether it recovers, how soon, and what it has then.
    Soak(Soak),
    /// The device of a soak, in a process of its own.
    #[command(hide = true)]
    SoakDevice(SoakDevice),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Pulses,
    Dispatch,
    Threads,
    Registration,
    Scale,
    Core,
    Soak,
    Pieces,
    Build,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    // One thread: the sink leaves the other processors to what is measured.
    let single = || Builder::new_current_thread().enable_all().build();
    match cli.other {
        Some(Other::Bare(bare)) => single()?.block_on(bare.run()),
        Some(Other::Answering(answering)) => single()?.block_on(answering.run()),
        // As `rship-dev serve` runs it.
        Some(Other::Core(core)) => Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(core.run()),
        Some(Other::Walks(walks)) => single()?.block_on(walks.run()),
        Some(Other::Soak(soak)) => soak.run(),
        Some(Other::SoakDevice(device)) => device.run(),
        None => single()?.block_on(measure(&cli)),
    }
}

async fn measure(cli: &Cli) -> Result<(), Failure> {
    let scope = Scope { short: cli.short };
    let wanted = |part| cli.only.is_empty() || cli.only.contains(&part);
    let root = root()?;
    let page = cli.write.then(|| Page::open(&root)).transpose()?;
    let machine = machine::line()?;
    let load = Load::build(&root).await?;
    let mut parts = Vec::new();
    if wanted(Part::Pulses) {
        parts.push(("Pulses", pulses::measure(&load, scope).await?));
    }
    if wanted(Part::Dispatch) {
        parts.push(("Commands", dispatch::measure(&load, scope).await?));
    }
    if wanted(Part::Threads) {
        let mut figures = threads::publishing(&load, scope).await?;
        figures.extend(threads::idle(&load, scope).await?);
        parts.push(("Threads", figures));
    }
    if wanted(Part::Registration) {
        let figures = registration::measure(&load, scope).await?;
        parts.push(("Registration", figures));
    }
    if wanted(Part::Scale) {
        let curves = scale::measure(&load, scope).await?;
        if cli.write {
            plot::write(&curves, &root.join("docs/explanation/scale.svg"))?;
        }
        parts.push(("Scale", scale::figures(&curves)));
    }
    if wanted(Part::Core) {
        parts.push(("Local core", core::measure(&load, scope).await?));
    }
    // The long one is a command of its own.
    if cli.short && wanted(Part::Soak) {
        parts.push(("Soak", Soak::short().await?));
    }
    // After all that starts this program as a child: `cargo bench` puts another one in its place.
    if wanted(Part::Pieces) {
        parts.push(("Pieces", pieces::measure(&root, scope).await?));
    }
    if wanted(Part::Build) {
        parts.push(("Build", build_cost::measure(&root, scope).await?));
    }
    let table = table::markdown(&parts);
    println!("{machine}\n\n{table}");
    if let Some(page) = page {
        page.write(&machine, &table)?;
    }
    Ok(())
}

/// The folder of the workspace.
fn root() -> Result<PathBuf, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    Ok(root.ok_or("the package is not in a workspace")?.to_owned())
}

/// This program, to be started once more as a child.
fn own_program() -> Result<PathBuf, Failure> {
    Ok(std::env::current_exe()?)
}

/// The cargo that this was built with, without what it told this program of its package: build scripts
/// that look at that would run anew each time.
fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    for (name, _) in std::env::vars_os() {
        let of_package = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if of_package {
            command.env_remove(name);
        }
    }
    command
}
