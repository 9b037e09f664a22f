//! How much a core takes from others.

use std::time::Duration;

const MIB: usize = 1 << 20;

/// How much a core takes, so that nobody who reaches it can use up the memory of the machine, or keep others out.
///
/// The defaults are far above what a show needs. What is over a limit is refused or its connection closed, and
/// [`LocalCore::drops`](crate::LocalCore::drops) says so. Bytes are those in memory unless said otherwise, roughly
/// counted. A message has 64 MiB at most on the wire, as on a real server; the header of a request 64 KiB.
///
/// ```
/// let mut limits = rship_dev::Limits::default();
/// limits.entities = 2_000_000;
/// let builder = rship_dev::LocalCore::builder().limits(limits);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// What one message becomes once it is read; 512 MiB.
    pub document: usize,
    /// One entity; 64 MiB.
    pub entity: usize,
    /// All entities together, and those that wait in a window; 512 MiB.
    pub store: usize,
    /// How many entities there are; 1,000,000.
    pub entities: usize,
    /// What waits for one client on the wire; 128 MiB. Whoever reads too slowly is disconnected.
    pub waiting: usize,
    /// What waits for all clients; 512 MiB. The one for whom most waits is disconnected.
    pub waiting_for_all: usize,
    /// How many queries a client has open; 1,000.
    pub queries: usize,
    /// What the queries of one client take, with the ids of what they found; 64 MiB.
    pub query_bytes: usize,
    /// What the queries of all clients take; 256 MiB.
    pub query_bytes_of_all: usize,
    /// How many commands of a client wait for an answer; 10,000.
    pub commands: usize,
    /// Messages of all clients that have not come whole yet; 256 MiB. A client may always have 1 MiB of it.
    pub receiving: usize,
    /// How many clients are connected; 512.
    pub clients: usize,
    /// How many pages look at it; 32.
    pub pages: usize,
    /// How many connections have not opened a WebSocket yet; 128. The oldest makes room for a new one.
    pub opening: usize,
    /// How long the opening of a WebSocket may take; 10 s.
    pub opening_time: Duration,
    /// How long a message may be half sent, or half received, without a byte of it going on; 30 s. It may be twice
    /// that long until it is noticed.
    pub progress: Duration,
    /// What [`Builder::record`](crate::Builder::record) keeps; 256 MiB. The oldest frames make room.
    pub recorded: usize,
    /// What waits for one [follower of events](crate::LocalCore::events); 64 MiB. The oldest make room.
    pub followed: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document: 512 * MIB,
            entity: 64 * MIB,
            store: 512 * MIB,
            entities: 1_000_000,
            waiting: 128 * MIB,
            waiting_for_all: 512 * MIB,
            queries: 1_000,
            query_bytes: 64 * MIB,
            query_bytes_of_all: 256 * MIB,
            commands: 10_000,
            receiving: 256 * MIB,
            clients: 512,
            pages: 32,
            opening: 128,
            opening_time: Duration::from_secs(10),
            progress: Duration::from_secs(30),
            recorded: 256 * MIB,
            followed: 64 * MIB,
        }
    }
}

/// A number of bytes in words.
pub(crate) fn size(bytes: usize) -> String {
    if bytes < MIB {
        format!("{bytes} bytes")
    } else {
        format!("{:.1} MiB", bytes as f64 / MIB as f64)
    }
}
