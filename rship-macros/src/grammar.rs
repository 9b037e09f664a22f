//! The arguments that each attribute takes, as data: parsing, messages and hints all come from here.

/// What is written after an argument's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `= ".."`
    String,
    /// `= ".."`, neither empty nor with a `:`.
    Id,
    /// `= "#rrggbb"`
    Color,
    /// `= "500ms"`, more than nothing.
    Duration,
    /// `= ".."`, the name of a field.
    Field,
    /// `= ".."`, the name of a method.
    Method,
    /// `= ".."`, the path of a function.
    Function,
    /// `= "30 Hz"`, more than nothing.
    Rate,
    /// `= some::path`
    Path,
    /// `= expression`
    Expr,
    /// Nothing.
    Flag,
    /// Nothing, or `= expression`.
    FlagOrExpr,
    /// Nothing, or `("..", "..")`.
    FlagOrStrings,
}

impl Kind {
    /// What to write, for a message.
    pub(crate) fn form(self, key: &str) -> String {
        match self {
            Self::String | Self::Id => format!("`{key} = \"..\"`"),
            Self::Color => format!("`{key} = \"#rrggbb\"`"),
            Self::Duration => format!("`{key} = \"500ms\"`"),
            Self::Field => format!("`{key} = \"field\"`"),
            Self::Method => format!("`{key} = \"method\"`"),
            Self::Function => format!("`{key} = \"function\"`"),
            Self::Rate => format!("`{key} = \"30 Hz\"`"),
            Self::Path => format!("`{key} = some::path`"),
            Self::Expr => format!("`{key} = ..`"),
            Self::Flag => format!("`{key}`"),
            Self::FlagOrExpr => format!("`{key}` or `{key} = ..`"),
            Self::FlagOrStrings => format!("`{key}` or `{key}(\"..\")`"),
        }
    }
}

/// One argument.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// The arguments of one attribute in one place.
pub(crate) struct Grammar {
    /// The attribute's name.
    pub(crate) attribute: &'static str,
    /// Where it stands.
    pub(crate) place: &'static str,
    pub(crate) keys: &'static [Key],
}

macro_rules! grammars {
    ($($(#[$doc:meta])* $name:ident = $attribute:literal on $place:literal { $($key:literal: $kind:ident,)* })*) => {
        $(
            $(#[$doc])*
            pub(crate) static $name: Grammar = Grammar {
                attribute: $attribute,
                place: $place,
                keys: &[$(Key { name: $key, kind: Kind::$kind }),*],
            };
        )*
        static ALL: &[&Grammar] = &[$(&$name),*];
    };
}

grammars! {
    /// `#[target(..)]` on the struct.
    STRUCT = "target" on "the struct" {
        "name": String, "category": String, "bg_color": Color, "fg_color": Color,
        "id": Id, "key": Field, "name_field": Field, "actions": FlagOrStrings, "crate": Path,
    }
    /// `#[target(..)]` on an enum.
    ENUM = "target" on "an enum" { "crate": Path, }
    /// `#[target]` on a field.
    SUB_TARGET = "target" on "a field" {
        "id": Id, "name": String, "key": Field, "model": Function, "forget": Flag,
    }
    /// `#[emitter]` on a field.
    STATE = "emitter" on "a field" {
        "id": Id, "name": String, "with": Function, "every": Duration, "max_rate": Rate,
        "deadband": Expr,
    }
    /// `#[action]` on a field.
    SETTER = "action" on "a field" {
        "id": Id, "name": String, "min": Expr, "max": Expr, "choices": Method, "set": Method,
        "transient": Flag,
    }
    /// `#[actions]` on an impl.
    ACTIONS = "actions" on "an impl" { "block": String, "crate": Path, }
    /// `#[action]` on a method.
    ACTION = "action" on "a method" {
        "id": Id, "name": String, "writes": Id, "blocking": Flag, "restart": Flag,
        "timeout": Duration, "progress": Flag, "cancel": Flag, "answer": String,
    }
    /// `#[emitter]` on a method.
    COMPUTED = "emitter" on "a method" {
        "id": Id, "name": String, "every": Duration, "max_rate": Rate, "deadband": Expr,
    }
    /// `#[arg]` on an argument.
    ARGUMENT = "arg" on "an argument" {
        "name": String, "min": Expr, "max": Expr, "choices": Method, "default": FlagOrExpr,
        "unit": String, "label": String, "section": String, "flatten": Flag,
    }
}

impl Grammar {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// All arguments, for a message.
    pub(crate) fn expected(&self) -> String {
        let names: Vec<String> = self
            .keys
            .iter()
            .map(|key| format!("`{}`", key.name))
            .collect();
        match names.as_slice() {
            [only] => format!("expected {only}"),
            _ => format!("expected one of {}", names.join(", ")),
        }
    }

    /// Another attribute that takes this argument.
    pub(crate) fn elsewhere(&self, name: &str) -> Option<&'static Grammar> {
        ALL.iter()
            .copied()
            .find(|other| !std::ptr::eq(*other, self) && other.key(name).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_attribute_lists_an_argument_twice() {
        for grammar in ALL {
            for (index, key) in grammar.keys.iter().enumerate() {
                let later = grammar.keys.iter().skip(index + 1);
                assert_eq!(later.filter(|other| other.name == key.name).count(), 0);
            }
        }
    }

    #[test]
    fn every_argument_is_in_the_table_of_its_attribute() {
        // What an editor shows for an attribute is the documentation of the macro of that name; for one
        // that only a derive reads, it is on the page of the derive.
        let pages = include_str!("lib.rs").split("\n}\n");
        let pages: Vec<&str> = pages.collect();
        for grammar in ALL {
            let own = format!("pub fn {}(", grammar.attribute);
            let derive = format!("pub fn derive_{}(", grammar.attribute);
            let is_of = |page: &&&str| page.contains(&own) || page.contains(&derive);
            let page = pages.iter().find(is_of).unwrap();
            for key in grammar.keys {
                let row = format!("`{}", key.name);
                assert!(page.contains(&row), "{row} of `#[{}]`", grammar.attribute);
            }
        }
    }

    #[test]
    fn an_argument_of_another_attribute_is_found_there() {
        let found = STATE.elsewhere("every").map(|grammar| grammar.place);
        assert_eq!(found, Some("a method"));
        assert!(STATE.elsewhere("weather").is_none());
    }

    #[test]
    fn one_argument_is_not_called_one_of() {
        static ONE: Grammar = Grammar {
            attribute: "one",
            place: "an item",
            keys: &[Key {
                name: "crate",
                kind: Kind::Path,
            }],
        };
        assert_eq!(ONE.expected(), "expected `crate`");
        assert_eq!(
            SUB_TARGET.expected(),
            "expected one of `id`, `name`, `key`, `model`, `forget`"
        );
    }
}
