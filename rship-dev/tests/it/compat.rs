//! `rship-dev compat`, run as a user runs it.

use serde_json::{Value, json};

use crate::cli::{run, stdout};

/// A manifest in a file of its own, which is gone with this.
struct Manifest(std::path::PathBuf);

impl Manifest {
    fn new(document: &Value) -> Self {
        let name = format!("rship-{}.json", uuid::Uuid::new_v4());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, document.to_string()).expect("a file");
        Self(file)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("text")
    }
}

impl Drop for Manifest {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

fn stand(count: u32, emitter: &str) -> Value {
    let schema =
        json!({"type": "object", "properties": {"count": {"type": "integer", "maximum": count}}});
    json!({"serviceId": "bluth", "instances": [{"instance": {"id": "stand-1"}, "targets": [{
        "id": "stand", "targets": [],
        "actions": [{"id": "stand:sell", "name": "Sell", "schema": schema}],
        "emitters": [{"id": emitter, "name": "Cash", "schema": {"type": "number"}}],
    }]}]})
}

#[tokio::test]
async fn what_breaks_is_named_with_where_and_what_to_do_and_is_status_1() {
    let old = Manifest::new(&stand(12, "stand:cash"));
    let new = Manifest::new(&stand(10, "stand:money\u{1b}[2J"));
    let output = run(&["compat", old.path(), new.path()]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        "BREAKS  action `stand:sell`: `count`: it was at most 12, and is at most 10; take what was taken, or add an \
         action with an id of its own beside it"
    );
    assert!(
        lines[1].starts_with("BREAKS  emitter `stand:cash`: it is gone"),
        "{text}"
    );
    assert_eq!(
        lines[2],
        "ok      emitter `stand:money\\u{1b}[2J`: it is new"
    );
    assert!(
        lines[3].starts_with("changes: 3, of which 2 break"),
        "{text}"
    );
    let output = run(&["compat", "--json", old.path(), new.path()]).await;
    let text = String::from_utf8(output.stdout).expect("text");
    let first: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    assert_eq!(
        (
            &first["id"],
            &first["of"],
            &first["path"],
            &first["isBreaking"]
        ),
        (
            &json!("stand:sell"),
            &json!("action"),
            &json!("count"),
            &json!(true)
        )
    );
    assert_eq!(text.lines().count(), 3);
}

#[tokio::test]
async fn what_is_compatible_is_listed_and_is_status_0() {
    let old = Manifest::new(&stand(12, "stand:cash"));
    let new = Manifest::new(&stand(20, "stand:cash"));
    let text = stdout(&run(&["compat", old.path(), new.path()]).await);
    assert_eq!(
        text,
        "ok      action `stand:sell`: its arguments changed: what was taken still is\n\
         changes: 1, none of which breaks anything\n"
    );
    let text = stdout(&run(&["compat", old.path(), old.path()]).await);
    assert_eq!(text, "nothing changed\n");
}

#[tokio::test]
async fn what_cannot_be_read_is_status_2() {
    let old = Manifest::new(&stand(12, "stand:cash"));
    let broken = Manifest::new(&json!({"instances": [{}]}));
    for (new, words) in [
        ("/nowhere/at-all.json", "cannot read /nowhere/at-all.json"),
        (
            broken.path(),
            "the new manifest cannot be read: `instances[0].instance` is missing",
        ),
        ("-", "this is not JSON"),
    ] {
        let output = run(&["compat", old.path(), new]).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(said.contains(words), "{said}");
    }
    let output = run(&["compat", "-", "-"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
