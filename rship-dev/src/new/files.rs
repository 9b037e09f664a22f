//! The files of a new package. They are those of `template`, which is a device of the name `new-device` that
//! the workspace builds and tests as it stands (`tests/new-device`), with that name replaced.

use std::fs;

use super::NewError;
use super::dependencies::Source;
use super::name::Name;
use super::place::Place;

/// Where each is in the package, and what is in it.
const TEMPLATE: [(&str, &str); 9] = [
    // With its own name, cargo would leave the folder out of this crate's package, and git would follow the other.
    ("Cargo.toml", include_str!("template/manifest.toml")),
    (".gitignore", include_str!("template/gitignore")),
    ("clippy.toml", include_str!("template/clippy.toml")),
    ("src/lib.rs", include_str!("template/src/lib.rs")),
    ("src/main.rs", include_str!("template/src/main.rs")),
    ("tests/show.rs", include_str!("template/tests/show.rs")),
    (
        "device.manifest.json",
        include_str!("template/device.manifest.json"),
    ),
    ("README.md", include_str!("template/README.md")),
    ("AGENTS.md", include_str!("template/AGENTS.md")),
];

/// So that cargo asks no workspace around the package about it.
const OWN_WORKSPACE: &str = "
# Cargo would look for it in the workspace around it otherwise.
[workspace]
";

/// Writes all of them, and says their paths.
pub(super) fn write(
    name: &Name,
    source: &Source,
    place: &Place,
) -> Result<Vec<&'static str>, NewError> {
    for (path, template) in TEMPLATE {
        let mut text = filled(template, name, source);
        if path == "Cargo.toml" && place.workspace.is_some() {
            text.push_str(OWN_WORKSPACE);
        }
        let file = place.folder.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)
                .map_err(|error| NewError::io("make the folder", folder, error))?;
        }
        fs::write(&file, text).map_err(|error| NewError::io("write", file, error))?;
    }
    Ok(TEMPLATE.map(|(path, _)| path).into())
}

fn filled(template: &str, name: &Name, source: &Source) -> String {
    template
        // A checkout on Windows may have made them two characters.
        .replace("\r\n", "\n")
        .replace("new-device", name.id())
        .replace("new_device", &name.krate())
        .replace("New device", &name.title())
        // What is filled in here may have any words in it.
        .replace("{{rust}}", env!("CARGO_PKG_RUST_VERSION"))
        .replace("{{rship-runtime}}", &source.dependency("rship-runtime"))
        .replace("{{rship-dev}}", &source.dependency("rship-dev"))
        .replace("{{install}}", &source.install())
}
