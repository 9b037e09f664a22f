//! Numbers as curves.

use std::time::Duration;

use rship_tests::browser::Page;
use rship_tests::within;

use crate::show::{Show, opened};

/// What the plots look like now.
async fn drawn(page: &Page) -> String {
    let drawn = page
        .evaluate("[...document.querySelectorAll('[aria-label=Plots] canvas')].map((c) => c.toDataURL()).join()")
        .await;
    drawn.as_str().unwrap_or_default().to_owned()
}

/// Changes a value until the plots look otherwise.
async fn moves(page: &Page, show: &Show) {
    let before = drawn(page).await;
    within("a plot that moves", async {
        while drawn(page).await == before {
            let mut booth = show.booth.lock().await;
            booth.celsius += 1.5;
            booth.power.left += 100.0;
            drop(booth);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_number_is_plotted_by_a_click_and_the_plot_moves_until_it_is_paused() {
    let Some((show, page)) = opened().await else {
        return;
    };
    page.by("button", "Plot Celsius").click().await;
    page.by("region", "Plots").node().await;
    moves(&page, &show).await;
    show.booth.lock().await.celsius = 33.25;
    page.by("region", "Plots").says("33.25").await;
    // A number inside of a value, on the same axis.
    page.by("button", "Plot Power left").click().await;
    moves(&page, &show).await;
    page.by("button", "Pause plots").click().await;
    page.by("button", "Pause plots")
        .wait("pressed", |button| button.is("pressed"))
        .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let paused = drawn(&page).await;
    assert!(!paused.is_empty());
    show.booth.lock().await.celsius = -50.0;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(drawn(&page).await == paused, "a paused plot moves");
    page.by("button", "Pause plots").click().await;
    moves(&page, &show).await;
    page.clean();
    show.stop().await;
}
