//! What comes on a connection before a WebSocket is open on it: HTTP, for executors and for the page.

use std::convert::Infallible;
use std::future::ready;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming as Body};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::meter::{Meter, Metered};
use super::opening::{PATH, Refusal};
use super::session::{Incoming, Socket, explain};
use super::shared::Shared;
use crate::codec;
use crate::explained::excerpt;
use crate::page::{self, assets};

/// The header of a request may take so much.
const HEADER: usize = 64 << 10;
/// What a page may say at once.
const FROM_PAGE: usize = 4 << 20;
/// How much of a path is said again.
const SHOWN: usize = 200;

/// Who opened a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guest {
    /// An executor, or a user interface: it speaks Myko.
    Client,
    /// The page.
    Page,
}

/// A WebSocket that is open, and its seat.
pub(crate) struct Arrival {
    pub(crate) guest: Guest,
    pub(crate) socket: Socket,
    pub(crate) _seat: OwnedSemaphorePermit,
}

/// An answer to a request.
type Answer = Response<Full<Bytes>>;

/// A WebSocket that opens once its answer is sent.
struct Accepted {
    guest: Guest,
    upgrade: OnUpgrade,
    seat: OwnedSemaphorePermit,
}

/// A connection, as long as it speaks HTTP.
struct Visit<'s> {
    shared: &'s Arc<Shared>,
    local: Option<IpAddr>,
    so_far: Mutex<SoFar>,
}

struct SoFar {
    /// When it came, or was last answered with something that there is.
    since: Instant,
    /// Whether it ever was.
    served: bool,
    accepted: Option<Accepted>,
}

/// Speaks HTTP until a WebSocket is open, for those who may open one.
pub(crate) async fn open(
    incoming: Incoming,
    shared: &Arc<Shared>,
    meter: &Arc<Meter>,
) -> Option<Arrival> {
    let Incoming { stream, local } = incoming;
    let mut place = shared.half_open.enter(shared.limits.opening);
    let visit = Visit {
        shared,
        local,
        so_far: Mutex::new(SoFar {
            since: Instant::now(),
            served: false,
            accepted: None,
        }),
    };
    let stream = Metered::new(stream, Arc::clone(meter), shared.limits.receiving);
    let service = service_fn(|request| ready(Ok::<_, Infallible>(visit.answer(request))));
    let mut http = http1::Builder::new();
    http.auto_date_header(false).max_buf_size(HEADER);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection.with_upgrades());
    // Browsers open connections that they may need, and keep those that they needed.
    let (why, idle) = loop {
        tokio::select! {
            biased;
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(target: "rship_dev", %error, "no WebSocket came of a connection");
                }
                return visit.arrival().await;
            }
            () = sleep_until(visit.until()) => if visit.until() <= Instant::now() {
                let limit = humantime::format_duration(shared.limits.opening_time);
                break (format!("it opened no WebSocket within {limit}"), !meter.heard());
            },
            _ = &mut place.crowded_out => {
                let most = shared.limits.opening;
                let why = format!("more than {most} connections had not opened a WebSocket yet, and the oldest is closed");
                break (why, false);
            }
        }
    };
    if !idle && !visit.so_far().served {
        explain(shared, &why);
    }
    None
}

