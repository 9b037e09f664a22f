//! How frames are written to this server: as text, or as CBOR where it was asked for and is read.

use std::collections::VecDeque;

use rship_core::wire::{self, Encoding, FRAME_LIMIT, Generation};
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

/// Frames larger than this, in bytes, are sent in pieces of this size: a slow server answers the pings
/// between them.
const PIECE: usize = 2 * FRAME_LIMIT;

/// The messages that carry a frame: one, or several with pings in between.
pub(super) fn pieces(asked: Encoding, frame: wire::Frame) -> VecDeque<Message> {
    let (kind, mut left) = match frame {
        wire::Frame::Binary(bytes) => (Data::Binary, bytes),
        wire::Frame::Text(text) => {
            if asked == Encoding::Cbor {
                // Such as a value that nests too deep to be read back; servers take text at any time.
                warn!("a frame goes out as text, because CBOR cannot carry it");
            }
            // As it is: what the serializer wrote is UTF-8, and need not be looked at again.
            (Data::Text, text)
        }
    };
    let mut pieces = VecDeque::with_capacity(1);
    let mut kind = OpCode::Data(kind);
    while left.len() > PIECE {
        let piece = left.split_to(PIECE);
        pieces.push_back(Message::Frame(Frame::message(piece, kind, false)));
        pieces.push_back(Message::Ping(Bytes::new()));
        kind = OpCode::Data(Data::Continue);
    }
    pieces.push_back(Message::Frame(Frame::message(left, kind, true)));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::Control;

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
    fn a_large_frame_goes_out_in_pieces_with_pings_between_them() {
        let text = Bytes::from(vec![b'x'; 2 * PIECE + 1]);
        let pieces = pieces(Encoding::Json, wire::Frame::Text(text));
        let described = pieces.iter().map(|piece| match piece {
            Message::Frame(frame) => {
                let header = frame.header();
                (frame.payload().len(), header.opcode, header.is_final)
            }
            _ => (0, OpCode::Control(Control::Ping), true),
        });
        let (text, more) = (OpCode::Data(Data::Text), OpCode::Data(Data::Continue));
        let ping = (0, OpCode::Control(Control::Ping), true);
        let expected = [
            (PIECE, text, false),
            ping,
            (PIECE, more, false),
            ping,
            (1, more, true),
        ];
        assert_eq!(described.collect::<Vec<_>>(), expected);
    }
}
