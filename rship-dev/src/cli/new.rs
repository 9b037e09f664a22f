//! `rship-dev new`: a package for a device of one's own.

use std::path::Path;

use serde_json::{Value, json};

use super::Failure;
use super::output::{self, Output};
use crate::new::{Created, Request, create};

/// What to do next, in the order of doing it.
struct Next {
    command: String,
    why: &'static str,
}

/// Makes the package, and says what to do with it.
pub(super) fn run(output: Output, request: &Request<'_>) -> Result<(), Failure> {
    let created = create(request).map_err(|error| Failure::Told(error.to_string()))?;
    let next = next(&created.folder);
    if let Some(workspace) = &created.workspace {
        output::remark(&alone(workspace));
    }
    output.say(
        || text(&created, &next),
        || document(request.name, &created, &next),
    )?;
    Ok(())
}

fn next(folder: &Path) -> [Next; 4] {
    let folder = folder.display();
    // Whoever has no `rship-dev` of their own runs it out of its workspace, and can go on so.
    let is_run_by_cargo = std::env::var_os("CARGO_MANIFEST_DIR").is_some();
    let dev = if is_run_by_cargo {
        "cargo run -p rship-dev --"
    } else {
        "rship-dev"
    };
    [
        Next {
            command: format!("{dev} serve"),
            why: "a show to try it with: leave it running, and open its page",
        },
        Next {
            command: format!("cd {folder}"),
            why: "in another terminal",
        },
        Next {
            command: "cargo test".to_owned(),
            why: "needs no show",
        },
        Next {
            command: "cargo run".to_owned(),
            why: "the device, on the show",
        },
    ]
}

fn alone(workspace: &Path) -> String {
    let workspace = workspace.display();
    format!(
        "note: the package is a workspace of its own, although {workspace} is around it. To make it a member, delete \
         `[workspace]` and `[profile.release]` from its Cargo.toml, and add it to `members` there; where a pattern in \
         `members` covers it already and it is to stay alone, add it to `exclude` there."
    )
}

fn text(created: &Created, next: &[Next]) -> String {
    let mut text = format!(
        "made {}: a countdown, which becomes your device in src/lib.rs\n",
        created.folder.display()
    );
    let width = next
        .iter()
        .map(|next| next.command.chars().count())
        .max()
        .unwrap_or_default();
    for Next { command, why } in next {
        text.push_str(&format!("\n  {command:width$}   # {why}"));
    }
    text
}

fn document(name: &str, created: &Created, next: &[Next]) -> Value {
    let commands: Vec<_> = next.iter().map(|next| next.command.as_str()).collect();
    let mut document = json!({"kind": "created", "name": name, "files": created.files});
    document["folder"] = created.folder.display().to_string().into();
    document["next"] = commands.into();
    if let Some(workspace) = &created.workspace {
        document["workspace"] = workspace.display().to_string().into();
    }
    document
}
