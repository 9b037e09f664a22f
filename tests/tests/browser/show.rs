//! A device to be looked at, and the page on it.

use rship_dev::LocalCore;
use rship_runtime::Generation;
use rship_runtime::prelude::*;
use rship_runtime::show::{Rgb, UnitInterval};
use rship_tests::browser::{self, Page};
use rship_tests::{LIMIT, Running, core, executor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A booth with lamps.
#[derive(Target, Default)]
#[target(
    name = "Lighting booth",
    category = "light",
    bg_color = "#2b2440",
    fg_color = "#ffd27f"
)]
pub(crate) struct Booth {
    /// Light of the whole room, from 0 to 1.
    #[emitter]
    #[action]
    pub(crate) level: UnitInterval,
    /// Degrees in the booth.
    #[emitter]
    pub(crate) celsius: f64,
    /// How much the dimmers draw.
    #[emitter]
    pub(crate) power: Power,
    /// What was asked for last.
    #[emitter]
    pub(crate) last: Option<Fade>,
    #[target(key = "name")]
    pub(crate) lamps: Vec<Lamp>,
}

/// What is drawn, in watts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Power {
    /// By the left rack.
    pub(crate) left: f64,
    /// By the right rack.
    pub(crate) right: f64,
}

/// A lamp.
#[derive(Target, Default)]
#[target(category = "light")]
pub(crate) struct Lamp {
    pub(crate) name: String,
    /// Whether it shines.
    #[emitter]
    #[action]
    pub(crate) on: bool,
    /// Hours that it shone.
    #[emitter]
    pub(crate) hours: u32,
}

/// How light changes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Curve {
    /// Steadily.
    Linear,
    /// Slowly at first and at last.
    Smooth,
}

/// One fade.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Fade {
    pub(crate) level: f64,
    pub(crate) seconds: u32,
    pub(crate) curve: Option<Curve>,
    pub(crate) note: Option<String>,
}

#[actions]
impl Booth {
    /// Fades the whole room.
    #[action]
    fn fade(
        &mut self,
        #[arg(min = 0.0, max = 1.0)] level: f64,
        #[arg(min = 1, max = 60, unit = "s")] seconds: u32,
        curve: Option<Curve>,
        note: Option<String>,
    ) -> Result<String, String> {
        if note.as_deref() == Some("never") {
            return Err("`note` says never".to_owned());
        }
        self.last = Some(Fade {
            level,
            seconds,
            curve,
            note,
        });
        Ok(format!("fading to {level} in {seconds} s"))
    }

    /// Paints the room.
    #[action]
    fn paint(&mut self, color: Rgb) -> Rgb {
        color
    }

    /// Turns everything off.
    #[action]
    fn blackout(&mut self) {
        self.level = UnitInterval::default();
    }
}

/// A booth with this many lamps, "Lamp 1" and so on.
pub(crate) fn booth(lamps: u32) -> Booth {
    let lamp = |number| Lamp {
        name: format!("{number}"),
        on: number % 2 == 0,
        hours: number * 10,
    };
    Booth {
        celsius: 21.5,
        lamps: (1..=lamps).map(lamp).collect(),
        ..Booth::default()
    }
}

/// A booth at work with a local core.
pub(crate) struct Show {
    pub(crate) core: LocalCore,
    pub(crate) booth: Handle<Booth>,
    running: Running,
}

impl Show {
    pub(crate) async fn start() -> Self {
        Self::with(core(Generation::V2026).await).await
    }

    /// The same with a core that is there already, and lets anybody in.
    pub(crate) async fn with(core: LocalCore) -> Self {
        let executor = executor(&core.url());
        let booth = executor.add("booth", booth(3)).unwrap();
        let running = Running::online(&executor).await;
        let told = |core: &LocalCore| core.count("Pulse") >= 10;
        core.wait_until(LIMIT, "the booth", told).await.unwrap();
        Self {
            core,
            booth,
            running,
        }
    }

    /// Where the page is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.core.addr())
    }

    /// What was asked for last.
    pub(crate) fn last(&self) -> Option<Fade> {
        self.booth.try_lock().ok()?.last.clone()
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await;
        self.core.shutdown().await;
    }
}

/// A browser that looks at a booth; `None` where there is no browser.
pub(crate) async fn looked_at() -> Option<(Show, Page)> {
    let page = browser::page().await?;
    let show = Show::start().await;
    page.open(&show.url()).await;
    Some((show, page))
}

/// The same with the booth opened, by a click.
pub(crate) async fn opened() -> Option<(Show, Page)> {
    let (show, page) = looked_at().await?;
    row(&page, "Lighting booth").click().await;
    page.by("form", "Fade").node().await;
    Some((show, page))
}

/// A row of the tree.
pub(crate) fn row<'p>(page: &'p Page, name: &str) -> browser::Locator<'p> {
    page.by("tree", "Targets").by("treeitem", name)
}
