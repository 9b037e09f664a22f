//! What a page looks like: on which screen, in which theme, and how smoothly it moves.

use std::time::Duration;

use serde_json::json;

use super::page::Page;

/// What a page is shown on.
#[derive(Debug, Clone, Copy)]
pub struct Looks {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// Pixels of the screen for one of CSS.
    pub scale: f64,
    /// Whether the user prefers a dark theme.
    pub dark: bool,
    /// Whether it is a phone, which is touched.
    pub phone: bool,
}

impl Looks {
    /// A window on a desk.
    pub const DESK: Self = Self {
        width: 1280,
        height: 800,
        scale: 1.0,
        dark: false,
        phone: false,
    };

    /// The same, of somebody who likes it dark.
    pub const DARK: Self = Self {
        dark: true,
        ..Self::DESK
    };

    /// A phone, held upright.
    pub const PHONE: Self = Self {
        width: 390,
        height: 844,
        scale: 1.0,
        dark: false,
        phone: true,
    };
}

impl Page {
    /// Shows the page like this from now on.
    pub async fn look(&self, looks: Looks) {
        let screen = json!({
            "width": looks.width, "height": looks.height, "deviceScaleFactor": looks.scale, "mobile": looks.phone,
        });
        self.call("Emulation.setDeviceMetricsOverride", screen)
            .await;
        let theme = if looks.dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        self.call("Emulation.setEmulatedMedia", media).await;
        let touch = json!({"enabled": looks.phone});
        self.call("Emulation.setTouchEmulationEnabled", touch).await;
    }

    /// What is seen now, as PNG.
    ///
    /// # Panics
    /// When there is no picture.
    pub async fn picture(&self) -> Vec<u8> {
        let taken = self
            .call("Page.captureScreenshot", json!({"format": "png"}))
            .await;
        base64(taken["data"].as_str().expect("a picture"))
    }

    /// Whether the page is wider than its window, so that it would have to be moved sideways.
    pub async fn is_too_wide(&self) -> bool {
        self.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            .await
            == true
    }

    /// How many frames a second are drawn, and the longest time between two, in milliseconds.
    ///
    /// # Panics
    /// When the page counts nothing.
    pub async fn frames(&self, during: Duration) -> (f64, f64) {
        let count = format!(
            "new Promise((done) => {{
                let first, last, frames = 0, longest = 0;
                const next = (now) => {{
                    if (first === undefined) first = now; else {{ frames += 1; longest = Math.max(longest, now - last); }}
                    last = now;
                    if (now - first < {}) requestAnimationFrame(next);
                    else done([frames * 1000 / (now - first), longest]);
                }};
                requestAnimationFrame(next);
            }})",
            during.as_millis()
        );
        let counted = self.evaluate(&count).await;
        let number = |at: usize| counted[at].as_f64().expect("a number");
        (number(0), number(1))
    }

    /// What the page's process uses: bytes of the JavaScript heap, and seconds of processor time in tasks.
    ///
    /// # Panics
    /// When Chromium does not say.
    pub async fn usage(&self) -> (f64, f64) {
        self.call("Performance.enable", json!({})).await;
        let all = self.call("Performance.getMetrics", json!({})).await;
        let metric = |name: &str| {
            let mut all = all["metrics"].as_array().into_iter().flatten();
            let found = all.find(|metric| metric["name"] == name);
            found
                .and_then(|metric| metric["value"].as_f64())
                .expect(name)
        };
        (metric("JSHeapUsedSize"), metric("TaskDuration"))
    }
}

fn base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in text.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}
