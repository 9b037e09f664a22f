//! What a type can have that no server can use.

/// Why a type has no schema in the profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// A recursive schema ends the process of a server that reads it.
    #[error(
        "the type `{type_name}` contains itself ({cycle}): servers cannot read a recursive schema; \
         note: name the nested values by id in a flat array, or pass them as a `serde_json::Value`"
    )]
    Recursive {
        /// The name of the type.
        type_name: String,
        /// The fields that lead from the type back to it: `Node -> children -> Node`.
        cycle: String,
    },
    /// A hand-written schema points outside of itself.
    #[error(
        "the schema refers to `{reference}`, which is not part of it; \
         note: servers do not read references; write the schema in place"
    )]
    Unresolved {
        /// The `$ref` as it was written.
        reference: String,
    },
    /// Only the fields of a struct can be put among the arguments.
    #[error(
        "only a struct can be flattened into the arguments, and this type is {got}; \
         note: take it as an argument of its own"
    )]
    NotAnObject {
        /// What the type is instead.
        got: String,
    },
    /// Two arguments have one name.
    #[error(
        "the argument `{name}` is there twice, once of its own and once in a flattened struct; \
         note: rename one of them"
    )]
    Duplicate {
        /// The name of the argument.
        name: String,
    },
}
