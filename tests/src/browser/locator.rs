//! Elements by role and name. They are looked up whenever they are used, so a page may draw them anew meanwhile.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::page::Page;
use super::tree::{Node, Tree};
use crate::LIMIT;

/// How often a page is looked at while something is waited for.
const LOOK: Duration = Duration::from_millis(30);

/// The way to an element: roles and names, from outside to inside.
#[derive(Clone)]
pub struct Locator<'p> {
    page: &'p Page,
    /// Where the first step begins; anywhere if there is none.
    from: Option<Node>,
    steps: Vec<(String, Option<String>)>,
    nth: Option<usize>,
}

impl<'p> Locator<'p> {
    pub(super) fn new(page: &'p Page) -> Self {
        Self {
            page,
            from: None,
            steps: Vec::new(),
            nth: None,
        }
    }

    /// An element in it, of this role and name.
    #[must_use]
    pub fn by(&self, role: &str, name: &str) -> Self {
        self.step(role, Some(name.to_owned()))
    }

    /// An element in it, of this role.
    #[must_use]
    pub fn role(&self, role: &str) -> Self {
        self.step(role, None)
    }

    /// Of several the one with this number, from 0.
    #[must_use]
    pub fn nth(&self, number: usize) -> Self {
        Self {
            nth: Some(number),
            ..self.clone()
        }
    }

    /// The same element, which is not looked up any more: what is in it is found sooner.
    pub async fn held(&self) -> Self {
        Self {
            from: Some(self.one().await),
            ..Self::new(self.page)
        }
    }

    fn step(&self, role: &str, name: Option<String>) -> Self {
        let mut next = self.clone();
        next.steps.push((role.to_owned(), name));
        next
    }

    fn told(&self) -> String {
        let step = |(role, name): &(String, Option<String>)| match name {
            Some(name) => format!("{role} {name:?}"),
            None => role.clone(),
        };
        let steps = self.steps.iter().map(step).collect::<Vec<_>>().join(" > ");
        match self.nth {
            Some(number) => format!("{steps}, number {number}"),
            None => steps,
        }
    }

    fn find(&self, tree: &Tree) -> Vec<Node> {
        let mut found: Vec<Option<usize>> = match &self.from {
            Some(node) => tree.place(node).into_iter().map(Some).collect(),
            None => vec![None],
        };
        for (role, name) in &self.steps {
            let mut next = Vec::new();
            for below in found {
                for at in tree.find(below, role, name.as_deref()) {
                    if !next.contains(&Some(at)) {
                        next.push(Some(at));
                    }
                }
            }
            found = next;
        }
        let found = found.into_iter().flatten();
        match self.nth {
            Some(number) => found.skip(number).take(1).map(|at| tree.node(at)).collect(),
            None => found.map(|at| tree.node(at)).collect(),
        }
    }

    /// How many are there now.
    pub async fn count(&self) -> usize {
        self.look().await.len()
    }

    /// All that are there now, without their texts: asks for these alone, which takes a tenth of the time.
    async fn look(&self) -> Vec<Node> {
        let mut found = vec![self.from.clone()];
        for (role, name) in &self.steps {
            let mut next: Vec<Option<Node>> = Vec::new();
            for below in &found {
                for node in self.page.query(below.as_ref(), role).await {
                    let is_new = next
                        .iter()
                        .flatten()
                        .all(|known| known.backend != node.backend);
                    if is_new && name.as_ref().is_none_or(|name| node.name == *name) {
                        next.push(Some(node));
                    }
                }
            }
            found = next;
        }
        let found = found.into_iter().flatten();
        match self.nth {
            Some(number) => found.skip(number).take(1).collect(),
            None => found.collect(),
        }
    }

    /// The one element, without its text, as soon as there is exactly one.
    async fn one(&self) -> Node {
        let begun = Instant::now();
        while begun.elapsed() < LIMIT {
            if let [node] = &self.look().await[..] {
                return node.clone();
            }
            sleep(LOOK).await;
        }
        // Says what there is.
        self.node().await
    }

    /// The one element, as soon as there is exactly one.
    pub async fn node(&self) -> Node {
        self.wait("to be there", |_| true).await
    }

