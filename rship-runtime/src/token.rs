//! What a server is shown so that it lets us in. Nothing here is ever written to a log, an error or a `Debug`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::environment::read_file;
use crate::error::SettingError;

/// The longest token, in bytes: servers take little more in all headers together.
const TOKEN_LIMIT: usize = 16 << 10;

/// A text that nobody sees.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for whom it is meant.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// What goes into the header `Authorization`.
#[derive(Debug)]
pub(crate) enum Credentials {
    None,
    /// The same value for each connection.
    Header(Secret),
    /// A file with the token, which somebody may replace at any time.
    File(TokenFile),
}

impl Credentials {
    /// Whether they can be shown now, before anything is connected.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        match self {
            Self::File(file) => file.bearer().map(drop),
            Self::None | Self::Header(_) => Ok(()),
        }
    }

    /// The value for the connection that begins now.
    pub(crate) async fn header(&self) -> Result<Option<Secret>, SettingError> {
        match self {
            Self::None => Ok(None),
            Self::Header(value) => Ok(Some(value.clone())),
            Self::File(file) => {
                let reading = file.clone();
                // A file system that hangs must not stop whoever else uses this thread.
                let read = tokio::task::spawn_blocking(move || reading.bearer()).await;
                let stopped = |_| Err(SettingError::new(&file.origin, "was not read"));
                read.unwrap_or_else(stopped).map(Some)
            }
        }
    }
}

/// Where the token is.
#[derive(Debug, Clone)]
pub(crate) struct TokenFile {
    path: PathBuf,
    origin: String,
}

impl TokenFile {
    pub(crate) fn new(path: &Path, origin: &str) -> Self {
        Self {
            path: path.to_owned(),
            origin: format!("{origin} `{}`", path.display()),
        }
    }

    fn bearer(&self) -> Result<Secret, SettingError> {
        let text = read_file(&self.path, TOKEN_LIMIT + 2, &self.origin)?;
        // Editors and `echo` end a file with one.
        let token = text.strip_suffix('\n').unwrap_or(&text);
        bearer(token.strip_suffix('\r').unwrap_or(token), &self.origin)
    }
}

/// The header's value for a token.
pub(crate) fn bearer(token: &str, origin: &str) -> Result<Secret, SettingError> {
    let wrong = |problem: &str| Err(SettingError::new(origin, problem));
    if token.is_empty() {
        return wrong("is empty: put the token there, or leave it out");
    }
    if token.len() > TOKEN_LIMIT {
        return wrong(&format!("has more than {TOKEN_LIMIT} bytes"));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return wrong(
            "has spaces, control characters or others that are not ASCII: it must be the token alone, as an HTTP \
             header carries it behind `Bearer `",
        );
    }
    Ok(Secret(format!("Bearer {token}")))
}

/// The header's value for `USER:PASSWORD` as it stands in an address, or what is wrong with it.
pub(crate) fn basic(userinfo: &str) -> Result<Secret, &'static str> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    if user.is_empty() {
        return Err("has an `@`, and no user before it");
    }
    let mut pair = decode(user).ok_or(ENCODING)?;
    if pair.contains(&b':') {
        return Err("has a user with a `:`, which basic authorization cannot carry");
    }
    pair.push(b':');
    pair.append(&mut decode(password).ok_or(ENCODING)?);
    match std::str::from_utf8(&pair) {
        Ok(text) if !text.contains(char::is_control) => {
            Ok(Secret(format!("Basic {}", base64(&pair))))
        }
        _ => Err(ENCODING),
    }
}

const ENCODING: &str =
    "has a user or a password that is not percent-encoded text (write `%25` for a `%`)";

/// Undoes the percent-encoding.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            other => other,
        });
    }
    Some(decoded)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            text.push(if digit > three.len() {
                '='
            } else {
                char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 0x3f])
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::new("banana".to_owned());
        assert_eq!(format!("{secret:?} {secret:#?}"), "*** ***");
    }

    #[test]
    fn user_and_password_are_decoded_and_sent_as_basic_authorization() {
        // The example of RFC 7617, and ends of each length.
        for (userinfo, header) in [
            (
                "Aladdin:open%20sesame",
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            ),
            ("test:123%C2%A3", "Basic dGVzdDoxMjPCow=="),
            ("a:b", "Basic YTpi"),
            ("a:bc", "Basic YTpiYw=="),
            ("a:b:c", "Basic YTpiOmM="),
            ("user", "Basic dXNlcjo="),
        ] {
            assert_eq!(basic(userinfo).unwrap().reveal(), header, "{userinfo}");
        }
    }

    #[test]
    fn a_user_or_password_that_cannot_be_sent_is_refused() {
        for userinfo in [
            "", ":b", "a%3Ab:c", "a:%", "a:%4", "a:%zz", "a:%ff", "a:%0a",
        ] {
            assert!(basic(userinfo).is_err(), "{userinfo}");
        }
    }

    #[test]
    fn a_token_is_ascii_without_spaces_and_not_too_long() {
        assert_eq!(
            bearer("a.b-c_d~e+f/g==", "it").unwrap().reveal(),
            "Bearer a.b-c_d~e+f/g=="
        );
        let long = "x".repeat(TOKEN_LIMIT + 1);
        for token in [
            "",
            "a b",
            "Bearer a",
            "a\r\nHost: evil",
            "a\0",
            "ä",
            "a\u{7f}",
            &long,
        ] {
            let error = bearer(token, "it").unwrap_err().to_string();
            assert!(error.starts_with("it "), "{error}");
            assert!(token.len() < 2 || !error.contains(token), "{error}");
        }
    }
}
