//! The terminal while something is drawn in it.

use std::io::{self, Write as _};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::style::{Attribute, Color, Print, SetAttribute, SetForegroundColor};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{execute, queue};

use super::line::{Line, Tone};

/// Whether there is something to be put back as it was. A process has one terminal.
static IS_ENTERED: AtomicBool = AtomicBool::new(false);

/// The alternate screen; the terminal is as it was when this is dropped, or when something panics.
#[derive(Debug)]
pub(crate) struct Screen {
    shown: Vec<Line>,
    is_colored: bool,
}

impl Screen {
    pub(crate) fn enter() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            // What it says would be gone with the alternate screen.
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                before(panic);
            }));
        });
        IS_ENTERED.store(true, Ordering::SeqCst);
        let screen = Self {
            shown: Vec::new(),
            // https://no-color.org: set to whatever, but not to nothing.
            is_colored: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        enable_raw_mode()?;
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            Hide,
            Clear(ClearType::All)
        )?;
        Ok(screen)
    }

    /// Columns and lines.
    pub(crate) fn size() -> io::Result<(usize, usize)> {
        let (columns, lines) = size()?;
        Ok((columns.into(), lines.into()))
    }

    /// What is shown is not known any more.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        self.shown.clear();
        execute!(io::stdout(), Clear(ClearType::All))
    }

    /// Shows these lines; only those that differ are written, in one go.
    pub(crate) fn draw(&mut self, lines: Vec<Line>) -> io::Result<()> {
        let mut written = Vec::new();
        for (row, line) in lines.iter().enumerate() {
            if self.shown.get(row) != Some(line) {
                self.write(&mut written, row, line)?;
            }
        }
        for row in lines.len()..self.shown.len() {
            self.write(&mut written, row, &Line::new())?;
        }
        self.shown = lines;
        if written.is_empty() {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        queue!(stdout, BeginSynchronizedUpdate)?;
        stdout.write_all(&written)?;
        execute!(stdout, EndSynchronizedUpdate)
    }

    fn write(&self, to: &mut Vec<u8>, row: usize, line: &Line) -> io::Result<()> {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        queue!(to, MoveTo(0, row), Clear(ClearType::CurrentLine))?;
        for cell in line {
            let column = u16::try_from(cell.column).unwrap_or(u16::MAX);
            queue!(to, MoveTo(column, row))?;
            match cell.tone {
                Tone::Plain => {
                    queue!(to, Print(&cell.text))?;
                    continue;
                }
                Tone::Head => queue!(to, SetAttribute(Attribute::Reverse))?,
                Tone::Dim => queue!(to, SetAttribute(Attribute::Dim))?,
                Tone::Fresh if self.is_colored => queue!(to, SetForegroundColor(Color::Green))?,
                Tone::Bad if self.is_colored => queue!(to, SetForegroundColor(Color::Red))?,
                Tone::Fresh | Tone::Bad => queue!(to, SetAttribute(Attribute::Bold))?,
            }
            queue!(to, Print(&cell.text), SetAttribute(Attribute::Reset))?;
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts the terminal back as it was.
fn restore() {
    if IS_ENTERED.swap(false, Ordering::SeqCst) {
        // A terminal that is gone needs nothing.
        drop(execute!(
            io::stdout(),
            EndSynchronizedUpdate,
            SetAttribute(Attribute::Reset),
            Show,
            LeaveAlternateScreen
        ));
        drop(disable_raw_mode());
    }
}
