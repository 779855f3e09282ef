//! One WebSocket: reads frames, passes messages to the session, and hands frames to actix.

pub(super) mod ending;
mod output;

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use futures_util::Stream as _;
use wamp_core::__private::log;
use wamp_core::{Connection, Left, Limits, RawMessage, Router};

use crate::admission::Place;
use crate::websocket::frames::{CloseCode, FrameLimits, Frames, Incoming};
use crate::websocket::liveness::{Liveness, Verdict};
use crate::websocket::turn::{Budget, Turn};
use crate::websocket::wake::Wake;
use crate::worker::clock::Clock;
use ending::{Phase, code, fault};
use output::Output;

/// One WebSocket with its session.
pub(crate) struct Socket {
    connection: Connection,
    router: Router,
    /// The place that admission counts; `None` for the connections of the test client's `join`.
    place: Option<Place>,
    /// True once WELCOME was sent.
    has_session: bool,
    payload: Payload,
    frames: Frames,
    clock: Clock,
    /// True if the connection has more output than room (back-pressure), and continues when actix
    /// has taken some.
    held_back: bool,
    phase: Phase,
    /// The time of the latest poll; the whole poll uses it.
    now: Instant,
    liveness: Liveness,
    output: Output,
    turn: Turn,
    wake: Wake,
}

impl Socket {
    /// `task` is the task that answered the request.
    pub(crate) fn new(
        connection: Connection,
        router: Router,
        payload: Payload,
        clock: Clock,
        task: Waker,
    ) -> Self {
        let now = clock.now();
        let dispatcher = matches!(payload, Payload::H1 { .. }).then_some(task);
        Self {
            connection,
            frames: Frames::new(FrameLimits::before_welcome(router.limits())),
            place: None,
            has_session: false,
            now,
            liveness: Liveness::new(now),
            clock,
            router,
            payload,
            held_back: false,
            phase: Phase::Open,
            output: Output::default(),
            turn: Turn::default(),
            wake: Wake::new(dispatcher, now),
        }
    }

    /// Takes the connection's place, and returns it to admission when the socket is dropped.
    pub(crate) fn occupy(&mut self, place: Place) {
        place.set_task(self.wake.waker().clone());
        self.place = Some(place);
    }

    /// Returns the time of the latest poll.
    pub(crate) fn polled_at(&self) -> Instant {
        self.now
    }

    pub(crate) fn limits(&self) -> &Limits {
        self.router.limits()
    }

    /// Returns the next piece of output; `None` when the WebSocket is closed.
    pub(crate) fn poll_output(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let task = context.waker();
        let reader = self.wake.reader(task);
        while !self.turn.pauses(task) {
            let due = self.drive(task, reader);
            if self.output.is_empty() {
                self.output.fill(self.connection.take_output(), self.phase == Phase::Open);
            }
            if !self.output.is_empty() {
                return Poll::Ready(Some(self.next_piece()));
            }
            if self.phase.is_over() {
                return Poll::Ready(None);
            }
            if self.turn.is_over() {
                continue;
            }
            if due.is_none_or(|due| self.poll_alarm(context, due).is_pending()) {
                return Poll::Pending;
            }
        }
        Poll::Pending
    }

    fn next_piece(&mut self) -> Bytes {
        let piece = self.output.next_piece();
        self.turn.count(piece.len());
        self.connection.output_moves();
        self.liveness.handed_over(self.output.has_more(), self.now);
        piece
    }

    /// Returns whether the server closes the TCP connection once all output is sent.
    pub(crate) fn closes_transport(&self) -> bool {
        self.phase.closes_transport()
    }

    /// Drives the session without sending, for a client that does not read. Ready when `until` has
    /// passed, or the client has disconnected.
    pub(crate) fn poll_stalled(&mut self, context: &mut Context<'_>, until: Instant) -> Poll<()> {
        loop {
            if self.turn.pauses(context.waker()) {
                return Poll::Pending;
            }
            let due = self.drive(context.waker(), context.waker());
            if self.phase.is_given_up() {
                return Poll::Ready(());
            }
            if self.turn.is_over() {
                continue;
            }
            let due = due.map_or(until, |due| due.min(until));
            if self.poll_alarm(context, due).is_pending() {
                return Poll::Pending;
            }
            if self.clock.now() >= until {
                return Poll::Ready(());
            }
        }
    }

    /// Ends the session and drops its handlers, because the transport is lost or aborted.
    pub(crate) fn lost(&mut self, left: Left) {
        self.connection.lost(left);
        self.phase = Phase::Ended;
    }

    fn poll_alarm(&mut self, context: &mut Context<'_>, due: Instant) -> Poll<()> {
        self.wake.poll_alarm(context, &self.clock, self.now, due)
    }

    /// Reads available input, drives the session and checks deadlines. Returns the next deadline.
    /// `task` drives the connection, and `reader` is woken when more input arrives.
    fn drive(&mut self, task: &Waker, reader: &Waker) -> Option<Instant> {
        let now = self.clock.now();
        self.now = now;
        let has_read = self.read(reader, now);
        let was_woken = self.wake.listen(task);
        let is_due = self.wake.due().is_some_and(|due| due <= now);
        // Fast path: actix polls once more after each output, mostly with nothing to do.
        let is_full = !self.wants_input();
        if was_woken {
            self.make_room(now);
        }
        let has_reason = was_woken || is_due || is_full || self.held_back;
        let has_work = (has_reason || has_read) && self.poll_connection(now, was_woken);
        if has_reason || has_work {
            let is_still_full = !self.wants_input();
            self.held_back = is_still_full || self.connection.waits_for_room();
            // Input that back-pressure left unread causes no further wake-up: read on after a
            // pause.
            if is_full && !is_still_full {
                self.turn.end();
            }
            if is_full {
                // The client may have answered: its input lies unread.
                self.liveness.excuse_silence(now);
                self.liveness.excuse_slowness(now);
            }
            self.keep_time(now);
            self.follow(now);
            self.wake.set_due(self.next_due());
        }
        self.wake.due()
    }

