//! After the end an executor says that it has ended, to whoever still asks something of it.

use rship_runtime::prelude::*;
use rship_runtime::{Error, Generation, Item, LockError};
use rship_tests::{Lamp, Running, Sale, Stand, core, executor, within};
use serde::Serialize;
use serde_json::json;

#[derive(Serialize)]
struct Cue {
    id: &'static str,
}

impl Item for Cue {
    const TYPE: &'static str = "Cue";

    fn id(&self) -> &str {
        self.id
    }
}

#[tokio::test]
async fn whoever_uses_an_executor_after_its_end_is_told() {
    let core = core(Generation::V2026).await;
    let executor = executor(&core.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    let sold = stand.lock().await.sold.clone();
    Running::online(&executor).await.stop().await;
    let frames = core.frames().len();

    assert_eq!(sold.pulse(Sale { count: 1 }), Published::Detached);
    assert!(matches!(
        executor.publish(&Cue { id: "c" }),
        Err(Error::Ended)
    ));
    assert!(matches!(
        executor.add("lamp", Lamp::new("a", 0.5)),
        Err(Error::Ended)
    ));
    assert!(matches!(executor.instance("stand-2"), Err(Error::Ended)));
    assert!(executor.run_until(std::future::ready(())).await.is_err());
    let command = executor.command("PlayCue", &json!({})).await;
    assert!(command.is_err(), "{command:?}");
    within("a flush", executor.flush()).await;
    // The device's own code may still look at its target.
    let looked: Result<f64, LockError> = stand.try_lock().map(|stand| stand.cash);
    assert!((looked.unwrap() - 10.0).abs() < f64::EPSILON);
    stand.lock().await.cash = 5.0;
    assert_eq!(core.frames().len(), frames, "nothing was sent");
}

#[tokio::test]
async fn an_executor_that_never_ran_and_is_shut_down_has_ended() {
    let executor = executor("ws://127.0.0.1:9/myko");
    let stand = executor.add("stand", Stand::full()).unwrap();
    let sold = stand.lock().await.sold.clone();
    executor.shutdown();
    within("a run", executor.run_until(std::future::pending()))
        .await
        .unwrap();
    assert_eq!(sold.pulse(Sale { count: 1 }), Published::Detached);
    assert!(matches!(
        executor.publish(&Cue { id: "c" }),
        Err(Error::Ended)
    ));
}
