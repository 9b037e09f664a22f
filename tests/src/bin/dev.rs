//! `rship-dev`, for tests that need it beside an executor.

use std::process::ExitCode;

fn main() -> ExitCode {
    rship_dev::cli::main()
}
