//! Real sockets, and what goes wrong with them: sequences in which a device is at work while toxics come and go, with
//! every generation of server, both encodings, every kind of runtime, plain and over TLS. A binary of its own, because
//! it counts the descriptors and threads of its process.
//!
//! `TOXICS_SEED=n cargo test -p rship-tests --test toxics` runs one sequence again.

mod device;
mod host;
mod plan;
mod seen;
mod sequence;

use futures_util::{StreamExt as _, stream};
use rship_tests::{Acted, LIMIT};
use tokio::runtime::Runtime;

use host::{held, nothing_is_left};

/// How many sequences there are.
const SEQUENCES: u64 = 50;

/// How many run at a time.
const TOGETHER: usize = 8;

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let builder = builder.worker_threads(2).enable_all();
    builder.build().expect("a runtime")
}

#[test]
fn whatever_comes_and_goes_between_them_executor_and_server_agree_when_it_is_gone() {
    let only = std::env::var("TOXICS_SEED").ok();
    let only = only.map(|seed| seed.parse::<u64>().expect("TOXICS_SEED is a number"));
    let seeds = only.map_or(0..SEQUENCES, |seed| seed..seed + 1);
    // The first runtime of a process opens a pair of descriptors for signals, which stays.
    drop(runtime());
    let before = held();
    let runtime = runtime();
    let (acted, failed) = runtime.block_on(async {
        let mut acted = Acted::new();
        let mut failed = Vec::new();
        let runs = stream::iter(seeds)
            .map(|seed| async move { (seed, tokio::spawn(sequence::run(seed)).await) });
        let mut runs = std::pin::pin!(runs.buffer_unordered(TOGETHER));
        while let Some((seed, run)) = runs.next().await {
            match run {
                Ok(one) => {
                    for (toxic, count) in one {
                        *acted.entry(toxic).or_default() += count;
                    }
                }
                Err(panicked) => {
                    println!("sequence {seed}: {panicked}");
                    failed.push(seed);
                }
            }
        }
        (acted, failed)
    });
    drop(runtime);
    println!("{acted:#?}");
    assert!(
        failed.is_empty(),
        "sequences failed: run each again with TOXICS_SEED set to one of {failed:?}"
    );
    if only.is_none() {
        assert_eq!(
            acted.len(),
            plan::KINDS,
            "a toxic never took effect: {acted:#?}"
        );
    }
    nothing_is_left(before, LIMIT);
}
