//! Whether the package that is compiled has the crate that expanded code names: the compiler itself only says
//! that it cannot find it, once for each macro, and not what to write.
//!
//! The package's `Cargo.toml` is searched as text, and each time: an editor keeps this process while the file
//! changes. Where there is none that can be read, as without cargo, the crate is taken to be there.

use std::path::PathBuf;
use std::{env, fs};

use proc_macro2::{Ident, Span};

use crate::attr::Given;
use crate::errors::Errors;
use crate::first::{FirstOfFile, Place};

/// What a package says of `rship-runtime`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Dependency {
    /// It is there, or nobody can tell.
    Named,
    /// It is there under another name, as Rust writes it.
    Renamed(String),
    /// Nothing of that name is mentioned.
    Absent,
}

/// The first derive of each file.
static FIRST_DERIVES: FirstOfFile = FirstOfFile::new();

impl Dependency {
    /// What the package that is compiled says, unless `crate = path` was given.
    pub(crate) fn of(given: Option<&Given>) -> Self {
        if given.is_some_and(|given| given.has("crate")) {
            return Self::Named;
        }
        let path = env::var_os("CARGO_MANIFEST_PATH").map(PathBuf::from);
        let folder = || env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let text = path
            .or_else(|| Some(folder()?.join("Cargo.toml")))
            .and_then(|path| fs::read_to_string(path).ok());
        text.map_or(Self::Named, |text| Self::in_manifest(&text))
    }

    fn in_manifest(text: &str) -> Self {
        let mut renamed = None;
        let mut table = "";
        for line in text.lines().map(str::trim) {
            if line.starts_with('#') {
                continue;
            }
            if let Some(header) = line.strip_prefix('[') {
                table = header.split(']').next().unwrap_or_default();
            }
            if is_named(line) {
                return Self::Named;
            }
            if let Some(before) = before_package(line) {
                renamed = renamed.or_else(|| alias(before, table));
            }
        }
        renamed.map_or(Self::Absent, Self::Renamed)
    }

    /// Reports, once for each file, that expanded code would not find the crate, and what to write.
    pub(crate) fn check(&self, place: Place, errors: &mut Errors) {
        if *self == Self::Named || !FIRST_DERIVES.is_first(place) {
            return;
        }
        let here = Span::call_site();
        match self {
            Self::Named => {}
            Self::Renamed(name) => errors.at_span(
                here,
                format_args!("`rship-runtime` is a dependency of this package as `{name}`"),
                format_args!(
                    "write `#[target(crate = {name})]` on the struct and `#[actions(crate = {name})]` \
                     on its impl; this is said once for each file"
                ),
            ),
            Self::Absent => errors.at_span(
                here,
                "`rship-runtime` is not a dependency of this package",
                "add it to Cargo.toml; or, if another crate exports it, write where it is: \
                 `#[target(crate = other::rship_runtime)]` on the struct and \
                 `#[actions(crate = other::rship_runtime)]` on its impl; this is said once for each file",
            ),
        }
    }
}

/// Whether the line has the crate's name as a key, in a table's name, or as the package's own name.
fn is_named(line: &str) -> bool {
    if line.starts_with("name") {
        return mentions(line).next().is_some();
    }
    mentions(line).any(|(before, after)| {
        let quote = after.starts_with(['"', '\'']);
        let (before, after) = match quote {
            true => (before.get(..before.len().saturating_sub(1)), after.get(1..)),
            false => (Some(before), Some(after)),
        };
        let before = before.unwrap_or_default().trim_end();
        let begins = before.is_empty() || before.ends_with(['.', '[', '{', ',']);
        begins && after.is_some_and(|after| after.trim_start().starts_with(['=', '.', ']']))
    })
}

/// What is before and after each mention of the crate, however it is spelled.
fn mentions(line: &str) -> impl Iterator<Item = (&str, &str)> {
    ["rship-runtime", "rship_runtime"]
        .into_iter()
        .flat_map(move |name| {
            line.match_indices(name)
                .map(move |(at, _)| (at, at + name.len()))
        })
        .filter_map(|(from, to)| Some((line.get(..from)?, line.get(to..)?)))
}

/// What is before `package = "rship-runtime"` in the line.
fn before_package(line: &str) -> Option<&str> {
    mentions(line).find_map(|(before, _)| {
        let before = before.strip_suffix(['"', '\''])?.trim_end();
        before.strip_suffix('=')?.trim_end().strip_suffix("package")
    })
}

/// The name of a dependency: the key that the line begins with, or else the last part of the table's name.
fn alias(before: &str, table: &str) -> Option<String> {
    let name = match before.split(['=', '.']).next().unwrap_or_default().trim() {
        "" => table.rsplit('.').next().unwrap_or_default(),
        key => key,
    };
    let name = name.trim().trim_matches(['"', '\'']).replace('-', "_");
    syn::parse_str::<Ident>(&name).ok().map(|_| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_is_named_in_all_ways_that_cargo_has() {
        for manifest in [
            "[dependencies]\nrship-runtime = \"1\"",
            "[dependencies]\nrship_runtime = { path = \"..\" }",
            "[dependencies]\n\"rship-runtime\" = \"1\"",
            "[dependencies]\nrship-runtime.workspace = true",
            "[dependencies]\nrship-runtime  .  version = \"1\"",
            "[dev-dependencies.rship-runtime]\npath = \"..\"",
            "[target.'cfg(unix)'.dependencies.\"rship-runtime\"]\npath = \"..\"",
            "dependencies = { serde = \"1\", rship-runtime = \"1\" }",
            "dependencies = {rship-runtime = \"1\"}",
            "[package]\nname = \"rship-runtime\"",
            // The other name is for what needs two of them.
            "[dependencies]\nold = { package = \"rship-runtime\" }\nrship-runtime = \"1\"",
        ] {
            assert_eq!(
                Dependency::in_manifest(manifest),
                Dependency::Named,
                "{manifest}"
            );
        }
    }

    #[test]
    fn another_name_of_the_crate_is_found() {
        for manifest in [
            "[dependencies]\nmy-show = { package = \"rship-runtime\", path = \"../rship-runtime\" }",
            "[dependencies]\nmy-show = { git = \"https://a.b/rship-runtime.git\", package='rship-runtime' }",
            "[dependencies]\nmy-show.path = \"../rship-runtime\"\nmy-show.package = \"rship-runtime\"",
            "[dependencies.my-show]\npackage = \"rship-runtime\"",
            "[dependencies.my-show] # ours\npath = \"../rship-runtime\"\npackage = \"rship-runtime\"",
        ] {
            let renamed = Dependency::Renamed("my_show".to_owned());
            assert_eq!(Dependency::in_manifest(manifest), renamed, "{manifest}");
        }
    }

    #[test]
    fn what_merely_contains_the_name_is_not_the_crate() {
        for manifest in [
            "",
            "[dependencies]\nstudio = { path = \"../rship-runtime\" }",
            "[dependencies]\n# rship-runtime = \"1\"\nmy-rship-runtime = \"1\"",
            "[dependencies]\nrship-runtime-studio = \"1\"",
            "[package]\ndescription = \"built on rship-runtime\"",
        ] {
            assert_eq!(
                Dependency::in_manifest(manifest),
                Dependency::Absent,
                "{manifest}"
            );
        }
    }
}
