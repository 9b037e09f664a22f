//! One page in a Chromium.

use std::sync::Arc;

use serde_json::{Value, json};

use super::chromium::Chromium;
use super::faults::Faults;
use super::keys;
use super::locator::Locator;
use super::tree::{Node, Tree};

/// A page with storage and a window of its own, closed when this is dropped.
pub struct Page {
    chromium: Arc<Chromium>,
    context: String,
    session: String,
    faults: Arc<Faults>,
}

impl Page {
    pub(super) async fn new(chromium: Arc<Chromium>) -> Self {
        let created = chromium
            .call(None, "Target.createBrowserContext", json!({}))
            .await;
        let context = text(&created["browserContextId"]);
        let target = json!({
            "url": "about:blank", "browserContextId": context, "newWindow": true, "width": 1280, "height": 800,
        });
        let target = chromium.call(None, "Target.createTarget", target).await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = chromium.call(None, "Target.attachToTarget", attach).await;
        let page = Self {
            context,
            session: text(&attached["sessionId"]),
            faults: Arc::default(),
            chromium,
        };
        page.chromium
            .follow(&page.session, Arc::clone(&page.faults));
        for domain in [
            "Page",
            "DOM",
            "Runtime",
            "Log",
            "Network",
            "Accessibility",
            "Inspector",
        ] {
            page.call(&format!("{domain}.enable"), json!({})).await;
        }
        // Else only one page at a time has the focus.
        page.call(
            "Emulation.setFocusEmulationEnabled",
            json!({"enabled": true}),
        )
        .await;
        page
    }

    /// Goes to an address of a server; from then on it may talk to that server alone.
    ///
    /// # Panics
    /// When nothing is loaded.
    pub async fn open(&self, url: &str) {
        let host = url.split('/').nth(2).unwrap_or_default();
        self.faults.serve(host);
        let opened = self.call("Page.navigate", json!({"url": url})).await;
        assert!(opened.get("errorText").is_none(), "{url}: {opened}");
    }

    /// Loads it again.
    pub async fn reload(&self) {
        self.call("Page.reload", json!({})).await;
    }

    /// Where it is now.
    pub async fn url(&self) -> String {
        text(&self.evaluate("location.href").await)
    }

    /// All that a screen reader is told.
    pub async fn tree(&self) -> Tree {
        // While a page is being replaced there is none.
        let tree = self.ask("Accessibility.getFullAXTree", json!({})).await;
        Tree::read(&tree.unwrap_or_default()["nodes"])
    }

    /// The elements of this role in another, or anywhere; without their texts.
    pub(super) async fn query(&self, below: Option<&Node>, role: &str) -> Vec<Node> {
        let below = match below {
            Some(node) => node.backend,
            // While a page is being replaced there is none.
            None => match self.ask("DOM.getDocument", json!({"depth": 0})).await {
                Ok(document) => document["root"]["backendNodeId"]
                    .as_i64()
                    .unwrap_or_default(),
                Err(_) => return Vec::new(),
            },
        };
        let query = json!({"backendNodeId": below, "role": role});
        let found = self
            .ask("Accessibility.queryAXTree", query)
            .await
            .unwrap_or_default();
        let mut found = Tree::listed(&found["nodes"]);
        found.retain(|node| node.backend != below);
        found
    }

