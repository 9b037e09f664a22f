//! The proxy that the tests put between executors and servers: it does what its toxics say.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use rship_tests::{Direction, Proxy, Toxic, until, within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Longer than a loopback takes, unless something holds it.
const MOMENT: Duration = Duration::from_millis(150);

/// Both ends of a connection through a proxy.
struct Ends {
    proxy: Proxy,
    server: TcpListener,
    near: TcpStream,
    far: TcpStream,
}

impl Ends {
    async fn open() -> Self {
        let server = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let proxy = Proxy::to(server.local_addr().unwrap()).await;
        let near = TcpStream::connect(proxy.addr()).await.unwrap();
        let (far, _) = within("connection", server.accept()).await.unwrap();
        let mut ends = Self {
            proxy,
            server,
            near,
            far,
        };
        ends.passes(Direction::Up).await;
        ends.passes(Direction::Down).await;
        ends
    }

    fn way(&mut self, direction: Direction) -> (&mut TcpStream, &mut TcpStream) {
        match direction {
            Direction::Up => (&mut self.near, &mut self.far),
            Direction::Down => (&mut self.far, &mut self.near),
        }
    }

    async fn passes(&mut self, direction: Direction) {
        let (from, to) = self.way(direction);
        from.write_all(b"hello").await.unwrap();
        let mut read = [0; 5];
        within("bytes", to.read_exact(&mut read)).await.unwrap();
        assert_eq!(&read, b"hello");
    }

    fn acted(&self, name: &'static str, direction: Direction) -> u64 {
        let acted = self.proxy.acted();
        acted.get(&(name, direction)).copied().unwrap_or(0)
    }
}

#[tokio::test]
async fn what_is_late_narrow_or_sliced_arrives_whole_and_later() {
    let ms = Duration::from_millis;
    let (delay, jitter) = (ms(200), ms(50));
    let toxics = [
        (Toxic::Latency { delay, jitter }, ms(150)),
        (Toxic::Bandwidth { rate: 10_000 }, ms(150)),
        (
            Toxic::Slicer {
                size: 500,
                delay: ms(50),
            },
            ms(150),
        ),
    ];
    for direction in [Direction::Up, Direction::Down] {
        for (toxic, least) in toxics {
            let mut ends = Ends::open().await;
            ends.proxy.add(direction, toxic);
            let begin = Instant::now();
            let (from, to) = ends.way(direction);
            let sent: Vec<u8> = (0..2000_u32).map(|n| n.to_le_bytes()[0]).collect();
            from.write_all(&sent).await.unwrap();
            let mut read = vec![0; sent.len()];
            within("bytes", to.read_exact(&mut read)).await.unwrap();
            assert_eq!(read, sent);
            assert!(begin.elapsed() >= least, "{toxic:?}");
            assert!(ends.acted(toxic.name(), direction) > 0);
            let back = match direction {
                Direction::Up => Direction::Down,
                Direction::Down => Direction::Up,
            };
            ends.passes(back).await;
            assert_eq!(ends.acted(toxic.name(), back), 0);
        }
    }
}

#[tokio::test]
async fn what_a_stall_keeps_passes_when_it_is_over() {
    let mut ends = Ends::open().await;
    let stall = ends.proxy.add(Direction::Up, Toxic::Stall);
    ends.near.write_all(b"hello").await.unwrap();
    let mut read = [0; 5];
    let early = timeout(MOMENT, ends.far.read_exact(&mut read)).await;
    assert!(early.is_err());
    assert_eq!(ends.acted("stall", Direction::Up), 1);
    ends.passes(Direction::Down).await;
    ends.proxy.remove(stall);
    within("bytes", ends.far.read_exact(&mut read))
        .await
        .unwrap();
    assert_eq!(&read, b"hello");
}

#[tokio::test]
async fn a_stall_of_what_is_open_leaves_new_connections_alone() {
    let mut ends = Ends::open().await;
    ends.proxy.add_to_open(Direction::Up, Toxic::Stall);
    ends.near.write_all(b"hello").await.unwrap();
    let early = timeout(MOMENT, ends.far.read_u8()).await;
    assert!(early.is_err());
    ends.near = TcpStream::connect(ends.proxy.addr()).await.unwrap();
    (ends.far, _) = within("connection", ends.server.accept()).await.unwrap();
    ends.passes(Direction::Up).await;
}

#[tokio::test]
async fn a_connection_ends_as_each_toxic_says() {
    let after = Duration::from_millis(50);
    let bytes = 3;
    for toxic in [
        Toxic::LimitData { bytes },
        Toxic::Timeout { after },
        Toxic::ResetPeer { after },
        Toxic::Down,
    ] {
        let mut ends = Ends::open().await;
        ends.proxy.add(Direction::Up, toxic);
        // It may have ended by now.
        let _ = ends.near.write_all(b"hello").await;
        let mut read = Vec::new();
        let ended = within("end", ends.far.read_to_end(&mut read)).await;
        let is_reset = ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset);
        match toxic {
            Toxic::LimitData { .. } => assert_eq!(read, b"hel"),
            Toxic::Timeout { .. } => assert!(read.is_empty()),
            _ => assert!(is_reset, "{toxic:?}"),
        }
        assert_eq!(ends.acted(toxic.name(), Direction::Up), 1, "{toxic:?}");
        until("the end of it", || ends.proxy.open() == 0).await;
    }
}

#[tokio::test]
async fn a_slow_close_is_told_later() {
    let mut ends = Ends::open().await;
    let delay = Duration::from_millis(200);
    ends.proxy.add(Direction::Down, Toxic::SlowClose { delay });
    let begin = Instant::now();
    drop(ends.far);
    assert_eq!(within("end", ends.near.read(&mut [0])).await.unwrap(), 0);
    assert!(begin.elapsed() >= delay);
    let acted = ends.proxy.acted();
    assert_eq!(acted[&("slow_close", Direction::Down)], 1);
}

#[tokio::test]
async fn who_is_half_open_is_told_nothing_until_that_is_over() {
    let mut ends = Ends::open().await;
    let half = ends.proxy.add(Direction::Up, Toxic::HalfOpen);
    let reset = within("reset", ends.far.read_u8()).await.unwrap_err();
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
    ends.near.write_all(b"hello").await.unwrap();
    assert!(timeout(MOMENT, ends.near.read_u8()).await.is_err());
    assert_eq!(ends.acted("half_open", Direction::Up), 1);
    let dead = std::mem::replace(
        &mut ends.near,
        TcpStream::connect(ends.proxy.addr()).await.unwrap(),
    );
    (ends.far, _) = within("connection", ends.server.accept()).await.unwrap();
    ends.passes(Direction::Up).await;
    ends.proxy.remove(half);
    let mut dead = dead;
    let reset = within("reset", dead.read_u8()).await.unwrap_err();
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
}
