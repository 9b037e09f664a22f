//! Why there is no new package.

use std::io;
use std::path::PathBuf;

/// Why there is no new package, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NewError {
    #[error("`{name}` cannot be the name of a device: {why}; try `{better}`")]
    Name {
        name: String,
        why: String,
        better: String,
    },
    #[error(
        "`{name}` is a path: say the name of the device, and where it is to be with `--path {name}`"
    )]
    Path { name: String },
    #[error("{} is not empty: remove what is in it, or say another folder with --path", .0.display())]
    NotEmpty(PathBuf),
    #[error("{} is not a folder: say another one with --path", .0.display())]
    NotAFolder(PathBuf),
    #[error(
        "there is no rship in {}: --rship takes the folder of a checkout, in which `rship-runtime` lies",
        .0.display()
    )]
    NoRship(PathBuf),
    #[error("{} is not a text, and Cargo.toml takes nothing else: move it, or rename what is not", .0.display())]
    NotText(PathBuf),
    #[error("cannot {what} {}: {error}", path.display())]
    Io {
        what: &'static str,
        path: PathBuf,
        error: io::Error,
    },
}

impl NewError {
    pub(super) fn io(what: &'static str, path: impl Into<PathBuf>, error: io::Error) -> Self {
        let path = path.into();
        Self::Io { what, path, error }
    }
}
