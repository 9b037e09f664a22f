//! How frames are written to this server: as text, or as CBOR where it was asked for and is read.

use rship_core::wire::{Encoding, Generation, binary};
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Message};
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

/// The message that carries a frame, which is JSON text.
pub(super) fn message(encoding: Encoding, frame: Bytes) -> Message {
    let text = |frame: Bytes| {
        // As it is: what the serializer wrote is UTF-8, and need not be looked at again.
        Message::Frame(Frame::message(frame, OpCode::Data(Data::Text), true))
    };
    match encoding {
        Encoding::Json => text(frame),
        Encoding::Cbor => match binary::encode(&frame) {
            Ok(bytes) => Message::binary(bytes),
            // Such as a value that nests too deep to be read back; servers take text at any time.
            Err(error) => {
                warn!("a frame goes out as text, because it cannot be written as CBOR: {error}");
                text(frame)
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
        let is_text = |message: Message| {
            matches!(message, Message::Frame(frame)
                if frame.header().opcode == OpCode::Data(Data::Text))
        };
        let short = Bytes::from_static(b"[1]");
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert!(is_text(message(Encoding::Cbor, deep.into())));
        assert!(message(Encoding::Cbor, short.clone()).is_binary());
        assert!(is_text(message(Encoding::Json, short)));
    }
}
