//! Where a new package has the crates of rship from.

use std::path::{Path, PathBuf};

use super::NewError;
use super::place::{Place, absolute};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the crates come from.
#[derive(Debug)]
pub(super) enum Source {
    /// A checkout: the path to it that the package uses.
    Checkout(String),
    /// The registry.
    Registry,
}

impl Source {
    /// The checkout that was named, or else the one that this program was built from, if it is still there.
    ///
    /// # Errors
    /// When there is no rship where it was said to be, or its path is not a text.
    pub(super) fn find(named: Option<&Path>, place: &Place) -> Result<Self, NewError> {
        let checkout = match named {
            Some(named) if is_checkout(named) => absolute(named)?,
            Some(named) => return Err(NewError::NoRship(named.to_owned())),
            None => match Path::new(env!("CARGO_MANIFEST_DIR")).parent() {
                Some(built_from) if is_checkout(built_from) => built_from.to_owned(),
                _ => return Ok(Self::Registry),
            },
        };
        let path = relative(&checkout, &place.folder).unwrap_or(checkout);
        match path.to_str() {
            // A `\` would have to be written twice, and cargo takes `/` on every system.
            Some(text) => Ok(Self::Checkout(text.replace('\\', "/"))),
            None => Err(NewError::NotText(path)),
        }
    }

    /// What stands behind the `=` of a dependency.
    pub(super) fn dependency(&self, krate: &str) -> String {
        match self {
            Self::Checkout(path) => {
                let path = format!("{path}/{krate}").replace('"', "\\\"");
                format!("{{ path = \"{path}\" }}")
            }
            Self::Registry => format!("\"{VERSION}\""),
        }
    }

    /// The command that installs `rship-dev`.
    pub(super) fn install(&self) -> String {
        match self {
            Self::Checkout(path) => format!("cargo install --path {path}/rship-dev"),
            Self::Registry => "cargo install rship-dev".to_owned(),
        }
    }
}

fn is_checkout(folder: &Path) -> bool {
    ["rship-runtime", "rship-dev"]
        .iter()
        .all(|name| folder.join(name).join("Cargo.toml").is_file())
}

/// The way from a package to a checkout when the folder with the checkout has the package as well: so both can be
/// moved together, and to another machine.
fn relative(checkout: &Path, package: &Path) -> Option<PathBuf> {
    let around = checkout.parent()?;
    // All things are in the root.
    around.parent()?;
    let down = package.strip_prefix(around).ok()?;
    let mut way: PathBuf = down.components().map(|_| "..").collect();
    way.push(checkout.file_name()?);
    Some(way)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_one_folder_is_found_from_each_other() {
        for (package, way) in [
            ("/src/lamp", Some("../rship")),
            ("/src/devices/lamp", Some("../../rship")),
            ("/src/rship/devices/lamp", Some("../../../rship")),
            ("/home/lamp", None),
        ] {
            let found = relative(Path::new("/src/rship"), Path::new(package));
            assert_eq!(found.as_deref(), way.map(Path::new), "{package}");
        }
        assert_eq!(relative(Path::new("/rship"), Path::new("/lamp")), None);
    }

    #[test]
    fn a_dependency_is_a_path_or_a_version() {
        let checkout = Source::Checkout("../a\"b".to_owned());
        assert_eq!(
            checkout.dependency("rship-dev"),
            "{ path = \"../a\\\"b/rship-dev\" }"
        );
        assert_eq!(
            Source::Registry.dependency("rship-dev"),
            format!("\"{VERSION}\"")
        );
    }
}
