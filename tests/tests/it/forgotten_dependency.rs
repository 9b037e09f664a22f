//! A package that has the macros and not the crate they name is told what to write, once.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

const DEVICE: &str = r#"
use rship_macros::{Target, actions};

#[derive(Target)]
pub struct Lamp {
    #[emitter]
    #[action(min = 0)]
    pub level: f64,
    #[target]
    pub bulb: Bulb,
}

#[derive(Target)]
pub struct Bulb {
    #[emitter]
    pub is_broken: bool,
}

#[derive(Target)]
pub enum Fixture {
    Lamp(Lamp),
}

#[actions]
impl Lamp {
    #[action]
    pub fn dim(&mut self, #[arg(min = 0)] level: f64) {
        self.level = level;
    }
}
"#;

/// What the compiler says of a package with these dependencies.
fn errors(name: &str, dependencies: &str) -> Vec<String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(package.join("src")).unwrap();
    let macros = std::path::absolute(workspace.join("rship-macros")).unwrap();
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         rship-macros = {{ path = {macros:?} }}\n{dependencies}\n"
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::write(package.join("src/lib.rs"), DEVICE).unwrap();
    fs::copy(workspace.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["check", "--offline", "--quiet", "--color", "never"])
        .current_dir(&package)
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages"),
        )
        .env_remove("RUSTFLAGS");
    let said = cargo.output().unwrap().stderr;
    let said = String::from_utf8(said).unwrap();
    let errors = said.split("\nerror").map(str::trim);
    let errors = errors.filter(|error| !error.contains("could not compile"));
    errors.map(str::to_owned).collect()
}

#[test]
fn a_forgotten_dependency_is_one_message_that_names_the_mend() {
    let errors = errors("forgotten-dependency", "");
    let [error] = errors.as_slice() else {
        panic!("{errors:#?}");
    };
    for part in [
        "`rship-runtime` is not a dependency of this package",
        "add it to Cargo.toml",
        "#[target(crate = other::rship_runtime)]",
        "#[actions(crate = other::rship_runtime)]",
        "src/lib.rs:4:10",
    ] {
        assert!(error.contains(part), "{part} is not in:\n{error}");
    }
}
