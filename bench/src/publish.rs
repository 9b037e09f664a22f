//! Puts the figures into their page of the book.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::Failure;

const OPEN: &str = "<!-- figures -->";
const CLOSE: &str = "<!-- /figures -->";

/// The page, with a place for the figures.
pub(crate) struct Page {
    file: PathBuf,
    before: String,
    after: String,
}

impl Page {
    /// Finds the place, before anything is measured.
    pub(crate) fn open(root: &Path) -> Result<Self, Failure> {
        let file = root.join("docs/explanation/figures.md");
        let text = fs::read_to_string(&file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let Some((before, after)) = parts(&text) else {
            let file = file.display();
            return Err(
                format!("{file} has no line `{OPEN}` with a line `{CLOSE}` below it").into(),
            );
        };
        Ok(Self {
            before: before.to_owned(),
            after: after.to_owned(),
            file,
        })
    }

    /// Writes the figures there.
    pub(crate) fn write(&self, machine: &str, table: &str) -> io::Result<()> {
        let Self {
            file,
            before,
            after,
        } = self;
        let figures = format!("{OPEN}\n{machine}\n\n{table}{CLOSE}");
        fs::write(file, format!("{before}{figures}{after}"))
    }
}

/// What is before and after the place.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (before, rest) = text.split_once(OPEN)?;
    let (_, after) = rest.split_once(CLOSE)?;
    Some((before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stood_in_the_place_is_left_out() {
        let text = "a\n<!-- figures -->\nold\n<!-- /figures -->\nb";
        assert_eq!(parts(text), Some(("a\n", "\nb")));
        assert_eq!(parts("a\nb"), None);
    }
}