impl Visit<'_> {
    fn so_far(&self) -> MutexGuard<'_, SoFar> {
        // A panic leaves a time that is still a time.
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When it has taken too long.
    fn until(&self) -> Instant {
        self.so_far().since + self.shared.limits.opening_time
    }

    fn answer(&self, mut request: Request<Body>) -> Answer {
        let upgrade = request
            .headers()
            .contains_key(UPGRADE)
            .then(|| hyper::upgrade::on(&mut request));
        let request = request.map(|_| ());
        match self.checked(&request, upgrade) {
            Ok(answer) => answer,
            Err(refusal) => {
                // A browser asks for what a page might have, and drops nothing when it is not there.
                let meant = request.headers().contains_key(UPGRADE);
                if meant || refusal.status != StatusCode::NOT_FOUND {
                    explain(self.shared, &refusal.reason);
                }
                text(&refusal)
            }
        }
    }

    fn checked(
        &self,
        request: &Request<()>,
        upgrade: Option<OnUpgrade>,
    ) -> Result<Answer, Refusal> {
        let path = request.uri().path();
        let doors = &self.shared.doors;
        let guest = match path {
            PATH => {
                doors.check(request, self.local)?;
                Guest::Client
            }
            page::SOCKET => {
                doors.check_page(request, self.local)?;
                Guest::Page
            }
            // A program that opens a WebSocket there has the wrong path.
            _ if upgrade.is_some() => return Err(nothing_at(path)),
            _ => return self.file(request),
        };
        let Some(upgrade) = upgrade else {
            let reason = format!("this is a WebSocket, the page is at / and its socket at {path}");
            return Ok(text(&Refusal::new(StatusCode::UPGRADE_REQUIRED, reason)));
        };
        let response = match create_response(request) {
            Ok(response) => response,
            Err(error) => {
                tracing::debug!(target: "rship_dev", %error, "no WebSocket came of a request");
                let refusal = Refusal::new(StatusCode::BAD_REQUEST, error.to_string());
                return Ok(text(&refusal));
            }
        };
        let (seats, most) = match guest {
            Guest::Client => (&self.shared.seats, self.shared.limits.clients),
            Guest::Page => (&self.shared.page_seats, self.shared.limits.pages),
        };
        let seat = Arc::clone(seats)
            .try_acquire_owned()
            .map_err(|_| match guest {
                Guest::Client => Refusal::full(most),
                Guest::Page => Refusal::full_of_pages(most),
            })?;
        self.so_far().accepted = Some(Accepted {
            guest,
            upgrade,
            seat,
        });
        Ok(response.map(|()| Full::default()))
    }

    /// A file of the page.
    fn file(&self, request: &Request<()>) -> Result<Answer, Refusal> {
        let path = request.uri().path();
        let Some(asset) = assets::find(path) else {
            return Err(nothing_at(path));
        };
        self.shared.doors.check_page(request, self.local)?;
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let reason = format!("{} is not for files: take GET", request.method());
            let mut answer = text(&Refusal::new(StatusCode::METHOD_NOT_ALLOWED, reason));
            let allowed = HeaderValue::from_static("GET, HEAD");
            answer.headers_mut().insert(ALLOW, allowed);
            return Ok(answer);
        }
        let mut so_far = self.so_far();
        so_far.since = Instant::now();
        so_far.served = true;
        Ok(asset.response(request))
    }

    /// What was accepted, once its answer went.
    async fn arrival(&self) -> Option<Arrival> {
        let accepted = self.so_far().accepted.take()?;
        let upgraded = accepted.upgrade.await.ok()?;
        let parts = upgraded.downcast::<TokioIo<Metered>>().ok()?;
        let mut stream = parts.io.into_inner();
        stream.begin(&parts.read_buf);
        let config = match accepted.guest {
            Guest::Client => codec::config(),
            Guest::Page => WebSocketConfig::default()
                .max_message_size(Some(FROM_PAGE))
                .max_frame_size(Some(FROM_PAGE)),
        };
        let already = parts.read_buf.to_vec();
        let socket =
            WebSocketStream::from_partially_read(stream, already, Role::Server, Some(config));
        Some(Arrival {
            guest: accepted.guest,
            socket: socket.await,
            _seat: accepted.seat,
        })
    }
}

fn nothing_at(path: &str) -> Refusal {
    let path = excerpt(path, SHOWN);
    let reason = format!("there is nothing at {path}, the WebSocket is at {PATH}");
    Refusal::new(StatusCode::NOT_FOUND, reason)
}

/// A refusal as it is sent.
fn text(refusal: &Refusal) -> Answer {
    let mut answer = refusal
        .response()
        .map(|said| Full::from(Bytes::from(said.unwrap_or_default())));
    let headers = answer.headers_mut();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(CONTENT_TYPE, plain);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}
