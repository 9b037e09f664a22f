//! The tree: what there is, with its values, by mouse and by keyboard.

use rship_runtime::show::UnitInterval;
use rship_tests::browser::page;

use crate::show::{Show, looked_at, opened, row};

#[tokio::test]
async fn the_tree_shows_what_there_is_and_its_values_as_they_change() {
    let Some((show, page)) = looked_at().await else {
        return;
    };
    row(&page, "Lighting booth").node().await;
    let celsius = row(&page, "Celsius");
    celsius
        .wait("with its value", |row| row.description.contains("21.5"))
        .await;
    show.booth.lock().await.celsius = 24.25;
    celsius
        .wait("with its new value", |row| {
            row.description.contains("24.25")
        })
        .await;
    // What comes and goes: a server keeps what went, offline.
    let mut booth = show.booth.lock().await;
    booth.lamps = crate::show::booth(4).lamps.split_off(1);
    drop(booth);
    row(&page, "Lamp 1")
        .wait("offline", |row| row.description.contains("offline"))
        .await;
    row(&page, "Lamp 4").node().await;
    page.clean();
    show.stop().await;
}

#[tokio::test]
async fn what_is_typed_into_the_search_is_found_wherever_it_is() {
    let Some((show, page)) = looked_at().await else {
        return;
    };
    row(&page, "Lamp 1").node().await;
    page.by("searchbox", "Search").click().await;
    page.type_text("lamp 2").await;
    row(&page, "Lamp 1").gone().await;
    row(&page, "Lamp 2").node().await;
    row(&page, "Lighting booth").node().await;
    page.by("searchbox", "Search").fill("").await;
    row(&page, "Lamp 1").node().await;
    page.by("searchbox", "Search").fill("no such thing").await;
    row(&page, "Lighting booth").gone().await;
    page.clean();
    show.stop().await;
}

#[tokio::test]
async fn the_whole_page_can_be_used_with_the_keyboard_alone() {
    let Some((show, page)) = looked_at().await else {
        return;
    };
    row(&page, "Lighting booth").node().await;
    // By Tab into the tree.
    tab_until(
        &page,
        "the tree",
        "document.activeElement.closest('[role=tree]') !== null",
    )
    .await;
    page.press("Home").await;
    walk_to(&page, "Lighting booth").await;
    // Closed and opened.
    page.press("ArrowLeft").await;
    row(&page, "Lamp 1").gone().await;
    page.press("ArrowRight").await;
    row(&page, "Lamp 1").node().await;
    // The last row, and back by its first letters.
    page.press("End").await;
    page.press("Home").await;
    walk_to(&page, "Lighting booth").await;
    page.press("Enter").await;
    page.by("form", "Fade").node().await;
    // Into its form, filled and sent.
    let field = "document.activeElement.matches('form[aria-label=Fade] [role=spinbutton]')";
    tab_until(&page, "the field of the form", field).await;
    let form = page.by("form", "Fade");
    form.by("spinbutton", "level").focus().await;
    page.press("Control+a").await;
    page.insert("0.5").await;
    form.by("spinbutton", "seconds").focus().await;
    page.press("Control+a").await;
    page.insert("2").await;
    page.press("Enter").await;
    page.by("status", "Answer of Fade")
        .says("fading to 0.5 in 2 s")
        .await;
    page.clean();
    show.stop().await;
}

/// Presses Tab until an expression holds; a page of this size has fewer stops than 100.
async fn tab_until(page: &rship_tests::browser::Page, what: &str, holds: &str) {
    for _ in 0..100 {
        page.press("Tab").await;
        if page.evaluate(&format!("Boolean({holds})")).await == true {
            return;
        }
    }
    panic!("Tab does not lead to {what}:\n{}", page.tree().await);
}

/// Goes down until the row with this name is the current one.
async fn walk_to(page: &rship_tests::browser::Page, name: &str) {
    for _ in 0..100 {
        let current = page.focused().await.unwrap_or_default();
        if current.contains(name) {
            return;
        }
        page.press("ArrowDown").await;
    }
    panic!("the arrows do not lead to {name}:\n{}", page.tree().await);
}

#[tokio::test]
async fn a_link_to_a_target_opens_it_after_a_reload_and_in_another_window() {
    let Some((show, page)) = opened().await else {
        return;
    };
    let link = page.url().await;
    assert!(
        link.len() > show.url().len() && link.starts_with(&show.url()),
        "{link}"
    );
    page.reload().await;
    page.by("form", "Fade").node().await;
    let other = rship_tests::browser::page().await.unwrap();
    other.open(&link).await;
    other.by("form", "Fade").node().await;
    // What is open now is what the address says now.
    row(&page, "Lamp 1").click().await;
    page.by("form", "Fade").gone().await;
    assert_ne!(page.url().await, link);
    page.clean();
    other.clean();
    show.stop().await;
}

#[tokio::test]
async fn two_pages_show_the_same_and_one_that_is_left_takes_nothing_with_it() {
    let Some((show, page)) = looked_at().await else {
        return;
    };
    let other = self::page().await.unwrap();
    other.open(&show.url()).await;
    for page in [&page, &other] {
        row(page, "Celsius")
            .wait("there", |row| row.description.contains("21.5"))
            .await;
    }
    drop(other);
    show.booth.lock().await.celsius = 3.5;
    row(&page, "Celsius")
        .wait("changed", |row| row.description.contains("3.5"))
        .await;
    page.clean();
    show.stop().await;
}

#[tokio::test]
async fn what_is_offline_is_told_so() {
    let Some(page) = page().await else { return };
    let show = Show::start().await;
    page.open(&show.url()).await;
    row(&page, "Lighting booth").node().await;
    show.booth.set_online(false);
    row(&page, "Lighting booth")
        .wait("offline", |row| row.description.contains("offline"))
        .await;
    show.booth.set_online(true);
    row(&page, "Lighting booth")
        .wait("online", |row| !row.description.contains("offline"))
        .await;
    show.booth.lock().await.level = UnitInterval::new(0.5).unwrap();
    row(&page, "Level")
        .wait("changed", |row| row.description.contains("0.5"))
        .await;
    page.clean();
    show.stop().await;
}
