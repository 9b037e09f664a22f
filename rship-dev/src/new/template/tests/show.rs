//! The device as a show meets it.

use std::error::Error;
use std::time::Duration;

use rship_dev::LocalCore;
use rship_runtime::prelude::*;
use rship_runtime::testing::TestTarget;
use serde_json::{Value, json};

use new_device::{Device, ID, run};

/// Longer than anything takes on a slow machine; nothing waits for it to pass.
const LIMIT: Duration = Duration::from_secs(30);

// Time stands still, and jumps to what is waited for.
#[tokio::test(start_paused = true)]
async fn it_counts_down_and_tells_that_it_is_done() -> Result<(), Box<dyn Error>> {
    let device = TestTarget::new(ID, Device::default())?;
    tokio::spawn(run((*device).clone()));
    assert_eq!(device.call("start", json!({"length": 2})).await?, 2);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(device.value("left"), Some(0));
    let pulses = device.pulses();
    assert!(
        pulses.contains(&(format!("{ID}:done"), json!(2))),
        "{pulses:?}"
    );
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_the_reason() -> Result<(), Box<dyn Error>> {
    let device = TestTarget::new(ID, Device::default())?;
    let refused = device.call("start", json!({"length": 0})).await;
    let refused = refused.unwrap_err();
    assert!(
        refused.contains("expected an integer from 1 to 3600, got 0"),
        "{refused}"
    );
    device.call("set-length", json!(5)).await?;
    assert_eq!(device.call("start", Value::Null).await?, 5);
    let refused = device.call("start", Value::Null).await;
    assert_eq!(refused.unwrap_err(), "a countdown is running: 5 s are left");
    device.call("stop", Value::Null).await?;
    assert_eq!(device.value("left"), Some(0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_shows_its_values_and_runs_its_actions() -> Result<(), Box<dyn Error>> {
    let core = LocalCore::builder().start().await?;
    let executor = Executor::builder(ID).url(core.url()).build()?;
    executor.add(ID, Device::default())?;
    let running = executor.start()?;
    let value = |core: &LocalCore, emitter| core.value::<u32>(&format!("{ID}:{emitter}"));
    core.wait_until(LIMIT, "the device", |core| {
        value(core, "length") == Some(60)
    })
    .await?;
    let start = format!("{ID}:start");
    let answer = core.exec(None, &start, json!({"length": 7})).await?;
    assert_eq!(answer, 7);
    core.wait_until(LIMIT, "the countdown", |core| {
        value(core, "left") == Some(7)
    })
    .await?;
    // What a server would drop of it, it says here.
    assert!(core.drops().is_empty(), "{:?}", core.drops());
    running.stop();
    core.shutdown().await;
    Ok(())
}

#[test]
fn shows_find_what_they_were_made_for() -> Result<(), Box<dyn Error>> {
    let executor = Executor::builder(ID).build()?;
    executor.add(ID, Device::default())?;
    rship_dev::assert_compatible!("device.manifest.json", executor);
    Ok(())
}