    /// Waits until there is exactly one and `is` holds of it.
    ///
    /// # Panics
    /// When that does not come to be, with what the page was like.
    pub async fn wait(&self, what: &str, mut is: impl FnMut(&Node) -> bool) -> Node {
        let begun = Instant::now();
        loop {
            let tree = self.page.tree().await;
            let found = self.find(&tree);
            if let [node] = &found[..]
                && is(node)
            {
                return node.clone();
            }
            if begun.elapsed() > LIMIT {
                let told = self.told();
                let faults = self.page.faults().join("\n");
                panic!(
                    "waited for {told} {what}; there are {}: {found:#?}\n{faults}\nThe page:\n{tree}",
                    found.len()
                );
            }
            sleep(LOOK).await;
        }
    }

    /// Waits until this is in its text.
    pub async fn says(&self, text: &str) -> Node {
        let what = format!("to say {text:?}");
        self.wait(&what, |node| node.text.contains(text)).await
    }

    /// Waits until there is none.
    ///
    /// # Panics
    /// When it stays.
    pub async fn gone(&self) {
        let begun = Instant::now();
        loop {
            let tree = self.page.tree().await;
            if self.find(&tree).is_empty() {
                return;
            }
            assert!(
                begun.elapsed() < LIMIT,
                "{} did not go:\n{tree}",
                self.told()
            );
            sleep(LOOK).await;
        }
    }

    /// Clicks into its middle, once it can be seen there.
    ///
    /// # Panics
    /// When something else is in front of it.
    pub async fn click(&self) {
        let begun = Instant::now();
        loop {
            let node = self.one().await;
            match self.page.middle(&node).await {
                Ok((x, y)) => return self.page.click_at(x, y).await,
                Err(why) => {
                    let told = self.told();
                    assert!(begun.elapsed() < LIMIT, "{told} cannot be clicked: {why}");
                }
            }
            sleep(LOOK).await;
        }
    }

    /// Has what is typed go to it.
    pub async fn focus(&self) {
        self.run("function () { this.focus(); }", json!([])).await;
    }

    /// Replaces what is in a field by typing.
    pub async fn fill(&self, text: &str) {
        let kind = self.run(
            "function () { return this.type ?? this.tagName; }",
            json!([]),
        );
        match kind.await.as_str() {
            // Each has an editor of its own, which differs between languages.
            Some("range" | "color" | "date" | "time" | "datetime-local") => {
                self.run(SET, json!([{"value": text}])).await;
            }
            _ => {
                self.focus().await;
                self.page.press("Control+a").await;
                if text.is_empty() {
                    self.page.press("Delete").await;
                } else {
                    self.page.insert(text).await;
                }
            }
        }
    }

    /// Chooses from the list of a `select`.
    ///
    /// # Panics
    /// When there is no such choice.
    pub async fn choose(&self, label: &str) {
        let chosen = self.run(CHOOSE, json!([{"value": label}])).await;
        assert!(
            chosen.is_null(),
            "{} has no choice {label:?} but {chosen}",
            self.told()
        );
    }

    /// Sets a checkbox or a switch, by a click where it is otherwise.
    pub async fn check(&self, on: bool) {
        let node = self.one().await;
        if node.is("checked") != on {
            self.click().await;
            self.wait("to be switched", |node| node.is("checked") == on)
                .await;
        }
    }

    /// Calls a JavaScript function with the element as `this`; elements that go meanwhile are looked up again.
    pub async fn run(&self, function: &str, arguments: Value) -> Value {
        let begun = Instant::now();
        loop {
            let node = self.one().await;
            match self.page.call_on(&node, function, &arguments).await {
                Ok(value) => return value,
                Err(why) => assert!(begun.elapsed() < LIMIT, "{}: {why}", self.told()),
            }
            sleep(LOOK).await;
        }
    }
}

/// Sets a value past the setter of whoever draws the page, as an editor of the browser does.
const SET: &str = "function (text) {
    const own = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
    own.set.call(this, text);
    this.dispatchEvent(new Event('input', {bubbles: true}));
    this.dispatchEvent(new Event('change', {bubbles: true}));
}";

/// The same for a choice; returns the labels there are when this is none of them.
const CHOOSE: &str = "function (label) {
    const index = [...this.options].findIndex((option) => option.label === label);
    if (index < 0) return [...this.options].map((option) => option.label);
    this.selectedIndex = index;
    this.dispatchEvent(new Event('input', {bubbles: true}));
    this.dispatchEvent(new Event('change', {bubbles: true}));
    return null;
}";
