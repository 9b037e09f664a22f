//! The page under load. Real figures: `cargo test --release -p rship-tests --test browser -- --ignored --nocapture`,
//! with nothing beside.

use std::fs;
use std::time::{Duration, Instant};

use rship_runtime::Handle;
use rship_runtime::prelude::*;
use rship_tests::browser::{Page, page};
use rship_tests::{LIMIT, Running, executor, program, within};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::task::JoinHandle;

use crate::show::{booth, row};

/// Meters in a rack.
#[derive(Target)]
struct Rack {
    #[target(key = "name")]
    meters: Vec<Meter>,
}

/// A meter with ten values.
#[derive(Target, Default)]
struct Meter {
    name: String,
    #[emitter]
    a: f64,
    #[emitter]
    b: f64,
    #[emitter]
    c: f64,
    #[emitter]
    d: f64,
    #[emitter]
    e: f64,
    #[emitter]
    f: f64,
    #[emitter]
    g: f64,
    #[emitter]
    h: f64,
    #[emitter]
    i: f64,
    #[emitter]
    j: f64,
}

impl Meter {
    fn turn(&mut self, to: f64) {
        let Self {
            a,
            b,
            c,
            d,
            e,
            f,
            g,
            h,
            i,
            j,
            ..
        } = self;
        for value in [a, b, c, d, e, f, g, h, i, j] {
            *value = to;
        }
    }
}

/// A core in a process of its own, and a device that pulses.
struct Load<T: Send + 'static = Rack> {
    core: Child,
    url: String,
    running: Running,
    target: Handle<T>,
}

impl Load {
    async fn of_meters(meters: u32) -> Self {
        let meters = (1..=meters).map(|number| Meter {
            name: number.to_string(),
            ..Meter::default()
        });
        let meters = meters.collect();
        Self::start(Rack { meters }).await
    }

    /// Changes every value ten times a second.
    fn pulse(&self) -> JoinHandle<()> {
        let rack = self.target.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(100));
            for tick in 1_u32.. {
                ticks.tick().await;
                let mut rack = rack.lock().await;
                for (number, meter) in rack.meters.iter_mut().enumerate() {
                    meter.turn(f64::from(tick) + number as f64 / 1e4);
                }
            }
        })
    }
}

impl<T: Target> Load<T> {
    async fn start(target: T) -> Self {
        let arguments = ["serve", "--bind", "127.0.0.1:0"];
        let mut core = program(env!("CARGO_BIN_EXE_dev"), &arguments)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(core.stdout.take().unwrap()).lines();
        let url = within("an address", async {
            loop {
                let line = lines.next_line().await.unwrap().expect("it goes on");
                if let Some(at) = line.find("ws://") {
                    return line[at..].split([' ', ',']).next().unwrap().to_owned();
                }
            }
        })
        .await;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let executor = executor(&url);
        let target = executor.add("rack", target).unwrap();
        let running = Running::online(&executor).await;
        Self {
            core,
            url: url.replace("ws://", "http://").replace("/myko", "/"),
            running,
            target,
        }
    }

    /// What the core used: seconds of processor time, and bytes of memory.
    fn usage(&self) -> (f64, usize) {
        let folder = format!("/proc/{}", self.core.id().unwrap());
        let stat = fs::read_to_string(format!("{folder}/stat")).unwrap();
        // After the name in parentheses, which may have spaces.
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .unwrap()
            .1
            .split_whitespace()
            .collect();
        let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        let status = fs::read_to_string(format!("{folder}/status")).unwrap();
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        let kilobytes: usize = resident.trim().trim_end_matches(" kB").parse().unwrap();
        (ticks / 100.0, kilobytes * 1024)
    }

    /// The share of one processor that the core uses, and its memory at the end.
    async fn used(&self, during: Duration) -> (f64, usize) {
        let ((before, _), begun) = (self.usage(), Instant::now());
        tokio::time::sleep(during).await;
        let (after, memory) = self.usage();
        ((after - before) / begun.elapsed().as_secs_f64(), memory)
    }

    async fn stop(mut self) {
        self.running.stop().await;
        self.core.kill().await.unwrap();
    }
}

