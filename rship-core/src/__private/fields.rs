//! What the derive of a generic struct says of its fields, as types: so `#[actions]` finds where the two
//! disagree at its definition, while constants of a generic type are looked at only where it is used.

use std::marker::PhantomData;

/// A field of this type has an id, or a name, with this hash.
pub trait HasField<const HASH: u64> {}

/// The type has no block with a name.
pub trait HasOneBlock {}

/// Yes, to one of the questions below.
pub struct Yes;

/// No, or nobody knows.
pub struct No;

/// Asks for a field of a type: its own answer wins over that of [`OtherwiseNo`].
pub struct AskField<T, const HASH: u64>(PhantomData<T>);

impl<T: HasField<HASH>, const HASH: u64> AskField<T, HASH> {
    /// It has one.
    #[must_use]
    pub fn __rship_answer() -> Yes {
        Yes
    }
}

/// Asks whether all blocks of a type are known: its own answer wins over that of [`OtherwiseNo`].
pub struct AskBlocks<T>(PhantomData<T>);

impl<T: HasOneBlock> AskBlocks<T> {
    /// They are.
    #[must_use]
    pub fn __rship_answer() -> Yes {
        Yes
    }
}

/// What is answered otherwise.
pub trait OtherwiseNo {
    /// It is not so.
    #[must_use]
    fn __rship_answer() -> No {
        No
    }
}

impl<T, const HASH: u64> OtherwiseNo for AskField<T, HASH> {}
impl<T> OtherwiseNo for AskBlocks<T> {}
