//! Streaming ACN, by which DMX goes over networks: ANSI E1.31, of which this is a source of one universe.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{UdpSocket, lookup_host};
use tokio::time::Instant;
use uuid::Uuid;

use super::with_port;

/// The UDP port of receivers.
pub const PORT: u16 = 5568;
/// The channels of a universe.
pub const CHANNELS: usize = 512;
/// The shortest time between two packets: DMX has room for 44 a second.
pub const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 44 + 1);

/// Packets with the same values that follow a change, in case that one of them is lost.
const REPEATS: u32 = 3;
/// Time between two packets while nothing changes: between 800 and 1000 ms, with room for one frame.
const KEEP_ALIVE: Duration = Duration::from_millis(880);
/// Receivers follow the source of the highest priority, up to 200.
const PRIORITY: u8 = 100;
/// The option that says that no more packets will come.
const TERMINATED: u8 = 0x40;
/// Bytes of a packet with a whole universe, and of the name in it.
const LENGTH: u16 = 638;
const NAME: usize = 64;

type Channels = [u8; CHANNELS];

/// A universe that is sent.
#[derive(Debug)]
pub struct Output {
    socket: UdpSocket,
    to: SocketAddr,
    source: Source,
    channels: Channels,
    pace: Pace,
}

impl Output {
    /// Will send a universe, under a name for people, to one receiver, `HOST` or `HOST:PORT`, or else to
    /// all that listen to this universe.
    ///
    /// # Errors
    /// When there is no such host, or no socket to be had.
    pub async fn open(name: &str, universe: u16, to: Option<&str>) -> io::Result<Self> {
        let to = match to {
            None => multicast(universe),
            Some(host) => {
                let found = lookup_host(with_port(host, PORT)).await?.next();
                found.ok_or(ErrorKind::HostUnreachable)?
            }
        };
        let any: SocketAddr = match to {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        Ok(Self {
            socket: UdpSocket::bind(any).await?,
            to,
            source: Source::new(*Uuid::new_v4().as_bytes(), name, universe),
            channels: [0; CHANNELS],
            pace: Pace::default(),
        })
    }

    /// Sets channels, counted from 1, and sends the universe if that is due: when something changed, and from
    /// time to time. To be called once each [`FRAME`].
    ///
    /// # Errors
    /// When the universe has no such channels, or the network does not take a packet.
    pub async fn send(&mut self, first: u16, values: &[u8]) -> io::Result<()> {
        let channels = usize::from(first).checked_sub(1);
        let channels =
            channels.and_then(|first| self.channels.get_mut(first..first + values.len()));
        channels
            .ok_or(ErrorKind::InvalidInput)?
            .copy_from_slice(values);
        let now = Instant::now();
        if self.pace.is_due(&self.channels, now) {
            let packet = self.source.packet(&self.channels, 0);
            self.socket.send_to(&packet, self.to).await?;
            self.pace.sent(&self.channels, now);
        }
        Ok(())
    }

    /// Tells receivers that no more will come, so that they need not wait for it.
    ///
    /// # Errors
    /// When the network does not take a packet.
    pub async fn end(mut self) -> io::Result<()> {
        for _ in 0..REPEATS {
            let packet = self.source.packet(&self.channels, TERMINATED);
            self.socket.send_to(&packet, self.to).await?;
        }
        Ok(())
    }
}

/// Where those listen who want a universe.
fn multicast(universe: u16) -> SocketAddr {
    let [high, low] = universe.to_be_bytes();
    (Ipv4Addr::new(239, 255, high, low), PORT).into()
}

/// What the packets of a stream have in common, and the number of the next.
#[derive(Debug)]
struct Source {
    id: [u8; 16],
    name: [u8; NAME],
    universe: u16,
    sequence: u8,
}

impl Source {
    fn new(id: [u8; 16], name: &str, universe: u16) -> Self {
        let mut bytes = [0; NAME];
        // It ends with a 0.
        let name = &name[..name.floor_char_boundary(NAME - 1)];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        Self {
            id,
            name: bytes,
            universe,
            sequence: 0,
        }
    }

    /// The next packet, as in table 4-1 of the standard. Each layer begins with the bytes that follow.
    fn packet(&mut self, channels: &Channels, options: u8) -> Vec<u8> {
        let length_from = |start: u16| (0x7000 | (LENGTH - start)).to_be_bytes();
        let mut packet = Vec::with_capacity(LENGTH.into());
        // The root layer: what this is, and whose.
        packet.extend([0x00, 0x10, 0x00, 0x00]);
        packet.extend(b"ASC-E1.17\0\0\0");
        packet.extend(length_from(16));
        packet.extend(0x0000_0004_u32.to_be_bytes());
        packet.extend(self.id);
        // The framing layer.
        packet.extend(length_from(38));
        packet.extend(0x0000_0002_u32.to_be_bytes());
        packet.extend(self.name);
        packet.extend([PRIORITY, 0x00, 0x00, self.sequence, options]);
        packet.extend(self.universe.to_be_bytes());
        // The values: all channels, behind the start code 0 of those that dim.
        packet.extend(length_from(115));
        packet.extend([0x02, 0xa1, 0x00, 0x00, 0x00, 0x01, 0x02, 0x01, 0x00]);
        packet.extend(channels);
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }
}

/// When packets are due: at once when something changed, then some more, then seldom.
#[derive(Debug, Default)]
struct Pace {
    last: Option<(Channels, Instant)>,
    same: u32,
}

impl Pace {
    fn is_due(&self, channels: &Channels, now: Instant) -> bool {
        match &self.last {
            None => true,
            Some((last, _)) if last != channels || self.same < REPEATS => true,
            Some((_, at)) => now.duration_since(*at) >= KEEP_ALIVE,
        }
    }