    /// Drives the session. Returns false if there was nothing to do.
    fn poll_connection(&mut self, now: Instant, was_woken: bool) -> bool {
        let context = &mut Context::from_waker(self.wake.waker());
        self.connection.poll(context, now, was_woken)
    }

    /// Reads the client's frames, up to the end of the turn. Returns whether a message may have
    /// arrived.
    fn read(&mut self, reader: &Waker, now: Instant) -> bool {
        let (mut budget, mut has_read) = (Budget::new(now), false);
        while !self.phase.is_over() && self.wants_input() {
            // A message that the session keeps must not pin the buffer of many others.
            self.frames.set_apart(self.connection.keeps_messages());
            match self.frames.next() {
                Ok(Some(incoming)) => {
                    self.take(incoming, now);
                    if budget.spend(&self.clock) {
                        self.turn.end();
                        return true;
                    }
                }
                Ok(None) => {
                    match Pin::new(&mut self.payload).poll_next(&mut Context::from_waker(reader)) {
                        Poll::Ready(Some(Ok(bytes))) => {
                            if self.liveness.hear(now) {
                                self.wake.set_due(Some(now));
                            }
                            self.frames.feed(&bytes);
                        }
                        Poll::Ready(Some(Err(_)) | None) => self.lost(Left::Lost),
                        Poll::Pending => {
                            if self.liveness.assembling(self.frames.assembling(), now) {
                                self.wake.set_due(Some(now));
                            }
                            return has_read;
                        }
                    }
                }
                Err(_) if self.phase != Phase::Open => self.lost(Left::Lost),
                Err(code) => {
                    self.router.count_violation("websocket");
                    self.connection.lost(Left::Violation);
                    self.close(code, fault(code), now);
                    return true;
                }
            }
            has_read = true;
        }
        has_read
    }

    fn wants_input(&self) -> bool {
        self.connection.wants_input() && self.output.has_room()
    }

    fn take(&mut self, incoming: Incoming, now: Instant) {
        match incoming {
            Incoming::Close(code) => {
                let phase = if self.phase == Phase::Open {
                    self.output.reply_close(code);
                    Phase::Answered
                } else {
                    Phase::Done { answered: true }
                };
                self.connection.lost(Left::Lost);
                self.phase = phase;
            }
            _ if self.phase != Phase::Open => {}
            Incoming::Text(text) => self.message(RawMessage::Text(text), now),
            Incoming::Binary(bytes) => self.message(RawMessage::Binary(bytes), now),
            Incoming::Ping(payload) => self.output.pong(payload),
            Incoming::Pong(_) => {}
        }
    }

    fn message(&mut self, frame: RawMessage, now: Instant) {
        self.liveness.completed();
        self.connection.receive(frame, now);
        self.follow(now);
    }

    /// Closes the connection if admission has chosen it to make room for a new one, because no
    /// other has been without a session for longer.
    fn make_room(&mut self, now: Instant) {
        if self.phase == Phase::Open && self.place.as_ref().is_some_and(Place::is_wanted) {
            self.router.count_refused("opening");
            self.connection.lost(Left::Lost);
            self.close(CloseCode::TryAgainLater, "too many connections without a session", now);
            // The client's close frame is not awaited.
            self.phase = Phase::Closing { until: now };
        }
    }

    /// Raises the frame limits once the session has opened, and closes the WebSocket once it has
    /// ended.
    fn follow(&mut self, now: Instant) {
        if !self.has_session && self.connection.session().is_some() {
            self.has_session = true;
            self.frames.set_limits(FrameLimits::after_welcome(self.router.limits()));
            if let Some(place) = &mut self.place {
                place.has_session();
            }
        }
        if self.phase == Phase::Open
            && let Some(close) = self.connection.close()
        {
            let reason = self.connection.close_reason().to_owned();
            self.close(code(close), &reason, now);
        }
    }

    fn keep_time(&mut self, now: Instant) {
        if self.held_back {
            self.liveness.excuse_silence(now);
        }
        if !self.wants_input() {
            self.liveness.excuse_slowness(now);
        }
        match self.phase {
            Phase::Closing { until } if until <= now => {
                self.phase = Phase::Done { answered: false }
            }
            Phase::Open => match self.liveness.judge(self.router.limits(), now) {
                Some(Verdict::TooSlow) => {
                    self.connection.lost(Left::Stall);
                    self.close(CloseCode::PolicyViolation, "the message took too long", now);
                }
                Some(Verdict::Silent) => {
                    tracing::debug!(target: log::SESSION, "no answer to a ping");
                    self.lost(Left::Ping);
                }
                Some(Verdict::Ping) => self.output.ping(),
                None => {}
            },
            Phase::Closing { .. } | Phase::Answered | Phase::Done { .. } | Phase::Ended => {}
        }
    }

    fn next_due(&self) -> Option<Instant> {
        match self.phase {
            Phase::Answered | Phase::Done { .. } | Phase::Ended => None,
            Phase::Closing { until } => Some(until),
            Phase::Open => {
                let due = self.liveness.due(self.limits());
                Some(self.connection.deadline().map_or(due, |deadline| deadline.min(due)))
            }
        }
    }

    /// Sends a close frame; the session has ended.
    fn close(&mut self, code: CloseCode, reason: &str, now: Instant) {
        self.output.close(code, reason);
        self.phase = Phase::Closing { until: now + self.limits().close_timeout };
    }
}
