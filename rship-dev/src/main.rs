//! `rship-dev`: a local core to run, and a look into any server.

use std::process::ExitCode;

fn main() -> ExitCode {
    rship_dev::cli::main()
}
