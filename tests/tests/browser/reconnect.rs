//! A core that goes and comes back.

use rship_dev::LocalCore;
use rship_tests::{LIMIT, within};

use crate::show::{opened, row};

#[tokio::test]
async fn the_page_says_that_the_core_is_gone_and_goes_on_when_it_is_back() {
    let Some((mut show, page)) = opened().await else {
        return;
    };
    // Chromium says on its console that it cannot connect.
    page.expect("WebSocket");
    page.expect("ERR_");
    let addr = show.core.addr();
    let next = LocalCore::builder()
        .bind(([127, 0, 0, 1], 0))
        .start()
        .await
        .unwrap();
    let gone = std::mem::replace(&mut show.core, next);
    gone.shutdown().await;
    let banner = page.by("status", "Connection");
    banner.says("is not reachable").await;
    // What is known stays readable.
    row(&page, "Celsius")
        .wait("there", |row| row.description.contains("21.5"))
        .await;
    let again = async {
        loop {
            match LocalCore::builder().bind(addr).start().await {
                Ok(core) => break core,
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
        }
    };
    show.core = within("the port", again).await;
    banner.wait("empty", |banner| banner.text.is_empty()).await;
    show.core
        .wait_until(LIMIT, "the booth", |core| core.count("Pulse") >= 10)
        .await
        .unwrap();
    show.booth.lock().await.celsius = 30.75;
    row(&page, "Celsius")
        .wait("new", |row| row.description.contains("30.75"))
        .await;
    page.by("form", "Fade").node().await;
    page.clean();
    show.stop().await;
}