    fn sent(&mut self, channels: &Channels, now: Instant) {
        let is_same = self.last.is_some_and(|(last, _)| last == *channels);
        self.same = if is_same { self.same + 1 } else { 0 };
        self.last = Some((*channels, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_what_the_standard_shows_byte_by_byte() {
        // The figures of table B-13 of E1.31-2018, but for the synchronization address, which is not used here.
        let id = [
            0xef, 0x07, 0xc8, 0xdd, 0x00, 0x64, 0x44, 0x01, 0xa3, 0xa2, 0x45, 0x9e, 0xf8, 0xe6,
            0x14, 0x3e,
        ];
        let mut source = Source::new(id, "Source_A", 1);
        source.sequence = 154;
        let mut channels = [0; CHANNELS];
        channels[0] = 255;
        channels[511] = 7;
        let packet = source.packet(&channels, 0);
        assert_eq!(packet.len(), 638);
        let parts: [(usize, &[u8]); 20] = [
            (0, &[0x00, 0x10]),                    // preamble size
            (2, &[0x00, 0x00]),                    // post-amble size
            (4, b"ASC-E1.17\0\0\0"),               // ACN packet identifier
            (16, &[0x72, 0x6e]),                   // flags and length
            (18, &[0x00, 0x00, 0x00, 0x04]),       // VECTOR_ROOT_E131_DATA
            (22, &id),                             // CID
            (38, &[0x72, 0x58]),                   // flags and length
            (40, &[0x00, 0x00, 0x00, 0x02]),       // VECTOR_E131_DATA_PACKET
            (44, b"Source_A\0\0\0\0\0\0\0\0"),     // source name
            (107, &[0x00]),                        // its end
            (108, &[100]),                         // priority
            (109, &[0x00, 0x00]),                  // synchronization address: none
            (111, &[154]),                         // sequence number
            (112, &[0x00]),                        // options
            (113, &[0x00, 0x01]),                  // universe
            (115, &[0x72, 0x0b]),                  // flags and length
            (117, &[0x02, 0xa1]),                  // VECTOR_DMP_SET_PROPERTY, address and data type
            (119, &[0x00, 0x00, 0x00, 0x01]),      // first property address, address increment
            (123, &[0x02, 0x01, 0x00, 255, 0x00]), // property value count, start code, values
            (637, &[7]),
        ];
        for (start, bytes) in parts {
            assert_eq!(
                &packet[start..start + bytes.len()],
                bytes,
                "from byte {start}"
            );
        }
        let last = source.packet(&channels, TERMINATED);
        assert_eq!((last[111], last[112]), (155, 0x40));
    }

    #[test]
    fn sequence_numbers_begin_again_and_long_names_are_cut_between_characters() {
        let mut source = Source::new([0; 16], &"é".repeat(40), 63_999);
        let channels = [0; CHANNELS];
        let numbers = (0..300).map(|_| source.packet(&channels, 0)[111]);
        assert!(numbers.eq((0..300_u32).map(|number| (number % 256) as u8)));
        let packet = source.packet(&channels, 0);
        let name = std::str::from_utf8(&packet[44..107]).unwrap();
        assert_eq!(name.trim_end_matches('\0'), "é".repeat(31));
        assert_eq!(packet[107], 0);
        assert_eq!(multicast(63_999).to_string(), "239.255.249.255:5568");
    }

    #[test]
    fn changes_are_sent_at_once_three_times_more_and_then_a_packet_each_800_to_1000_ms() {
        let began = Instant::now();
        let mut pace = Pace::default();
        let mut sent = Vec::new();
        for frame in 0..440 {
            let now = began + FRAME * frame;
            let mut channels = [0; CHANNELS];
            // It changes for a second, and stays for nine.
            channels[0] = frame.min(44) as u8;
            if pace.is_due(&channels, now) {
                pace.sent(&channels, now);
                sent.push(now - began);
            }
        }
        let gaps = sent.windows(2).map(|pair| pair[1] - pair[0]);
        let gaps = gaps.collect::<Vec<_>>();
        assert!(gaps[..47].iter().all(|gap| *gap == FRAME));
        let seldom = Duration::from_millis(800)..=Duration::from_millis(1000);
        assert!(
            gaps[47..].iter().all(|gap| seldom.contains(gap)),
            "{gaps:?}"
        );
        assert_eq!(gaps[47..].len(), 10);
    }
}
