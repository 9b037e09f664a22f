//! Keys of maps that hold sub-targets.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

/// A type that can be the key of a map of sub-targets: texts, integers, `bool` and `char`. One of your own
/// implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of sub-targets",
    label = "sub-targets are told apart by texts or numbers",
    note = "use a `String` or an integer, or implement `rship_runtime::model::MapKey` for it"
)]
pub trait MapKey: Ord + Send + 'static {
    /// Appends the key as it stands in ids.
    fn write(&self, text: &mut String);

    /// The key that is written like this.
    fn read(text: &str) -> Option<Self>
    where
        Self: Sized;
}

macro_rules! texts {
    ($($text:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl MapKey for $text {
            fn write(&self, text: &mut String) {
                text.push_str(self);
            }

            fn read(text: &str) -> Option<Self> {
                Some(text.to_owned().into())
            }
        }
    )*};
}

texts!(String Box<str> Arc<str> Cow<'static, str>);

macro_rules! parsed {
    ($($key:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl MapKey for $key {
            fn write(&self, text: &mut String) {
                // Writing to a String cannot fail.
                let _ = write!(text, "{self}");
            }

            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}

parsed!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize bool char);
