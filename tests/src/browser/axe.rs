//! axe-core, which finds what keeps people out of a page.

use std::env;
use std::fs;

use super::page::Page;

impl Page {
    /// The serious and critical faults that axe-core finds, each with the first element that has it. `None`, with
    /// the reason printed, where `RSHIP_AXE` does not name the file `axe.min.js`.
    ///
    /// # Panics
    /// When the file cannot be read.
    pub async fn barriers(&self) -> Option<Vec<String>> {
        let Some(file) = env::var_os("RSHIP_AXE") else {
            println!("skipped: RSHIP_AXE does not name axe-core's axe.min.js");
            return None;
        };
        let script = fs::read_to_string(&file).expect("the file that RSHIP_AXE names");
        // By the protocol, so that the page's policy does not have to allow it.
        self.evaluate(&format!("{script}; 0")).await;
        let found = self
            .evaluate(
                "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations
                    .filter((fault) => fault.impact === 'serious' || fault.impact === 'critical')
                    .map((fault) => `${fault.impact}: ${fault.id}: ${fault.help}: ${fault.nodes.length} times, first `
                        + `${fault.nodes[0].html} ${fault.nodes[0].failureSummary}`))",
            )
            .await;
        let texts = found.as_array().into_iter().flatten();
        Some(
            texts
                .map(|text| text.as_str().unwrap_or_default().to_owned())
                .collect(),
        )
    }
}
