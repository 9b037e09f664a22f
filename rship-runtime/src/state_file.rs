//! The state file on the disk: opened once, locked for as long as it is used, written beside and put in its
//! place, so that whoever reads it finds all of an older or all of a newer state.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, StateFileProblem};
use crate::journal::alert;
use crate::saved::{Saved, Unreadable};

/// A state file that this program alone uses.
pub(crate) struct StateFile {
    path: PathBuf,
    /// Locked, where the disk can do that; the file itself is another one after each write.
    _lock: Option<File>,
}

impl StateFile {
    /// Opens a file that may not be there yet, and reads it. What cannot be read is moved aside.
    pub(crate) fn open(path: &Path, limit: usize) -> Result<(Self, Saved), Error> {
        let cannot = |problem| Error::StateFile {
            path: path.to_owned(),
            problem,
        };
        // The working directory may change, and a link is to stay one.
        let whole = fs::canonicalize(path).or_else(|_| std::path::absolute(path));
        let whole = whole.map_err(|error| cannot(StateFileProblem::Disk(error)))?;
        if fs::metadata(&whole).is_ok_and(|there| !there.is_file()) {
            return Err(cannot(StateFileProblem::NotAFile));
        }
        if !whole.parent().is_some_and(Path::is_dir) {
            return Err(cannot(StateFileProblem::NoFolder));
        }
        let lock = lock(&beside(&whole, ".lock")).map_err(cannot)?;
        let file = Self {
            path: whole,
            _lock: lock,
        };
        let saved = file.read(limit);
        Ok((file, saved))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self, limit: usize) -> Saved {
        match self.try_read(limit) {
            Ok(saved) => saved,
            Err(Unreadable::Disk(error)) if error.kind() == ErrorKind::NotFound => {
                Saved::new(limit)
            }
            Err(why) => {
                let ending = match &why {
                    Unreadable::Newer(form) => format!(".form-{form}"),
                    _ => ".broken".to_owned(),
                };
                let aside = beside(&self.path, &ending);
                let path = self.path.display();
                match fs::rename(&self.path, &aside) {
                    Ok(()) => alert(&format!(
                        "the state file `{path}` is not used, and the device starts with what it has of \
                         its own: {why}; it was moved to `{}`",
                        aside.display()
                    )),
                    Err(error) => alert(&format!(
                        "the state file `{path}` is not used, and the device starts with what it has of \
                         its own: {why}; it could not be moved aside, and will be replaced: {error}"
                    )),
                }
                Saved::new(limit)
            }
        }
    }

    fn try_read(&self, limit: usize) -> Result<Saved, Unreadable> {
        let mut json = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX);
        let file = File::open(&self.path)?;
        file.take(most.saturating_add(1)).read_to_end(&mut json)?;
        if json.len() > limit {
            return Err(Unreadable::TooLarge(limit));
        }
        Saved::read(&json, limit)
    }

    /// Puts this in its place: all of it, or nothing when that fails.
    pub(crate) fn write(&self, text: &str) -> io::Result<()> {
        let new = beside(&self.path, ".new");
        let written = write_new(&new, text).and_then(|()| fs::rename(&new, &self.path));
        if written.is_err() {
            // A disk that is full has the room back.
            let _ = fs::remove_file(&new);
        }
        written?;
        sync_folder(&self.path)
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    // Before it takes the other's place: else a power cut may leave an empty file there.
    file.sync_all()
}

/// Makes the new name outlive a power cut.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Elsewhere folders cannot be opened as files are.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Locks a file; `None` where that cannot be done, and the log says why.
fn lock(path: &Path) -> Result<Option<File>, StateFileProblem> {
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    let locked = file.map_err(TryLockError::Error).and_then(|file| {
        file.try_lock()?;
        Ok(file)
    });
    match locked {
        Ok(file) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(StateFileProblem::InUse),
        Err(TryLockError::Error(error)) => {
            alert(&format!(
                "`{}` cannot be locked, so nothing keeps a second program from using the same state file: \
                 {error}",
                path.display()
            ));
            Ok(None)
        }
    }
}
