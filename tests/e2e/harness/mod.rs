//! The parts of the tests: a server process, a WebSocket driven by hand, a WAMP session on it, a
//! witness, programs of Debian.

mod debian;
mod http;
mod nginx;
mod prometheus;
mod server;
mod session;
mod socket;
mod witness;

use std::time::{Duration, Instant};

pub(crate) use http::get;
pub(crate) use nginx::Nginx;
pub(crate) use prometheus::{Prometheus, complaints};
pub(crate) use server::{PATH, Server, executable, path};
pub(crate) use session::{Session, hello};
pub(crate) use socket::{
    BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, Received, Socket, TEXT, UPGRADE, exchange,
    exchange_on, frame,
};
pub(crate) use witness::beside_a_witness;

/// The time after which an expected event counts as missing, even on a loaded machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15);

/// Retries until the condition is true.
pub(crate) fn eventually(what: &str, is_so: impl FnMut() -> bool) {
    within(DEADLINE, what, is_so);
}

/// Like [`eventually`], with a deadline.
pub(crate) fn within(deadline: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < deadline, "{what}: not within {deadline:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
