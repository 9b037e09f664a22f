//! How frames are written to this server: as text, or as CBOR where it was asked for and is read.

use rship_core::wire::{self, Encoding, Generation};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
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
pub(super) fn message(asked: Encoding, frame: wire::Frame) -> Message {
    match frame {
        wire::Frame::Binary(bytes) => Message::Binary(bytes),
        wire::Frame::Text(text) => {
            if asked == Encoding::Cbor {
                // Such as a value that nests too deep to be read back; servers take text at any time.
                warn!("a frame goes out as text, because CBOR cannot carry it");
            }
            // As it is: what the serializer wrote is UTF-8, and need not be looked at again.
            Message::Frame(Frame::message(text, OpCode::Data(Data::Text), true))
        }
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
}
