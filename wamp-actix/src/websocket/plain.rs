//! A second, plainer host: a connection behind the session and the messages of `actix_ws`.
//!
//! `actix_ws` reads and writes the frames. So this host does not see that a message has begun, and
//! learns that one is too long only when all of it has arrived.

use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::HttpMessage as _;
use actix_web::error::PayloadError;
use actix_ws::{
    AggregatedMessage, AggregatedMessageStream, CloseReason, Message, MessageStream, ProtocolError,
};
use bytes::Bytes;
use bytestring::ByteString;
use futures_util::{Sink as _, Stream as _};
use wamp_core::__private::log;
use wamp_core::{Connection, Left, RawMessage, Transport};

use super::frames::{CloseCode, FrameLimits};
use super::liveness::{Liveness, Verdict};
use super::socket::ending::{code, fault};
use super::socket_handle::SocketHandle;
use super::turn::{Budget, Turn};
use super::wake::Wake;
use crate::admission::Place;
use crate::admission::client_address::client_address;
use crate::lengths;
use crate::router::{Accepted, Router};
use crate::worker::clock::Clock;

/// The number of messages that wait for `actix_ws` at which the client is not read.
const MOST_WAITING: usize = 32;

/// A WebSocket of `actix_ws` with its session.
pub(crate) struct Host {
    connection: Connection,
    router: Router,
    place: Place,
    is_binary: bool,
    session: actix_ws::Session,
    messages: AggregatedMessageStream,
    /// The sizes of what the client may send now.
    limits: FrameLimits,
    has_session: bool,
    /// Messages and control frames that `actix_ws` has not taken yet.
    waiting: VecDeque<Message>,
    /// The latest time at which nothing waited, or `actix_ws` took something.
    moved: Instant,
    /// True once a close frame waits. Nothing is read any more, and nothing follows it.
    is_closing: bool,
    socket_handle: Option<SocketHandle>,
    liveness: Liveness,
    clock: Clock,
    turn: Turn,
    wake: Wake,
}

/// The end of the WebSocket: it is closed or lost.
struct Ended;

impl Host {
    pub(crate) fn new(
        router: &Router,
        accepted: Accepted,
        session: actix_ws::Session,
        messages: MessageStream,
    ) -> Self {
        let Accepted { request, serializer, identity, place, .. } = accepted;
        let clock = request.extensions().get::<Clock>().cloned().unwrap_or_default();
        let socket_handle = request.conn_data::<SocketHandle>().cloned();
        let now = clock.now();
        let transport = Transport {
            serializer,
            framing: lengths::framing(),
            identity,
            address: client_address(&request, router),
            host: Rc::new(request),
        };
        let wake = Wake::new(None, now);
        place.set_task(wake.waker().clone());
        let most = FrameLimits::after_welcome(router.limits());
        Self {
            connection: Connection::new(router, transport, now),
            router: router.clone(),
            place,
            is_binary: serializer.is_binary(),
            session,
            messages: messages
                .max_frame_size(most.max_frame_bytes)
                .aggregate_continuations()
                .max_continuation_size(most.max_message_bytes),
            limits: FrameLimits::before_welcome(router.limits()),
            has_session: false,
            waiting: VecDeque::new(),
            moved: now,
            is_closing: false,
            socket_handle,
            liveness: Liveness::new(now),
            clock,
            turn: Turn::default(),
            wake,
        }
    }

