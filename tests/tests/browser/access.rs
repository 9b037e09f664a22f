//! Who may look.

use rship_dev::LocalCore;
use rship_tests::browser::page;
use rship_tests::{LIMIT, Running, builder};

use crate::show::{Show, booth, row};

#[tokio::test]
async fn a_core_with_a_token_is_looked_at_with_that_token_alone() {
    let Some(page) = page().await else { return };
    let core = LocalCore::builder().token("b4n4n4").start().await.unwrap();
    let executor = builder(&core.url()).token("b4n4n4").build().unwrap();
    executor.add("booth", booth(3)).unwrap();
    let running = Running::online(&executor).await;
    core.wait_until(LIMIT, "the booth", |core| core.count("Pulse") >= 10)
        .await
        .unwrap();
    let url = format!("http://{}/", core.addr());
    page.open(&url).await;
    let token = page.by("textbox", "Token");
    token.fill("apple").await;
    page.press("Enter").await;
    page.role("alert").says("token").await;
    assert!(row(&page, "Lighting booth").count().await == 0);
    token.fill("b4n4n4").await;
    page.press("Enter").await;
    row(&page, "Lighting booth").node().await;
    // It is remembered by this window, and stands in no address.
    page.reload().await;
    row(&page, "Lighting booth").node().await;
    assert!(!page.url().await.contains("b4n4n4"));
    page.clean();
    // By a link that has it.
    let other = rship_tests::browser::page().await.unwrap();
    other.open(&format!("{url}#token=b4n4n4")).await;
    row(&other, "Lighting booth").node().await;
    assert!(!other.url().await.contains("b4n4n4"));
    other.clean();
    running.stop().await;
    core.shutdown().await;
}

#[tokio::test]
async fn a_name_that_somebody_points_at_this_machine_is_refused() {
    let Some(page) = page().await else { return };
    let show = Show::start().await;
    page.expect("403");
    // What is refused is no page of ours, so it names no icon.
    page.expect("favicon.ico");
    page.open(&format!(
        "http://rebound.example:{}/",
        show.core.addr().port()
    ))
    .await;
    let refused = page
        .role("RootWebArea")
        .wait("refused", |root| !root.text.is_empty())
        .await;
    assert!(refused.text.contains("rebound.example"), "{}", refused.text);
    assert!(page.by("tree", "Targets").count().await == 0);
    page.clean();
    show.stop().await;
}

#[tokio::test]
async fn a_page_of_another_origin_gets_no_socket() {
    let Some(page) = page().await else { return };
    let show = Show::start().await;
    // A page of another origin: the core's own refusal at a foreign name would do, but that has no policy of a page.
    page.open("data:text/html,<title>other</title>").await;
    let socket = format!(
        "new Promise((done) => {{ const socket = new WebSocket('ws://{}/page/socket');
            socket.onopen = () => done('open'); socket.onerror = () => done('refused'); }})",
        show.core.addr()
    );
    assert_eq!(page.evaluate(&socket).await, "refused");
    show.stop().await;
}
