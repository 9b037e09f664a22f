//! The lamp, by the packets that it sends.

use std::time::Duration;

use rship_tests::{ended, example, within};
use serde_json::json;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::at_work::AtWork;

/// What a packet of E1.31 says; where its bytes are is in table 4-1 of the standard.
#[derive(Debug)]
struct Packet {
    at: Instant,
    sequence: u8,
    terminated: bool,
    universe: u16,
    channels: Vec<u8>,
}

/// The lamp's receiver.
struct Receiver {
    socket: UdpSocket,
    sequence: Option<u8>,
}

impl Receiver {
    async fn bind() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let sequence = None;
        Self { socket, sequence }
    }

    fn address(&self) -> String {
        self.socket.local_addr().unwrap().to_string()
    }

    /// The next packet, which must be whole, and the one behind the last.
    async fn next(&mut self) -> Packet {
        let mut bytes = [0; 1500];
        let size = within("a packet", self.socket.recv(&mut bytes))
            .await
            .unwrap();
        assert_eq!(size, 638);
        assert_eq!(&bytes[4..16], b"ASC-E1.17\0\0\0");
        let packet = Packet {
            at: Instant::now(),
            sequence: bytes[111],
            terminated: bytes[112] & 0x40 != 0,
            universe: u16::from_be_bytes([bytes[113], bytes[114]]),
            channels: bytes[126..size].to_vec(),
        };
        let expected = self.sequence.map(|last| last.wrapping_add(1));
        assert_eq!(packet.sequence, expected.unwrap_or(packet.sequence));
        self.sequence = Some(packet.sequence);
        packet
    }

    /// The packets up to one with these channels from this one on.
    async fn until(&mut self, first: usize, channels: &[u8]) -> Vec<Packet> {
        let mut all = Vec::new();
        loop {
            let packet = self.next().await;
            let is_last = packet.channels[first - 1..].starts_with(channels);
            all.push(packet);
            if is_last {
                return all;
            }
        }
    }
}

fn intensities(packets: &[Packet], address: usize) -> Vec<u8> {
    packets
        .iter()
        .map(|packet| packet.channels[address - 1])
        .collect()
}

#[tokio::test]
async fn a_fade_goes_one_way_to_its_end_and_the_next_one_begins_where_it_is() {
    let mut receiver = Receiver::bind().await;
    let to = receiver.address();
    let arguments = ["--to", &to, "--universe", "258", "--address", "508"];
    let lamp = AtWork::start("lamp", &arguments).await;
    let first = receiver.next().await;
    assert_eq!((first.universe, first.terminated), (258, false));
    assert_eq!(first.channels[507..], [0, 255, 255, 255, 0]);
    assert!(first.channels[..507].iter().all(|value| *value == 0));
    lamp.is_online("lamp", true).await;

    // All the way, with a color, and with what is set meanwhile.
    let amber = json!({"r": 1.0, "g": 0.5, "b": 0.0});
    let fade = json!({"intensity": 1, "color": &amber, "seconds": 1});
    let accepted = lamp.call("lamp:fade", fade).await.unwrap();
    assert_eq!(accepted["accepted"], true);
    lamp.call("lamp:set-strobe", json!(12.5)).await.unwrap();
    let up = receiver.until(508, &[255, 255, 128, 0, 128]).await;
    let levels = intensities(&up, 508);
    assert!(levels.is_sorted(), "{levels:?}");
    assert!(
        levels.iter().any(|level| (1..255).contains(level)),
        "{levels:?}"
    );
    let greens = up.iter().map(|packet| packet.channels[509]);
    assert!(greens.rev().is_sorted());
    lamp.tells("lamp:intensity", json!(1.0)).await;
    lamp.tells("lamp:color", amber).await;

    // Down, and up again before it is there.
    let fade = |intensity: f64, seconds: f64| json!({"intensity": intensity, "seconds": seconds});
    lamp.call("lamp:fade", fade(0.0, 60.0)).await.unwrap();
    while receiver.next().await.channels[507] == 255 {}
    lamp.call("lamp:fade", fade(1.0, 0.5)).await.unwrap();
    let again = intensities(&receiver.until(508, &[255]).await, 508);
    let lowest = again.iter().min().unwrap();
    assert!(*lowest > 200, "60 s down are not far: {again:?}");
    let turn = again.iter().position(|level| level == lowest).unwrap();
    assert!(again[turn..].is_sorted(), "{again:?}");

    // What is set by hand ends a fade.
    lamp.call("lamp:fade", fade(0.0, 60.0)).await.unwrap();
    lamp.call("lamp:set-intensity", json!(0.2)).await.unwrap();
    let mut still = receiver.until(508, &[51]).await;
    for _ in 0..4 {
        still.push(receiver.next().await);
    }
    assert_eq!(still.last().unwrap().channels[507], 51);
    assert_eq!(lamp.core.drops(), []);
}

#[tokio::test]
async fn packets_are_at_most_44_a_second_seldom_while_nothing_changes_and_said_to_be_the_last_at_the_end()
 {
    let mut receiver = Receiver::bind().await;
    let to = receiver.address();
    let mut lamp = AtWork::start("lamp", &["--to", &to]).await;
    receiver.next().await;
    // The first, and three more; then those that only say that it is there.
    for _ in 0..3 {
        receiver.next().await;
    }
    let mut last = receiver.next().await;
    for _ in 0..2 {
        let packet = receiver.next().await;
        let gap = packet.at - last.at;
        // Packets may have waited for a slow receiver.
        assert!(gap > Duration::from_millis(100), "{gap:?}");
        last = packet;
    }
    let fade = json!({"intensity": 1, "seconds": 1});
    lamp.call("lamp:fade", fade).await.unwrap();
    let packets = receiver.until(1, &[255]).await;
    // A slow machine sends fewer. None sends many more: those of a second, and some that are repeated.
    assert!(packets.len() <= 52, "{}", packets.len());

    #[cfg(unix)]
    {
        let pid = rustix::process::Pid::from_raw(lamp.child.id().unwrap() as i32).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let mut ends = 0;
        while ends < 3 {
            ends += u32::from(receiver.next().await.terminated);
        }
        assert!(
            within("the end", lamp.child.wait())
                .await
                .unwrap()
                .success()
        );
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_it_begins() {
    for (arguments, said) in [
        (["--universe", "0"], "0 is not in 1..=63999"),
        (["--address", "509"], "509 is not in 1..=508"),
    ] {
        let (was_success, text) = ended(example("lamp", &arguments).await).await;
        assert!(!was_success && text.contains(said), "{text}");
    }
}
