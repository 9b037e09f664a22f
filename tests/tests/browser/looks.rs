//! Themes and screens; `RSHIP_SCREENSHOTS=FOLDER` has the pictures of the book made.

use std::env;
use std::fs;
use std::path::Path;
use std::time::Duration;

use rship_tests::browser::{Looks, Page};

use crate::show::{Show, opened};

/// A picture is loaded with each look at its page.
const LARGEST: usize = 150_000;

async fn no_barriers(page: &Page, what: &str) {
    if let Some(found) = page.barriers().await {
        assert!(found.is_empty(), "{what}: {found:#?}");
    }
}

#[tokio::test]
async fn nobody_is_kept_out_in_any_theme_on_any_tab_and_screen() {
    let Some((show, page)) = opened().await else {
        return;
    };
    for (looks, theme) in [
        (Looks::DESK, "Light"),
        (Looks::DARK, "Dark"),
        (Looks::PHONE, "Light"),
    ] {
        page.look(looks).await;
        page.reload().await;
        for tab in ["Show", "Diagnosis", "Wire", "Sessions", "Show"] {
            page.by("tab", tab).click().await;
            page.by("tabpanel", tab).node().await;
            no_barriers(&page, &format!("{tab}, {theme}, {looks:?}")).await;
            assert!(!page.is_too_wide().await, "{tab} is wider than {looks:?}");
        }
    }
    page.clean();
    show.stop().await;
}

#[tokio::test]
async fn the_theme_is_the_systems_until_one_is_chosen_which_stays() {
    let Some((show, page)) = opened().await else {
        return;
    };
    let back = "getComputedStyle(document.body).backgroundColor";
    page.look(Looks::DESK).await;
    page.reload().await;
    page.by("button", "Dark").node().await;
    let light = page.evaluate(back).await;
    page.look(Looks::DARK).await;
    page.reload().await;
    page.by("button", "Light").node().await;
    assert_ne!(page.evaluate(back).await, light);
    page.by("button", "Light").click().await;
    page.by("button", "Dark").node().await;
    assert_eq!(page.evaluate(back).await, light);
    page.reload().await;
    page.by("button", "Dark").node().await;
    assert_eq!(page.evaluate(back).await, light);
    page.clean();
    show.stop().await;
}

#[tokio::test]
async fn the_page_can_be_pictured() {
    let Some((show, page)) = opened().await else {
        return;
    };
    scene(&page, &show).await;
    for (looks, name) in [
        (Looks::DESK, "light"),
        (Looks::DARK, "dark"),
        (Looks::PHONE, "phone"),
    ] {
        page.look(looks).await;
        // What the system prefers is looked at when the page is loaded; by then one is chosen.
        let theme = page.by("button", if looks.dark { "Dark" } else { "Light" });
        if theme.count().await > 0 {
            theme.click().await;
        }
        // One picture shows the values, the other the form.
        let place = match looks.dark {
            true => "document.querySelector('form[aria-label=Fade]').scrollIntoView()",
            false => "document.querySelector('.opened').scrollTo(0, 0)",
        };
        page.evaluate(&format!("document.activeElement.blur(); {place}; 0"))
            .await;
        // Curves take the size and the colors of the window with their next frame.
        page.frames(Duration::from_millis(400)).await;
        let picture = page.picture().await;
        assert!(
            picture.len() < LARGEST,
            "{name} takes {} bytes",
            picture.len()
        );
        if let Some(folder) = env::var_os("RSHIP_SCREENSHOTS") {
            let folder = Path::new(&folder);
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join(name).with_extension("png"), picture).unwrap();
        }
    }
    page.clean();
    show.stop().await;
}

/// Something to look at: two curves, a form that was sent, an optional field that is set.
async fn scene(page: &Page, show: &Show) {
    page.look(Looks::DESK).await;
    page.by("button", "Plot Celsius").click().await;
    page.by("button", "Plot Power left").click().await;
    page.by("combobox", "Time shown").choose("10 s").await;
    let form = page.by("form", "Fade");
    form.by("spinbutton", "level").fill("0.8").await;
    form.by("spinbutton", "seconds").fill("5").await;
    form.by("button", "Set curve").click().await;
    form.by("combobox", "curve").choose("Smooth").await;
    form.by("button", "Send").click().await;
    page.by("status", "Answer of Fade").says("fading").await;
    for step in 0..120 {
        let turn = f64::from(step) / 12.0;
        let mut booth = show.booth.lock().await;
        booth.celsius = 21.5 + (turn.sin() * 40.0).round() / 10.0;
        booth.power.left = (1200.0 + turn.cos() * 300.0).round();
        booth.power.right = (900.0 + (turn * 2.0).sin() * 200.0).round();
        drop(booth);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
