//! The walk over CBOR.

use std::borrow::Cow;

use cbor4ii::core::{major, marker};

use super::{Found, Level};

/// How deep the walk follows; bytes can nest a million times deeper than anybody would write.
const DEPTH: usize = 4096;

pub(super) fn walk(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    // Where the structure itself breaks off, what came before it still counts.
    let mut walk = Walk { rest: bytes };
    if let Some(head) = walk.head() {
        let _ = walk.map(head, Level::Frame, &mut found);
    }
    found
}

/// The first byte of an item and the number behind it; `None` where its length is indefinite.
#[derive(Clone, Copy)]
struct Head {
    major: u8,
    number: Option<u64>,
}

struct Walk<'b> {
    rest: &'b [u8],
}

impl<'b> Walk<'b> {
    /// Calls itself for maps that matter alone, so not more than twice. `None` where it breaks off.
    fn map(&mut self, head: Head, level: Level, found: &mut Found) -> Option<()> {
        if head.major != major::MAP {
            return None;
        }
        let mut left = head.number;
        while self.more(&mut left)? {
            let head = self.head()?;
            let name = match head.major {
                major::STRING => self.string(head)?,
                _ => {
                    self.skip(head)?;
                    Cow::Borrowed("")
                }
            };
            let head = self.head()?;
            match (head.major, level.inside(&name)) {
                (major::STRING, _) => found.string(level, &name, &self.string(head)?),
                (major::MAP, Some(inside)) => self.map(head, inside, found)?,
                _ => self.skip(head)?,
            }
        }
        Some(())
    }

    fn head(&mut self) -> Option<Head> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        let number = match first & 0x1f {
            number @ ..24 => Some(u64::from(number)),
            24 => Some(u64::from(u8::from_be_bytes(self.number()?))),
            25 => Some(u64::from(u16::from_be_bytes(self.number()?))),
            26 => Some(u64::from(u32::from_be_bytes(self.number()?))),
            27 => Some(u64::from_be_bytes(self.number()?)),
            31 => None,
            _ => return None,
        };
        Some(Head {
            major: first >> 5,
            number,
        })
    }

    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (number, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*number)
    }

    /// Whether a member follows, of so many, or of all up to the break.
    fn more(&mut self, left: &mut Option<u64>) -> Option<bool> {
        match left {
            Some(left) => Some(match left.checked_sub(1) {
                Some(fewer) => {
                    *left = fewer;
                    true
                }
                None => false,
            }),
            None => Some(match self.rest.split_first()? {
                (&marker::BREAK, rest) => {
                    self.rest = rest;
                    false
                }
                _ => true,
            }),
        }
    }

    fn take(&mut self, length: u64) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    /// A string; with the replacement character for what is not UTF-8.
    fn string(&mut self, head: Head) -> Option<Cow<'b, str>> {
        if let Some(length) = head.number {
            return self.take(length).map(String::from_utf8_lossy);
        }
        let mut whole = Vec::new();
        while self.more(&mut None)? {
            let part = self.head()?;
            whole.extend_from_slice(self.take(part.number?)?);
        }
        Some(Cow::Owned(String::from_utf8_lossy(&whole).into_owned()))
    }

    /// Skips the item that begins with this head.
    fn skip(&mut self, head: Head) -> Option<()> {
        // What is open: so many items still to come in it, or all up to the break.
        let mut open = vec![Some(1)];
        let mut next = Some(head);
        while let Some(left) = open.last_mut() {
            if !self.more(left)? {
                open.pop();
                continue;
            }
            let head = match next.take() {
                Some(head) => head,
                None => self.head()?,
            };
            let inside = match (head.major, head.number) {
                (major::UNSIGNED | major::NEGATIVE, Some(_)) => continue,
                (major::BYTES | major::STRING, Some(length)) => {
                    self.take(length)?;
                    continue;
                }
                (major::SIMPLE, Some(_)) => continue,
                (major::BYTES | major::STRING | major::ARRAY | major::MAP, None) => None,
                (major::ARRAY, length) => length,
                (major::MAP, Some(length)) => Some(length.checked_mul(2)?),
                (major::TAG, Some(_)) => Some(1),
                _ => return None,
            };
            if open.len() == DEPTH {
                return None;
            }
            open.push(inside);
        }
        Some(())
    }
}
