//! The response body of an upgrade, which is the connection.
//!
//! When actix polls the body, it reads the request's payload, drives the session and returns the
//! output that is ready: no task, no channel. actix does not poll a body whose client does not
//! read. The session's handlers would then freeze, with every lock that they hold, so the
//! [`watchdog`](crate::worker::watchdog) drives the session instead.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use wamp_core::__private::log;
use wamp_core::Left;

use crate::websocket::socket::Socket;
use crate::websocket::socket_handle::SocketHandle;
use crate::worker::watchdog;

/// The response body of an upgrade.
pub(crate) struct Body(Rc<SharedSocket>);

/// A WebSocket, shared by its body and the watchdog.
pub(crate) struct SharedSocket {
    socket: RefCell<Socket>,
    socket_handle: Option<SocketHandle>,
    /// The time at which output was handed to actix, if actix has not polled the body since; `None`
    /// while the body waits for something to do.
    handed_over: Cell<Option<Instant>>,
    /// Counts the polls of the body.
    polls: Cell<u64>,
    /// True while the watchdog has the connection in its list.
    pub(crate) is_watched: Cell<bool>,
    /// The watchdog's task that drives the session in place of the body, until the body is polled
    /// again.
    watchdog_task: Cell<Option<Waker>>,
    is_dropped: Cell<bool>,
}

impl Body {
    pub(crate) fn new(socket: Socket, socket_handle: Option<SocketHandle>) -> Self {
        Self(Rc::new(SharedSocket {
            socket: RefCell::new(socket),
            socket_handle,
            handed_over: Cell::new(None),
            polls: Cell::new(0),
            is_watched: Cell::new(false),
            watchdog_task: Cell::new(None),
            is_dropped: Cell::new(false),
        }))
    }
}

impl MessageBody for Body {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let shared = &self.get_mut().0;
        shared.polls.set(shared.polls.get() + 1);
        shared.dismiss_watchdog();
        let mut socket = shared.socket.borrow_mut();
        let output = socket.poll_output(context);
        if let (Poll::Ready(None), true, Some(socket_handle)) =
            (&output, socket.closes_transport(), &shared.socket_handle)
        {
            socket_handle.shutdown_read();
        }
        if output.is_ready() {
            shared.handed_over.set(Some(socket.polled_at()));
            watchdog::watch(shared);
        } else {
            shared.handed_over.set(None);
        }
        output.map(|output| output.map(Ok))
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.0.is_dropped.set(true);
        self.0.socket.borrow_mut().lost(Left::Lost);
        self.0.dismiss_watchdog();
    }
}

impl SharedSocket {
    /// Wakes the watchdog's task, which then finds that the body drives the session again, and
    /// ends.
    fn dismiss_watchdog(&self) {
        if let Some(task) = self.watchdog_task.take() {
            task.wake();
        }
    }

    /// Returns the number of polls, if the body has handed output over and was not polled since.
    pub(crate) fn unpolled(&self) -> Option<u64> {
        (!self.is_dropped.get() && self.handed_over.get().is_some()).then(|| self.polls.get())
    }

    /// Drives the session in place of its body, at most for `Limits::write_stall`. Ready when the
    /// body was polled again, or the connection was aborted.
    pub(crate) fn poll_stalled(&self, context: &mut Context<'_>, polls: u64) -> Poll<()> {
        let (Some(since), true) = (self.handed_over.get(), self.unpolled() == Some(polls)) else {
            return Poll::Ready(());
        };
        self.watchdog_task.set(Some(context.waker().clone()));
        let mut socket = self.socket.borrow_mut();
        let stall = socket.limits().write_stall;
        if socket.poll_stalled(context, since + stall).is_pending() {
            return Poll::Pending;
        }
        tracing::debug!(target: log::SESSION, "connection aborted: the client does not read");
        socket.lost(Left::Stall);
        if let Some(socket_handle) = &self.socket_handle {
            socket_handle.abort();
        }
        Poll::Ready(())
    }
}
