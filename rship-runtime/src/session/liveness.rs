//! Liveness is progress: pongs matched to pings, and bytes that a full socket takes after all. What comes
//! in proves nothing of what goes out.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::End;
use crate::address::Transport;

/// How many times longer a pong may take while the server sends: it may stand in line behind that.
const BEHIND_OTHERS: u32 = 3;

/// A message of which more has come in than this is a large one, in bytes: a pong stands behind all of it.
const LARGE: usize = 16 << 10;

/// A pong that takes longer than this comes over a slow link.
const SLOW: Duration = Duration::from_millis(500);

/// Marks the numbers of probes.
const PROBE: u64 = 1 << 63;

pub(super) struct Liveness {
    /// How long there may be no progress.
    limit: Duration,
    state: Mutex<State>,
    /// Whether that is so short that each ping has to be watched.
    is_short: bool,
    /// Wakes the judge: a ping was sent, or the socket takes nothing.
    asked: Notify,
    /// The ping that was answered last.
    confirmed: watch::Sender<u64>,
}

struct State {
    heard: Instant,
    /// Bytes that came in since the last whole message.
    partial: usize,
    progress: Instant,
    /// Pings that were not answered yet.
    pings: VecDeque<(u64, Instant)>,
    probes: u64,
    /// Since when the socket takes nothing.
    blocked: Option<Instant>,
}

