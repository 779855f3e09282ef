//! Admission of connections: counts them for all workers of a router, and refuses those beyond a
//! limit.

pub(crate) mod client_address;
pub(crate) mod descriptors;
mod refusal;
mod table;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Waker;

use actix_web::HttpRequest;
use parking_lot::Mutex;
use wamp_core::__private::log;
use wamp_core::Limits;

use crate::router::Router;
use crate::router::per_router::PerRouter;
use crate::websocket::socket_handle::SocketHandle;
use client_address::{client_address, is_forwarded};
use descriptors::Descriptors;
pub(crate) use refusal::Full;
use table::Table;

/// The maximum number of connections of a router for which the application sets no limit.
const MOST: usize = 50_000;

/// The open connections of one router.
#[derive(Debug)]
pub(crate) struct Admission {
    /// Computed for the first connection, which shows how many descriptors each one takes.
    bounds: OnceLock<Bounds>,
    table: Mutex<Table>,
    proxy_was_named: AtomicBool,
}

/// The limits, reduced to what this process can open: see [`Bounds::new`].
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Bounds {
    connections: usize,
    connections_per_address: usize,
    opening: usize,
    opening_per_address: usize,
}

/// The place of a connection; dropping it returns the place.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Arc<Admission>,
    address: Option<IpAddr>,
    /// `None` once the connection has a session.
    newcomer: Option<Newcomer>,
    _descriptors: Descriptors,
}

/// A connection without a session.
#[derive(Clone, Debug)]
struct Newcomer {
    arrival: u64,
    notice: Arc<Notice>,
}

/// A request to a connection without a session to make room, and the task to wake for it.
#[derive(Debug, Default)]
struct Notice {
    is_given: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Admission {
    /// Returns the admission of this router, which all workers share although each mounts its own
    /// endpoints.
    pub(crate) fn of(router: &Router) -> Arc<Self> {
        static ADMISSIONS: PerRouter<Admission> = PerRouter::new();
        ADMISSIONS.get(router, || Self {
            bounds: OnceLock::new(),
            table: Mutex::default(),
            proxy_was_named: AtomicBool::new(false),
        })
    }

    /// Takes a place for the connection of a request.
    pub(crate) fn admit_request(
        self: &Arc<Self>,
        router: &Router,
        request: &HttpRequest,
    ) -> Result<Place, Full> {
        let address = client_address(request, router);
        let limited = address.and_then(|address| router.limited_as(address));
        let descriptors = if request.conn_data::<SocketHandle>().is_some() { 2 } else { 1 };
        let admitted = self.admit(router.limits(), limited, descriptors);
        if let (Err(Full::ConnectionsPerAddress), Some(address)) = (&admitted, address)
            && is_forwarded(request)
            && !router.trusts(address)
        {
            self.name_proxy(address);
        }
        if let Err(full) = &admitted {
            router.count_refused(full.limit());
        }
        admitted
    }

    /// Takes a place for a connection with this number of file descriptors. `address` is `None` if
    /// the connections of the address are not limited. If too many connections have no session yet,
    /// the oldest of them has to make room.
    fn admit(
        self: &Arc<Self>,
        limits: &Limits,
        address: Option<IpAddr>,
        descriptors: usize,
    ) -> Result<Place, Full> {
        let bounds = self.bounds.get_or_init(|| Bounds::announced(limits, descriptors));
        let notice = Arc::default();
        let mut table = self.table.lock();
        table.check(address, bounds)?;
        let descriptors = Descriptors::take(descriptors).ok_or(Full::Connections)?;
        let (arrival, oldest) = table.enter(address, Arc::clone(&notice), bounds);
        drop(table);
        if let Some(oldest) = oldest {
            oldest.give();
        }
        let newcomer = Some(Newcomer { arrival, notice });
        Ok(Place { admission: Arc::clone(self), address, newcomer, _descriptors: descriptors })
    }

    /// Warns once about a proxy that is not trusted: all its clients count as one address.
    fn name_proxy(&self, peer: IpAddr) {
        if !self.proxy_was_named.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: log::SESSION,
                "{peer} has reached `Limits::connections_per_address`, and forwards requests of \
                 others: if it is your proxy, `Router::builder().trust_proxies([\"{peer}\"])` \
                 counts each of its clients instead"
            );
        }
    }
}

impl Bounds {
    fn announced(limits: &Limits, descriptors: usize) -> Self {
        let most =
            descriptors::allowed().map_or(usize::MAX, |allowed| (allowed / descriptors).max(1));
        let bounds = Self::new(limits, most);
        let connections = bounds.connections;
        match limits.connections {
            Some(wanted) if wanted > connections => tracing::warn!(
                target: log::SESSION,
                "`Limits::connections` is {wanted}, but the process may open files for \
                 {connections} connections only: raise its limit (`ulimit -n`)"
            ),
            _ => tracing::info!(
                target: log::SESSION, "at most {connections} connections at the same time"
            ),
        }
        bounds
    }

    /// Applies the limits to a process that can have `most` connections open. One address gets at
    /// most half of all connections, and so do all connections without a session together, so that
    /// neither can lock the others out.
    fn new(limits: &Limits, most: usize) -> Self {
        let half = |of: usize| of.div_ceil(2);
        let connections = limits.connections.unwrap_or(MOST).min(most);
        let opening = limits.opening.min(half(connections));
        Self {
            connections,
            connections_per_address: limits.connections_per_address.min(half(connections)),
            opening,
            opening_per_address: limits.opening_per_address.min(half(opening)),
        }
    }
}

impl Place {
    /// Sets the task that is woken when the connection has to make room.
    pub(crate) fn set_task(&self, task: Waker) {
        if let Some(newcomer) = &self.newcomer {
            *newcomer.notice.task.lock() = Some(task);
        }
    }

    /// Returns whether the connection has to make room.
    pub(crate) fn is_wanted(&self) -> bool {
        self.newcomer
            .as_ref()
            .is_some_and(|newcomer| newcomer.notice.is_given.load(Ordering::Acquire))
    }

    /// Records that the connection has a session, so that it need not make room any more.
    pub(crate) fn has_session(&mut self) {
        if let Some(newcomer) = self.newcomer.take() {
            self.admission.table.lock().has_session(newcomer.arrival);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let arrival = self.newcomer.as_ref().map(|newcomer| newcomer.arrival);
        self.admission.table.lock().leave(self.address, arrival);
    }
}

impl Notice {
    fn give(&self) {
        self.is_given.store(true, Ordering::Release);
        if let Some(task) = self.task.lock().take() {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests;
