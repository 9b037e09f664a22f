//! Names that can be a package, a crate, and an id on a show.

use super::NewError;

/// The longest; with it, lines of the files stay as long as they may be.
const LONGEST: usize = 40;

/// What cargo refuses, and what files or folders of some system cannot be called.
const RESERVED: [&str; 30] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "aux",
    "await",
    "box",
    "break",
    "build",
    "con",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "final",
    "fn",
    "for",
    "gen",
    "incremental",
    "nul",
    "prn",
    "std",
    "test",
    "proc-macro",
];

/// The name of a new device: words of small letters and digits, with `-` between them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    /// # Errors
    /// When cargo would refuse it, or when it would make ids that nobody wants to type.
    pub(super) fn new(name: &str) -> Result<Self, NewError> {
        if name.contains(['/', '\\']) || name == "." || name == ".." {
            return Err(NewError::Path {
                name: name.to_owned(),
            });
        }
        match Self::problem(name) {
            None => Ok(Self(name.to_owned())),
            Some(why) => Err(NewError::Name {
                name: name.to_owned(),
                why,
                better: Self::better(name),
            }),
        }
    }

    fn problem(name: &str) -> Option<String> {
        let words = "small letters, digits and single `-` between them";
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if name.is_empty() {
            return Some(format!("it is empty; it takes {words}"));
        }
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return Some("cargo takes none that begins with a digit".to_owned());
        }
        if let Some(c) = name.chars().find(|c| !is_plain(*c) && *c != '-') {
            return Some(format!(
                "its ids would have a `{}`; it takes {words}",
                c.escape_default()
            ));
        }
        if name.split('-').any(str::is_empty) {
            return Some(format!("it takes {words}"));
        }
        if name.len() > LONGEST {
            return Some(format!("it has {} letters of {LONGEST}", name.len()));
        }
        is_taken(name).then(|| "cargo, the language or a library has it already".to_owned())
    }

    /// A name like this one that has no problem.
    fn better(name: &str) -> String {
        let mut better = String::new();
        let mut before = None;
        for c in name.chars() {
            let begins_word = c.is_uppercase() && before.is_some_and(char::is_lowercase);
            if begins_word || !c.is_ascii_alphanumeric() {
                better.push('-');
            }
            if c.is_ascii_alphanumeric() {
                better.push(c.to_ascii_lowercase());
            }
            before = Some(c);
        }
        let words: Vec<_> = better.split('-').filter(|word| !word.is_empty()).collect();
        let mut better = words.join("-");
        better.truncate(LONGEST - "device-".len());
        let mut better = better.trim_end_matches('-').to_owned();
        if better.is_empty() {
            return "my-device".to_owned();
        }
        if better.starts_with(|c: char| c.is_ascii_digit()) {
            better = format!("device-{better}");
        }
        if is_taken(&better) {
            better.push_str("-device");
        }
        better
    }

    /// The name of the package, the service and the target.
    pub(super) fn id(&self) -> &str {
        &self.0
    }

    /// The name of the crate.
    pub(super) fn krate(&self) -> String {
        self.0.replace('-', "_")
    }

    /// What people read.
    pub(super) fn title(&self) -> String {
        let words = self.0.replace('-', " ");
        let (first, rest) = words.split_at(1);
        first.to_uppercase() + rest
    }
}

fn is_taken(name: &str) -> bool {
    // Those that the package depends on, too.
    let ours = [
        "rship",
        "rship-core",
        "rship-dev",
        "rship-macros",
        "rship-runtime",
    ];
    let others = ["tokio", "serde-json", "schemars", "serde"];
    ours.contains(&name)
        || others.contains(&name)
        || RESERVED.contains(&name)
        || is_keyword(name)
        || is_port(name)
}

/// Keywords that are not among the reserved names.
fn is_keyword(name: &str) -> bool {
    let keywords = "false if impl in let loop macro match mod move mut override priv pub ref return \
        self static struct super trait true try type typeof union unsafe unsized use virtual where while yield do";
    keywords.split_whitespace().any(|keyword| keyword == name)
}

/// What Windows has in place of files.
fn is_port(name: &str) -> bool {
    let number = name
        .strip_prefix("com")
        .or_else(|| name.strip_prefix("lpt"));
    number.is_some_and(|number| number.len() == 1 && number != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_an_id_a_crate_and_words() {
        let name = Name::new("desk-lamp-2").unwrap();
        assert_eq!(name.id(), "desk-lamp-2");
        assert_eq!(name.krate(), "desk_lamp_2");
        assert_eq!(name.title(), "Desk lamp 2");
        assert!(Name::new("x").is_ok() && Name::new("self-playing").is_ok());
        assert!(Name::new(&"a".repeat(LONGEST)).is_ok());
    }

    #[test]
    fn what_cannot_be_one_is_told_with_one_that_can() {
        let long = "a".repeat(41);
        for (name, why, better) in [
            ("DeskLamp", "a `D`", "desk-lamp"),
            ("desk_lamp", "a `_`", "desk-lamp"),
            ("desk lamp", "a ` `", "desk-lamp"),
            ("lamp:left", "a `:`", "lamp-left"),
            ("läufer", "a `\\u{e4}`", "l-ufer"),
            ("\u{1b}[2J", "a `\\u{1b}`", "device-2j"),
            ("-lamp-", "single `-`", "lamp"),
            ("a--b", "single `-`", "a-b"),
            ("2lamps", "a digit", "device-2lamps"),
            ("test", "has it already", "test-device"),
            ("tokio", "has it already", "tokio-device"),
            ("rship-runtime", "has it already", "rship-runtime-device"),
            ("async", "has it already", "async-device"),
            ("type", "has it already", "type-device"),
            ("com1", "has it already", "com1-device"),
            ("", "it is empty", "my-device"),
            (&long, "41 letters", &"a".repeat(33)),
        ] {
            let said = Name::new(name).unwrap_err().to_string();
            assert!(said.contains(why), "{name}: {said}");
            assert!(said.ends_with(&format!("try `{better}`")), "{name}: {said}");
            assert!(Name::new(better).is_ok(), "{better}");
        }
    }

    #[test]
    fn a_path_is_told_where_to_go() {
        for path in ["../lamp", "devices/lamp", "devices\\lamp", "."] {
            let said = Name::new(path).unwrap_err().to_string();
            assert!(said.contains(&format!("--path {path}")), "{said}");
        }
    }
}