impl Liveness {
    pub(super) fn new(interval: Duration, limit: Duration) -> Self {
        let now = Instant::now();
        Self {
            limit,
            is_short: limit < interval * 2,
            asked: Notify::new(),
            state: Mutex::new(State {
                heard: now,
                partial: 0,
                progress: now,
                pings: VecDeque::new(),
                probes: 0,
                blocked: None,
            }),
            confirmed: watch::Sender::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many bytes came in.
    pub(super) fn heard(&self, bytes: usize) {
        let mut state = self.state();
        state.heard = Instant::now();
        state.partial += bytes;
    }

    /// A whole message came in.
    pub(super) fn message(&self) {
        self.state().partial = 0;
    }

    /// The socket takes nothing now.
    pub(super) fn blocked(&self) {
        let mut state = self.state();
        if state.blocked.is_none() {
            state.blocked = Some(Instant::now());
            drop(state);
            self.asked.notify_one();
        }
    }

    /// The socket took something.
    pub(super) fn taken(&self) {
        let mut state = self.state();
        if state.blocked.take().is_some() {
            state.progress = Instant::now();
        }
    }

    pub(super) fn pinged(&self, number: u64) {
        self.state().pings.push_back((number, Instant::now()));
        self.asked.notify_one();
    }

    /// The number of a ping that proves progress and nothing else: what was written before it may still
    /// wait.
    pub(super) fn probe(&self) -> u64 {
        let mut state = self.state();
        state.probes += 1;
        let number = PROBE | state.probes;
        state.pings.push_back((number, Instant::now()));
        number
    }

    /// A pong came; whether it answers a ping of this connection behind all that was written before.
    pub(super) fn ponged(&self, number: u64) -> bool {
        let mut state = self.state();
        let Some(at) = state.pings.iter().position(|(ping, _)| *ping == number) else {
            return false;
        };
        state.pings.drain(..=at);
        state.progress = Instant::now();
        drop(state);
        let confirms = number & PROBE == 0;
        if confirms {
            self.confirmed.send_replace(number);
        }
        confirms
    }

    /// Told of each ping that is answered.
    pub(super) fn confirmed(&self) -> watch::Receiver<u64> {
        self.confirmed.subscribe()
    }

    /// Whether pongs take so long that more pings are of use.
    pub(super) fn is_slow(&self) -> bool {
        let state = self.state();
        state
            .pings
            .front()
            .is_some_and(|(_, sent)| sent.elapsed() >= SLOW)
    }

    /// Ready when there was no progress for too long.
    pub(super) async fn lost(&self) -> End {
        loop {
            let next = match self.judge(Instant::now()) {
                Ok(next) => next,
                Err(end) => return end,
            };
            if self.is_in_doubt() {
                sleep_until(next).await;
            } else {
                // An idle connection needs no timer beside that of its pings.
                self.asked.notified().await;
            }
        }
    }

    /// Whether a ping was not answered before the next one, or the socket takes nothing.
    fn is_in_doubt(&self) -> bool {
        let state = self.state();
        state.blocked.is_some() || state.pings.len() > 1 || self.is_short && !state.pings.is_empty()
    }

    /// When to look again, or why the connection is of no use.
    fn judge(&self, now: Instant) -> Result<Instant, End> {
        let state = self.state();
        let pinged = state.pings.front().map(|(_, sent)| *sent);
        let Some(since) = [pinged, state.blocked].into_iter().flatten().min() else {
            return Ok(now + self.limit);
        };
        let mut since = since.max(state.progress);
        if state.partial > LARGE && state.blocked.is_none() {
            // No pong can come before the end of the message that is coming in.
            since = since.max(state.heard);
        }
        let silent = now.duration_since(state.heard) >= self.limit;
        let limit = if silent || state.blocked.is_some() {
            self.limit
        } else {
            self.limit * BEHIND_OTHERS
        };
        let passed = now.duration_since(since);
        if passed < limit {
            // Being silent shortens the time that is left.
            let next = since + limit.min(self.limit);
            return Ok(next.max(now + self.limit / 16));
        }
        Err(if silent {
            End::Silent(passed)
        } else if state.blocked.is_some() {
            End::Stalled(passed)
        } else {
            End::Unanswered(passed)
        })
    }
}

/// A stream that says whether it takes what is written.
pub(super) struct Metered {
    stream: Box<dyn Transport>,
    liveness: Arc<Liveness>,
}

impl Metered {
    pub(super) fn new(stream: Box<dyn Transport>, liveness: &Arc<Liveness>) -> Self {
        Self {
            stream,
            liveness: Arc::clone(liveness),
        }
    }

    fn measure<T>(&self, written: Poll<T>) -> Poll<T> {
        match &written {
            Poll::Pending => self.liveness.blocked(),
            Poll::Ready(_) => self.liveness.taken(),
        }
        written
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let bytes = buffer.filled().len() - before;
        if bytes > 0 {
            self.liveness.heard(bytes);
        }
        read
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.measure(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.measure(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn after(seconds: f64) -> Instant {
        Instant::now() + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_ping_without_a_pong_ends_a_silent_connection_and_a_pong_keeps_it() {
        let liveness = Liveness::new(LIMIT / 3, LIMIT);
        liveness.pinged(1);
        assert!(liveness.judge(after(9.0)).is_ok());
        assert!(matches!(liveness.judge(after(11.0)), Err(End::Silent(_))));
        assert!(liveness.ponged(1) && !liveness.ponged(1));
        assert!(liveness.judge(after(100.0)).is_ok());
    }

    #[test]
    fn a_peer_that_sends_but_answers_no_ping_is_given_up_as_well() {
        let liveness = Liveness::new(LIMIT / 3, LIMIT);
        liveness.pinged(1);
        liveness.state().heard = after(31.0);
        assert!(
            liveness.judge(after(29.0)).is_ok(),
            "pongs may stand in line"
        );
        assert!(matches!(
            liveness.judge(after(31.0)),
            Err(End::Unanswered(_))
        ));
    }

    #[test]
    fn a_pong_is_not_awaited_while_a_large_message_comes_in() {
        let liveness = Liveness::new(LIMIT / 3, LIMIT);
        liveness.pinged(1);
        liveness.heard(1 << 20);
        liveness.state().heard = after(60.0);
        assert!(liveness.judge(after(65.0)).is_ok());
        assert!(liveness.judge(after(71.0)).is_err(), "it came no further");
        liveness.message();
        assert!(liveness.judge(after(65.0)).is_err());
    }

    #[test]
    fn a_socket_that_takes_something_now_and_then_is_alive_and_one_that_takes_nothing_is_not() {
        let liveness = Liveness::new(LIMIT / 3, LIMIT);
        liveness.pinged(1);
        liveness.blocked();
        liveness.state().heard = after(100.0);
        assert!(matches!(liveness.judge(after(11.0)), Err(End::Stalled(_))));
        liveness.taken();
        liveness.blocked();
        liveness.state().progress = after(9.0);
        assert!(liveness.judge(after(18.0)).is_ok());
    }

    #[test]
    fn a_socket_that_was_never_full_says_nothing_of_the_peer() {
        let liveness = Liveness::new(LIMIT / 3, LIMIT);
        liveness.pinged(1);
        liveness.taken();
        assert!(liveness.judge(after(11.0)).is_err());
    }
}