/// Opens the page; how long it takes until the tree is drawn and a key was answered.
async fn interactive(page: &Page, url: &str) -> Duration {
    let begun = Instant::now();
    page.open(url).await;
    let drawn = "document.querySelectorAll('[role=treeitem]').length > 1";
    within("the tree", async {
        while page.evaluate(drawn).await != true {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let active = "(() => { const tree = document.querySelector('[role=tree]'); const at = document.activeElement;
        return tree.getAttribute('aria-activedescendant') ?? at.id ?? at.innerText; })()";
    let focus = "(document.querySelector('[role=tree] [tabindex=\"0\"]')
        ?? document.querySelector('[role=tree]')).focus(); 0";
    page.evaluate(focus).await;
    let before = page.evaluate(active).await;
    page.press("ArrowDown").await;
    within("an answer to a key", async {
        while page.evaluate(active).await == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    begun.elapsed()
}

/// Opens the rack, so that rows with values are seen.
async fn see_values(page: &Page) {
    row(page, "Rack").node().await;
    page.by("searchbox", "Search").fill("meter 1").await;
    row(page, "Meter 1").node().await;
}

/// Loads the page, and tells frames a second and the longest between two in milliseconds.
async fn frames(meters: u32, during: Duration, print: bool) -> (f64, f64) {
    let Some(page) = page().await else {
        return (60.0, 0.0);
    };
    let load = Load::of_meters(meters).await;
    let pulses = load.pulse();
    let alone = if print {
        load.used(during).await
    } else {
        (0.0, 0)
    };
    page.open(&load.url).await;
    see_values(&page).await;
    let counted = page.frames(during).await;
    if print {
        let (heap, task) = page.usage().await;
        let looked_at = load.used(during).await;
        let (_, task_after) = page.usage().await;
        println!(
            "{meters} targets with 10 emitters at 10 Hz: {:.1} frames a second, the longest took {:.0} ms; the core \
             used {:.0} % of a processor and {} MB alone, {:.0} % and {} MB with the page; the page has a heap of {:.0} \
             MB and its main thread was busy for {:.0} %",
            counted.0,
            counted.1,
            alone.0 * 100.0,
            alone.1 / 1_000_000,
            looked_at.0 * 100.0,
            looked_at.1 / 1_000_000,
            heap / 1e6,
            (task_after - task) / during.as_secs_f64() * 100.0
        );
    }
    pulses.abort();
    page.clean();
    load.stop().await;
    counted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_stays_smooth_while_values_pour_in() {
    let (rate, _) = frames(100, Duration::from_secs(2), false).await;
    // A page that draws each pulse would come to less; this machine may be busy with other tests.
    assert!(rate > 10.0, "{rate} frames a second");
}

#[tokio::test]
async fn many_targets_are_there_soon() {
    let Some(page) = page().await else { return };
    let load = Load::of_meters(1_000).await;
    let took = interactive(&page, &load.url).await;
    assert!(took < LIMIT / 6, "{took:?}");
    // Only the rows in sight are drawn.
    let rows = page
        .evaluate("document.querySelectorAll('[role=treeitem]').length")
        .await;
    assert!(rows.as_u64().is_some_and(|rows| rows < 300), "{rows} rows");
    page.clean();
    load.stop().await;
}

#[ignore = "measures: needs a machine for itself"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measured_1_000_targets_with_10_emitters_at_10_hz() {
    let (rate, _) = frames(1_000, Duration::from_secs(10), true).await;
    assert!(rate >= 30.0, "{rate} frames a second");
}

#[ignore = "measures: needs a machine for itself"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measured_10_000_targets_until_a_key_is_answered() {
    let Some(page) = page().await else { return };
    let load = Load::start(booth(10_000)).await;
    // What the core makes of it is made.
    tokio::time::sleep(Duration::from_secs(3)).await;
    interactive(&page, &load.url).await;
    let took = interactive(&page, &load.url).await;
    let memory = load.usage().1 / 1_000_000;
    println!(
        "10,000 targets with 2 emitters: {took:?} from the address to an answered key; the core has {memory} MB"
    );
    assert!(took < Duration::from_secs(1), "{took:?}");
    page.clean();
    load.stop().await;
}
