//! The folder of a new package, and what is around it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::NewError;

/// A folder that is not there yet, or empty.
#[derive(Debug)]
pub(super) struct Place {
    /// Absolute.
    pub(super) folder: PathBuf,
    /// The manifest of a workspace around it, which cargo would look into.
    pub(super) workspace: Option<PathBuf>,
}

impl Place {
    /// # Errors
    /// When something is in the folder.
    pub(super) fn new(folder: &Path) -> Result<Self, NewError> {
        let absolute = absolute(folder)?;
        // Asked by itself: systems differ in how they refuse to list what is not one.
        if absolute.is_file() {
            return Err(NewError::NotAFolder(folder.to_owned()));
        }
        match fs::read_dir(&absolute) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(NewError::NotEmpty(folder.to_owned()));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(NewError::io("read", folder, error)),
        }
        let around = absolute.ancestors().skip(1);
        let mut manifests = around.map(|folder| folder.join("Cargo.toml"));
        let workspace = manifests.find(|manifest| is_workspace(manifest));
        Ok(Self {
            folder: absolute,
            workspace,
        })
    }
}

/// A path from the root on. Not `canonicalize`, which on Windows gives paths that others do not take.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, NewError> {
    let whole = std::path::absolute(path).map_err(|error| NewError::io("find", path, error))?;
    // On Unix `..` is kept, because of links; here the text counts, as it does for cargo.
    let mut plain = PathBuf::new();
    for part in whole.components() {
        match part {
            std::path::Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    Ok(plain)
}

fn is_workspace(manifest: &Path) -> bool {
    let Ok(text) = fs::read_to_string(manifest) else {
        return false;
    };
    let mut lines = text.lines().map(str::trim_start);
    lines.any(|line| line.starts_with("[workspace]") || line.starts_with("[workspace."))
}
