//! Chromium, driven as a person would use it: what is on a page is found by its role and its name in the
//! accessibility tree, clicked with the mouse and typed with keys.
//!
//! Nothing here is a library of others: Chromium speaks its DevTools protocol, JSON, through two pipes.

mod axe;
mod chromium;
mod faults;
mod keys;
mod locator;
mod looks;
mod page;
mod tree;

use std::env;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use self::chromium::Chromium;
pub use self::locator::Locator;
pub use self::looks::Looks;
pub use self::page::Page;
pub use self::tree::{Node, Tree};

/// One Chromium for all tests that run at the same time; it ends with the last of them.
static SHARED: Mutex<Weak<Chromium>> = Mutex::new(Weak::new());

/// An empty page of its own: no other page shares its storage. `None`, with the reason printed, where there is no
/// Chromium.
///
/// # Panics
/// In CI, where there is no Chromium; and when one does not start.
pub async fn page() -> Option<Page> {
    let Some(program) = chromium::find() else {
        let names = chromium::NAMES.join(", ");
        let reason =
            format!("there is no Chromium: none of {names} is in PATH, nor is RSHIP_CHROMIUM set");
        assert!(env::var_os("CI").is_none(), "{reason}");
        println!("skipped: {reason}");
        return None;
    };
    let chromium = {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Chromium::start(&program));
            *shared = Arc::downgrade(&started);
            started
        })
    };
    Some(Page::new(chromium).await)
}
