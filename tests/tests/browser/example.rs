//! The example that a new user starts first, as a program.

use rship_tests::browser::page;
use rship_tests::{example, within};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::show::row;

#[tokio::test]
async fn sysmon_is_looked_at_by_what_it_prints_and_changed() {
    let Some(page) = page().await else { return };
    let mut child = example("sysmon", &[]).await.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = within("the page's address", async {
        loop {
            let line = lines.next_line().await.unwrap().expect("it goes on");
            if let Some(at) = line.find("http://") {
                return line[at..].split_whitespace().next().unwrap().to_owned();
            }
        }
    })
    .await;
    // What it prints from now on is read, or it would wait.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    page.open(&address).await;
    row(&page, "System monitor").click().await;
    let form = page.by("form", "Set interval");
    form.by("spinbutton", "milliseconds").fill("250").await;
    form.by("button", "Send").click().await;
    row(&page, "Interval")
        .wait("changed", |row| row.description.contains("250"))
        .await;
    row(&page, "Cpu")
        .wait("there", |row| !row.description.is_empty())
        .await;
    page.clean();
    child.kill().await.unwrap();
}