    /// Drives the connection. Ready when the WebSocket has ended.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while !self.turn.pauses(context.waker()) {
            let now = self.clock.now();
            match self.drive(context, now) {
                Err(Ended) => return Poll::Ready(()),
                Ok(true) => continue,
                Ok(false) => {}
            }
            let due = self.due();
            if self.wake.poll_alarm(context, &self.clock, now, due).is_pending() {
                return Poll::Pending;
            }
        }
        Poll::Pending
    }

    /// Reads, drives the session, keeps time and sends, once. Returns whether that has to be done
    /// once more, because output that was taken has made room, or the turn is over.
    fn drive(&mut self, context: &mut Context<'_>, now: Instant) -> Result<bool, Ended> {
        let was_full = !self.wants_input();
        let was_woken = self.wake.listen(context.waker());
        self.read(context, now)?;
        self.connection.poll(&mut Context::from_waker(self.wake.waker()), now, was_woken);
        self.follow();
        self.keep_time(now)?;
        let has_moved = self.send(context, now)?;
        if self.is_closing && self.waiting.is_empty() {
            return Err(Ended);
        }
        if was_full && self.wants_input() {
            // Input that back-pressure left unread causes no further wake-up.
            self.turn.end();
        }
        Ok(has_moved || self.turn.is_over())
    }

    fn wants_input(&self) -> bool {
        !self.is_closing && self.waiting.len() < MOST_WAITING && self.connection.wants_input()
    }

    fn read(&mut self, context: &mut Context<'_>, now: Instant) -> Result<(), Ended> {
        let mut budget = Budget::new(now);
        while self.wants_input() {
            let Poll::Ready(received) = Pin::new(&mut self.messages).poll_next(context) else {
                break;
            };
            match received.map(|received| received.map_err(|error| code_of(&error))) {
                Some(Ok(message)) => self.take(message, now),
                Some(Err(Some(code))) => self.violated(code),
                Some(Err(None)) | None => return Err(self.lost(Left::Lost)),
            }
            if budget.spend(&self.clock) {
                self.turn.end();
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, message: AggregatedMessage, now: Instant) {
        self.liveness.hear(now);
        let most = self.limits.max_message_bytes;
        match message {
            AggregatedMessage::Text(text) if text.len() <= most => {
                let kept = self.connection.keeps_messages().then(|| ByteString::from(&*text));
                self.receive(RawMessage::Text(kept.unwrap_or(text)), now);
            }
            AggregatedMessage::Binary(bytes) if bytes.len() <= most => {
                let kept = self.connection.keeps_messages();
                let kept = kept.then(|| Bytes::copy_from_slice(&bytes));
                self.receive(RawMessage::Binary(kept.unwrap_or(bytes)), now);
            }
            AggregatedMessage::Text(_) | AggregatedMessage::Binary(_) => {
                self.violated(CloseCode::TooBig);
            }
            AggregatedMessage::Ping(payload) => self.waiting.push_back(Message::Pong(payload)),
            AggregatedMessage::Pong(_) => {}
            AggregatedMessage::Close(reason) => {
                self.connection.lost(Left::Lost);
                self.close(reason.map(|reason| reason.code.into()));
            }
        }
    }

    fn receive(&mut self, message: RawMessage, now: Instant) {
        self.connection.receive(message, now);
        self.follow();
    }

    /// Closes the WebSocket after a fault in a frame.
    fn violated(&mut self, code: CloseCode) {
        self.connection.lost(Left::Violation);
        self.close_with(code, fault(code));
    }

    /// Raises the limits once the session has opened, and closes the WebSocket once it has ended,
    /// or if admission has chosen it to make room for a new one.
    fn follow(&mut self) {
        if !self.has_session && self.connection.session().is_some() {
            self.has_session = true;
            self.limits = FrameLimits::after_welcome(self.router.limits());
            self.place.has_session();
        }
        if self.is_closing {
            return;
        }
        if self.place.is_wanted() {
            self.connection.lost(Left::Lost);
            self.close_with(CloseCode::TryAgainLater, "too many connections without a session");
        } else if let Some(close) = self.connection.close() {
            let reason = self.connection.close_reason().to_owned();
            self.close_with(code(close), &reason);
        }
    }

    fn close_with(&mut self, code: CloseCode, reason: &str) {
        let code = actix_ws::CloseCode::from(code.code());
        self.close(Some(CloseReason { code, description: Some(reason.to_owned()) }));
    }

    /// Queues a close frame behind what is to be sent before it.
    fn close(&mut self, reason: Option<CloseReason>) {
        self.fill();
        self.waiting.push_back(Message::Close(reason));
        self.is_closing = true;
    }

    fn lost(&mut self, left: Left) -> Ended {
        self.connection.lost(left);
        if let (Left::Stall | Left::Ping, Some(socket_handle)) = (left, &self.socket_handle) {
            socket_handle.abort();
        }
        Ended
    }

    fn keep_time(&mut self, now: Instant) -> Result<(), Ended> {
        if self.waiting.is_empty() {
            self.moved = now;
        } else if self.moved + self.router.limits().write_stall <= now {
            tracing::debug!(
                target: log::SESSION, "connection aborted: the client does not read"
            );
            return Err(self.lost(Left::Stall));
        }
        if !self.wants_input() {
            self.liveness.excuse_silence(now);
        }
        match self.liveness.judge(self.router.limits(), now) {
            Some(Verdict::Silent) => {
                tracing::debug!(target: log::SESSION, "no answer to a ping");
                return Err(self.lost(Left::Ping));
            }
            Some(Verdict::Ping) if !self.is_closing => {
                self.waiting.push_back(Message::Ping(Bytes::new()));
            }
            Some(Verdict::Ping | Verdict::TooSlow) | None => {}
        }
        Ok(())
    }

    fn due(&self) -> Instant {
        let limits = self.router.limits();
        let stall = (!self.waiting.is_empty()).then(|| self.moved + limits.write_stall);
        let dues = [self.connection.deadline(), stall].into_iter().flatten();
        dues.fold(self.liveness.due(limits), Instant::min)
    }

    /// Queues the output of the connection.
    fn fill(&mut self) {
        let output = self.connection.take_output();
        self.waiting.extend(lengths::messages(output.into()).map(|message| {
            if self.is_binary {
                Message::Binary(message)
            } else {
                Message::Text(message.try_into().expect("the core writes JSON in UTF-8"))
            }
        }));
    }

    /// Hands over what waits, as far as `actix_ws` takes it. Returns whether it took something.
    fn send(&mut self, context: &mut Context<'_>, now: Instant) -> Result<bool, Ended> {
        if self.waiting.is_empty() {
            self.fill();
        }
        let mut has_moved = false;
        while !self.waiting.is_empty() {
            let Poll::Ready(ready) = Pin::new(&mut self.session).poll_ready(context) else {
                break;
            };
            let Some(message) = self.waiting.pop_front() else { break };
            self.turn.count(length(&message));
            if ready.and_then(|()| Pin::new(&mut self.session).start_send(message)).is_err() {
                return Err(self.lost(Left::Lost));
            }
            self.connection.output_moves();
            self.liveness.handed_over(!self.waiting.is_empty(), now);
            self.moved = now;
            has_moved = true;
        }
        Ok(has_moved)
    }
}

fn length(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
        _ => 0,
    }
}

/// Returns the code to close with after a fault in a frame; `None` if the transport is lost.
fn code_of(error: &ProtocolError) -> Option<CloseCode> {
    let ProtocolError::Io(error) = error else {
        let is_too_big = matches!(error, ProtocolError::Overflow);
        return Some(if is_too_big { CloseCode::TooBig } else { CloseCode::ProtocolError });
    };
    if error.get_ref().and_then(|cause| cause.downcast_ref::<PayloadError>()).is_some() {
        return None;
    }
    // Both are `InvalidData`, and `actix_ws` gives the one about UTF-8 as text, too.
    Some(match error.kind() {
        std::io::ErrorKind::InvalidData if error.to_string().contains("reserved bits") => {
            CloseCode::ProtocolError
        }
        std::io::ErrorKind::InvalidData => CloseCode::InvalidPayload,
        _ => CloseCode::TooBig,
    })
}
