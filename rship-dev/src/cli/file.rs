//! The files that a command reads.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use super::output;

/// More than a device prints that has as many targets as a server takes, in bytes.
const LARGEST: u64 = 512 << 20;

/// The text of a manifest; `-` is standard input.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    read_what(
        "reading a manifest from standard input: pipe in what `DEVICE --manifest` prints",
        file,
    )
}

/// The text of a file; `-` is standard input, for which a person in front of it is told what it is for.
pub(crate) fn read_what(hint: &str, file: &Path) -> Result<String, String> {
    if file != "-" {
        let shown = file.display();
        return File::open(file)
            .and_then(whole)
            .map_err(|error| format!("cannot read {shown}: {error}"));
    }
    let stdin = io::stdin();
    if stdin.is_terminal() {
        output::remark(hint);
    }
    whole(stdin.lock()).map_err(|error| format!("cannot read standard input: {error}"))
}

fn whole(from: impl io::Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= LARGEST) {
        return text(bytes);
    }
    let largest = LARGEST >> 20;
    Err(io::Error::other(format!(
        "it has more than {largest} MiB, and manifests have less"
    )))
}

/// Text in UTF-8, or in what begins with a mark that says otherwise: `DEVICE --manifest > FILE` makes UTF-16 of it in
/// the PowerShell that Windows comes with.
fn text(bytes: Vec<u8>) -> io::Result<String> {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks(2).map(|pair| match *pair {
            [first, second] => Some(unit([first, second])),
            _ => None,
        });
        let text = units
            .collect::<Option<Vec<_>>>()
            .map(|units| String::from_utf16(&units));
        match text {
            Some(Ok(text)) => Ok(text),
            _ => Err(io::Error::other("it is not UTF-16")),
        }
    };
    match *bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, ref rest @ ..] => utf8(rest.to_vec()),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_the_way_that_its_first_bytes_say() {
        let plain = "{\"name\": \"Bühne\"}";
        let wide = |mark: &[u8], unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = plain.encode_utf16().flat_map(unit);
            mark.iter().copied().chain(units).collect()
        };
        for bytes in [
            plain.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", plain.as_bytes()].concat(),
            wide(b"\xff\xfe", u16::to_le_bytes),
            wide(b"\xfe\xff", u16::to_be_bytes),
        ] {
            assert_eq!(text(bytes).unwrap(), plain);
        }
        assert!(text(b"B\xfchne".to_vec()).is_err());
        assert!(text(b"\xff\xfe\x00\xd8".to_vec()).is_err());
    }
}