    /// An element of this role and name.
    #[must_use]
    pub fn by(&self, role: &str, name: &str) -> Locator<'_> {
        Locator::new(self).by(role, name)
    }

    /// An element of this role.
    #[must_use]
    pub fn role(&self, role: &str) -> Locator<'_> {
        Locator::new(self).role(role)
    }

    /// Presses a key, as `Enter`, `Shift+Tab`, `Control+a` or a letter.
    pub async fn press(&self, key: &str) {
        for event in keys::press(key) {
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Types a text, key by key.
    pub async fn type_text(&self, typed: &str) {
        for character in typed.chars() {
            self.press(&character.to_string()).await;
        }
    }

    /// Puts a text in where the focus is, at once.
    pub async fn insert(&self, text: &str) {
        self.call("Input.insertText", json!({"text": text})).await;
    }

    /// The element that has the focus, or what in it is active.
    ///
    /// # Panics
    /// When the page throws.
    pub async fn focused(&self) -> Option<String> {
        let name = "(() => { let e = document.activeElement; const id = e?.getAttribute('aria-activedescendant');
            if (id) e = document.getElementById(id);
            return e && (e.getAttribute('aria-label') ?? e.innerText ?? e.tagName); })()";
        self.evaluate(name).await.as_str().map(str::to_owned)
    }

    /// The value of an expression, awaited.
    ///
    /// # Panics
    /// When it throws.
    pub async fn evaluate(&self, expression: &str) -> Value {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut done = self.call("Runtime.evaluate", params).await;
        let thrown = done.get("exceptionDetails");
        assert!(thrown.is_none(), "{expression} throws {thrown:?}");
        done["result"]["value"].take()
    }

    /// Says before everything else that is loaded what is to be run there.
    pub async fn at_start(&self, script: &str) {
        self.call(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": script}),
        )
        .await;
    }

    /// What went wrong so far: errors and warnings on the console, violations of the policy, requests of others.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        self.faults.found()
    }

    /// Faults with this text in them are brought about on purpose.
    pub fn expect(&self, text: &str) {
        self.faults.expect(text);
    }

    /// Says that nothing was wrong in the page.
    ///
    /// # Panics
    /// When something was.
    pub fn clean(&self) {
        let faults = self.faults();
        assert!(faults.is_empty(), "in the page: {faults:#?}");
    }

    /// Where an element can be clicked: its middle, scrolled into view, with nothing in front of it.
    pub(super) async fn middle(&self, node: &Node) -> Result<(f64, f64), String> {
        let element = json!({"backendNodeId": node.backend});
        self.ask("DOM.scrollIntoViewIfNeeded", element.clone())
            .await?;
        let quads = self.ask("DOM.getContentQuads", element).await?;
        let corners: Vec<f64> = quads["quads"][0]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_f64)
            .collect();
        let [left, top, _, _, right, bottom, ..] = corners[..] else {
            return Err("it has no box".to_owned());
        };
        let (x, y) = (f64::midpoint(left, right), f64::midpoint(top, bottom));
        let front = "function (x, y) {
            const front = document.elementFromPoint(x, y);
            const own = front && (this.contains(front) || front.contains(this)
                || front.closest('label')?.control === this);
            return own ? null : front ? front.outerHTML.slice(0, 200) : 'it is outside of the window';
        }";
        let arguments = json!([{"value": x}, {"value": y}]);
        match self.call_on(node, front, &arguments).await? {
            Value::Null => Ok((x, y)),
            other => Err(format!("in front of it: {other}")),
        }
    }

    pub(super) async fn click_at(&self, x: f64, y: f64) {
        for (kind, buttons) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
            let event = json!({
                "type": kind, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1,
            });
            self.call("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Calls a function with an element as `this`.
    pub(super) async fn call_on(
        &self,
        node: &Node,
        function: &str,
        arguments: &Value,
    ) -> Result<Value, String> {
        let resolved = self
            .ask("DOM.resolveNode", json!({"backendNodeId": node.backend}))
            .await?;
        let params = json!({
            "objectId": resolved["object"]["objectId"],
            "functionDeclaration": function,
            "arguments": arguments,
            "returnByValue": true,
            "awaitPromise": true,
        });
        let mut done = self.ask("Runtime.callFunctionOn", params).await?;
        match done.get("exceptionDetails") {
            Some(thrown) => Err(thrown.to_string()),
            None => Ok(done["result"]["value"].take()),
        }
    }

    pub(super) async fn call(&self, method: &str, params: Value) -> Value {
        self.chromium
            .call(Some(&self.session), method, params)
            .await
    }

    async fn ask(&self, method: &str, params: Value) -> Result<Value, String> {
        self.chromium.ask(Some(&self.session), method, params).await
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.chromium.forget(&self.session);
        let context = json!({"browserContextId": self.context});
        self.chromium
            .tell(None, "Target.disposeBrowserContext", context);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
