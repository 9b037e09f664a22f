//! How frames are written to this server: as text, or as CBOR where it was asked for and is read.

use rship_core::wire::{Encoding, Generation, binary};
use tokio_tungstenite::tungstenite::Message;
use tracing::{info, warn};

/// The encoding for a server of this generation: what was asked for, or JSON where nothing else is read.
pub(super) fn choose(asked: Encoding, generation: Generation) -> Encoding {
    match (asked, generation) {
        (Encoding::Cbor, Generation::V2026) => {
            info!("frames go out as CBOR");
            Encoding::Cbor
        }
        (Encoding::Cbor, _) => {
            warn!(
                %generation,
                "only 2026 servers read CBOR: frames go out as JSON text"
            );
            Encoding::Json
        }
        (Encoding::Json, _) => Encoding::Json,
    }
}

/// The message that carries a frame.
pub(super) fn message(encoding: Encoding, frame: String) -> Message {
    match encoding {
        Encoding::Json => Message::text(frame),
        Encoding::Cbor => match binary::encode(&frame) {
            Ok(bytes) => Message::binary(bytes),
            // Such as a value that nests too deep to be read back; servers take text at any time.
            Err(error) => {
                warn!("a frame goes out as text, because it cannot be written as CBOR: {error}");
                Message::text(frame)
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cbor_goes_to_2026_servers_alone_and_only_when_asked_for() {
        for generation in Generation::ALL {
            assert_eq!(choose(Encoding::Json, generation), Encoding::Json);
        }
        assert_eq!(choose(Encoding::Cbor, Generation::V2023), Encoding::Json);
        assert_eq!(choose(Encoding::Cbor, Generation::V2024), Encoding::Json);
        assert_eq!(choose(Encoding::Cbor, Generation::V2026), Encoding::Cbor);
    }

    #[test]
    fn a_frame_that_cbor_cannot_carry_goes_out_as_text() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert!(message(Encoding::Cbor, deep).is_text());
        assert!(message(Encoding::Cbor, "[1]".to_owned()).is_binary());
        assert!(message(Encoding::Json, "[1]".to_owned()).is_text());
    }
}
