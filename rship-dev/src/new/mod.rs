//! A package for a new device: what `rship-dev new` writes.

mod dependencies;
mod error;
mod files;
mod name;
mod place;

use std::path::{Path, PathBuf};

use self::dependencies::Source;
pub(crate) use self::error::NewError;
use self::name::Name;
use self::place::Place;

/// What to make.
#[derive(Debug)]
pub(crate) struct Request<'r> {
    pub(crate) name: &'r str,
    /// Where; in a folder of that name if it is left out.
    pub(crate) path: Option<&'r Path>,
    /// A checkout of rship to depend on, if not the one that this program was built from.
    pub(crate) rship: Option<&'r Path>,
}

/// What was made.
#[derive(Debug)]
pub(crate) struct Created {
    /// The folder, as it was given.
    pub(crate) folder: PathBuf,
    /// Its files, below the folder.
    pub(crate) files: Vec<&'static str>,
    /// The manifest of the workspace that it would have been taken into.
    pub(crate) workspace: Option<PathBuf>,
}

/// Writes a package.
///
/// # Errors
/// When the name cannot be one, the folder is not empty, or a file cannot be written.
pub(crate) fn create(request: &Request<'_>) -> Result<Created, NewError> {
    let name = Name::new(request.name)?;
    let folder = request.path.unwrap_or(Path::new(request.name));
    let place = Place::new(folder)?;
    let source = Source::find(request.rship, &place)?;
    let files = files::write(&name, &source, &place)?;
    Ok(Created {
        folder: folder.to_owned(),
        files,
        workspace: place.workspace,
    })
}
