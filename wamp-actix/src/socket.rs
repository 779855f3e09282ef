//! One WebSocket: frames in, the protocol in the middle, frames out; pings, time limits and close codes beside it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use futures_util::Stream as _;
use wamp_core::{Close, Connection, Frame, Limits, Router};

use crate::admission::Place;
use crate::clock::{Alarm, Clock};
use crate::frames::{self, CloseCode, FrameLimits, Frames, Incoming};
use crate::pacer::Wakeup;
use crate::rest::Rest;

/// Messages that are read before the other connections of the worker get their turn. What a publisher may do in a turn has
/// bounds of its own: see [`Connection::wants_input`].
const BURST: usize = 64;

/// After so many messages it is seen how long they took: rarely enough that small ones do not pay for it.
const LOOK: usize = 8;

/// A turn that took longer ends. What a stranger sends may take milliseconds for each message: a publication to a thousand
/// patterns, a long answer of the meta API.
const TURN: Duration = Duration::from_millis(2);

/// Bytes that are handed over before the other connections of the worker get their turn. A peer that reads as fast as a
/// handler writes never makes its task wait.
const OUTPUT: usize = 2 * PIECE_BYTES;

/// The most that is handed to actix at once: it asks for more only when that is nearly sent, which is how it is seen
/// that the peer takes something.
const PIECE_BYTES: usize = 64 << 10;

/// One WebSocket with its session.
pub(crate) struct Socket {
    connection: Connection,
    router: Router,
    /// Counts the connection; none where no endpoint let it in.
    place: Option<Place>,
    /// WELCOME was sent.
    has_session: bool,
    payload: Payload,
    frames: Frames,
    clock: Clock,
    alarm: Alarm,
    /// What others wake the connection by, in its turn.
    wakeup: Arc<Wakeup>,
    waker: Waker,
    /// The task that drives the connection now.
    task: Waker,
    /// The task that fills the payload, if that is actix's dispatcher.
    dispatcher: Option<Waker>,
    /// The connection left work undone for want of room, which there is when its output is taken.
    held_back: bool,
    /// When something is to be done although nothing comes, or an earlier time.
    due: Option<Instant>,
    phase: Phase,
    /// The time of the latest poll: what happens in it happens at once.
    now: Instant,
    /// When the peer was heard last.
    heard: Instant,
    /// When it was sent the ping after which it was not heard.
    pinged: Option<Instant>,
    /// The ping lies in what was not handed over yet.
    is_ping_queued: bool,
    /// When the message that is not complete yet began.
    begun: Option<Instant>,
    /// What is ready and was not handed over yet.
    output: Bytes,
    /// Bytes that were handed over in this turn.
    handed: usize,
    /// The turn is over: the worker's other tasks come first.
    resting: bool,
    rest: Rest,
    /// Control frames, which go out after the messages that are ready.
    control: Vec<u8>,
    /// The answer to the latest ping: of a flood, only that one is answered.
    pong: Option<Bytes>,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Our close frame is sent; what still comes is read and dropped, so that the peer sees all that we sent.
    Closing {
        until: Instant,
    },
    /// The peer's close frame is answered, which may have to wait for what is sent before.
    Answered,
    /// Our close frame is answered, or was not in time.
    Done {
        answered: bool,
    },
    /// Nobody is there any more.
    Ended,
}

impl Socket {
    /// `task` is the one in which the request was answered.
    pub(crate) fn new(
        connection: Connection,
        router: Router,
        payload: Payload,
        clock: Clock,
        task: Waker,
    ) -> Self {
        let (now, wakeup) = (clock.now(), Wakeup::new());
        Self {
            connection,
            frames: Frames::new(FrameLimits::before_welcome(router.limits())),
            place: None,
            has_session: false,
            now,
            heard: now,
            clock,
            router,
            alarm: Alarm::default(),
            waker: Waker::from(Arc::clone(&wakeup)),
            wakeup,
            task: Waker::noop().clone(),
            dispatcher: matches!(payload, Payload::H1 { .. }).then_some(task),
            payload,
            held_back: false,
            due: Some(now),
            phase: Phase::Open,
            pinged: None,
            is_ping_queued: false,
            begun: None,
            output: Bytes::new(),
            handed: 0,
            resting: false,
            rest: Rest::default(),
            control: Vec::new(),
            pong: None,
        }
    }

    /// Keeps the place of this connection for as long as it is there.
    pub(crate) fn occupy(&mut self, place: Place) {
        place.set_task(self.waker.clone());
        self.place = Some(place);
    }

    /// The time of the latest poll.
    pub(crate) fn polled_at(&self) -> Instant {
        self.now
    }

    pub(crate) fn limits(&self) -> &Limits {
        self.router.limits()
    }

    /// What is ready to be sent, a piece at a time; `None` when the WebSocket is over.
    pub(crate) fn poll_output(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let task = context.waker();
        // actix's dispatcher fills its payload only in a poll in which it asks the body afterwards. So nobody need be woken
        // for it; the dispatcher's own task, woken while it runs, would do everything once more: 16 % of the instructions of
        // `1x1`.
        let reader = match &self.dispatcher {
            Some(dispatcher) if dispatcher.will_wake(task) => Waker::noop(),
            _ => task,
        };
        while !self.rests(context) {
            let due = self.drive(task, reader);
            if self.output.is_empty() {
                self.output = self.take_output().into();
            }
            if !self.output.is_empty() {
                return Poll::Ready(Some(self.next_piece()));
            }
            if self.is_over() {
                return Poll::Ready(None);
            }
            if self.resting {
                continue;
            }
            if due.is_none_or(|due| self.poll_alarm(context, due).is_pending()) {
                return Poll::Pending;
            }
        }
        Poll::Pending
    }

    fn next_piece(&mut self) -> Bytes {
        let piece = self.output.split_to(self.output.len().min(PIECE_BYTES));
        self.handed += piece.len();
        self.resting |= self.handed >= OUTPUT;
        self.connection.output_moves();
        if self.is_ping_queued {
            // The peer takes what comes before the ping, which it cannot have seen.
            self.pinged = Some(self.now);
            self.is_ping_queued = !(self.output.is_empty() && self.control.is_empty());
        }
        piece
    }

    /// Whether nothing is read any more.
    fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Answered | Phase::Done { .. } | Phase::Ended)
    }

    /// Whether it is for us to close the transport when all is sent (RFC 6455, section 7.1.1).
    pub(crate) fn hangs_up(&self) -> bool {
        matches!(self.phase, Phase::Answered | Phase::Done { .. })
    }

    /// Whether to stop here: the turn is over, and the rest after it is not.
    fn rests(&mut self, context: &mut Context<'_>) -> bool {
        if std::mem::take(&mut self.resting) {
            self.handed = 0;
            self.rest.begin();
        }
        self.rest.goes_on(context.waker())
    }

    /// Reads and works without sending, while nobody asks for output. Ready when `until` has passed, or the peer is gone.
    pub(crate) fn poll_stalled(&mut self, context: &mut Context<'_>, until: Instant) -> Poll<()> {
        loop {
            if self.rests(context) {
                return Poll::Pending;
            }
            let due = self.drive(context.waker(), context.waker());
            if matches!(self.phase, Phase::Done { answered: false } | Phase::Ended) {
                return Poll::Ready(());
            }
            if self.resting {
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

    /// The transport is gone, or is given up: the session ends with its handlers.
    pub(crate) fn lost(&mut self) {
        self.connection.lost();
        self.phase = Phase::Ended;
    }

    fn poll_alarm(&mut self, context: &mut Context<'_>, due: Instant) -> Poll<()> {
        self.alarm.poll(context, &self.clock, self.now, due)
    }

    /// Reads what there is, drives the session, keeps time; tells when it must be called again at the latest. `task` drives
    /// the connection, and `reader` is woken when there is more to read.
    fn drive(&mut self, task: &Waker, reader: &Waker) -> Option<Instant> {
        let now = self.clock.now();
        self.now = now;
        let has_read = self.read(reader, now);
        let has_moved = !self.task.will_wake(task);
        if has_moved {
            self.task.clone_from(task);
            self.alarm.unset();
        }
        let was_woken = self.wakeup.listen(has_moved.then_some(task));
        let is_due = self.due.is_some_and(|due| due <= now);
        // actix asks once more after each output, mostly for nothing.
        let is_full = !self.wants_input();
        if was_woken {
            self.make_room(now);
            self.connection.begin_round(now);
        }
        if was_woken || is_due || is_full || self.held_back || has_read && self.connection.needs_poll() {
            self.connection.poll(&mut Context::from_waker(&self.waker), now);
            let is_still_full = !self.wants_input();
            self.held_back = is_still_full || self.connection.waits_for_room();
            // What was not read for want of room is not announced once more.
            self.resting |= is_full && !is_still_full;
            self.keep_time(now);
            self.follow(now);
            self.due = self.next_due();
        }
        self.due
    }

    /// Takes what the peer sent; whether a message may have come.
    fn read(&mut self, reader: &Waker, now: Instant) -> bool {
        let (mut left, mut has_read) = (BURST, false);
        while !self.is_over() && self.wants_input() {
            // Whoever lets messages wait could make each of them keep the buffer of many alive.
            self.frames.set_apart(self.connection.keeps_messages());
            match self.frames.next() {
                Ok(Some(incoming)) => {
                    self.take(incoming, now);
                    left -= 1;
                    let is_late = || left % LOOK == 0 && self.clock.now().duration_since(now) >= TURN;
                    if left == 0 || is_late() {
                        self.resting = true;
                        return true;
                    }
                }
                Ok(None) => match Pin::new(&mut self.payload).poll_next(&mut Context::from_waker(reader)) {
                    Poll::Ready(Some(Ok(bytes))) => {
                        self.heard = now;
                        if self.pinged.take().is_some() {
                            // The next ping may be due before the pong would have been.
                            self.due = Some(now);
                        }
                        self.frames.feed(&bytes);
                    }
                    Poll::Ready(Some(Err(_)) | None) => self.lost(),
                    Poll::Pending => {
                        let begun = self.frames.assembling().then(|| self.begun.unwrap_or(now));
                        if std::mem::replace(&mut self.begun, begun) != begun {
                            self.due = Some(now);
                        }
                        return has_read;
                    }
                },
                Err(_) if self.phase != Phase::Open => self.lost(),
                Err(code) => {
                    self.close(code, fault(code), now);
                    return true;
                }
            }
            has_read = true;
        }
        has_read
    }

    fn wants_input(&self) -> bool {
        self.connection.wants_input() && self.output.len() < PIECE_BYTES
    }

    fn take(&mut self, incoming: Incoming, now: Instant) {
        match incoming {
            Incoming::Close(code) => {
                let phase = if self.phase == Phase::Open {
                    frames::write_close_reply(&mut self.control, code);
                    Phase::Answered
                } else {
                    Phase::Done { answered: true }
                };
                self.connection.lost();
                self.phase = phase;
            }
            _ if self.phase != Phase::Open => {}
            Incoming::Text(text) => self.message(Frame::Text(text), now),
            Incoming::Binary(bytes) => self.message(Frame::Binary(bytes), now),
            Incoming::Ping(payload) => self.pong = Some(payload),
            Incoming::Pong(_) => {}
        }
    }

    fn message(&mut self, frame: Frame, now: Instant) {
        self.begun = None;
        self.connection.receive(frame, now);
        self.follow(now);
    }

    /// A newcomer gets the place, if this connection has been without a session for longer than all others.
    fn make_room(&mut self, now: Instant) {
        if self.phase == Phase::Open && self.place.as_ref().is_some_and(Place::is_wanted) {
            self.close(CloseCode::TryAgainLater, "too many connections without a session", now);
            // Nor does anybody wait for its answer.
            self.phase = Phase::Closing { until: now };
        }
    }

    /// Closes the WebSocket once the session says so, and lets the peer send more once it has one.
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
        let Limits { ping_interval, pong_timeout, assembly_timeout, .. } = *self.limits();
        // A peer that is not read cannot be heard, nor can it finish a message; and one that has much to take would see a ping
        // late. Then it is the write stall that counts.
        if self.held_back {
            self.heard = now;
            self.pinged = self.pinged.map(|_| now);
        }
        if !self.wants_input() {
            self.begun = self.begun.map(|_| now);
        }
        match self.phase {
            Phase::Closing { until } if until <= now => self.phase = Phase::Done { answered: false },
            Phase::Closing { .. } | Phase::Answered | Phase::Done { .. } | Phase::Ended => {}
            Phase::Open if self.begun.is_some_and(|begun| begun + assembly_timeout <= now) => {
                self.close(CloseCode::PolicyViolation, "the message took too long", now);
            }
            Phase::Open if self.pinged.is_some_and(|pinged| pinged + pong_timeout <= now) => {
                tracing::debug!("no answer to a ping");
                self.lost();
            }
            Phase::Open if self.pinged.is_none() && self.heard + ping_interval <= now => {
                self.pinged = Some(now);
                self.is_ping_queued = true;
                frames::write_ping(&mut self.control, b"");
            }
            Phase::Open => {}
        }
    }

    fn next_due(&self) -> Option<Instant> {
        let Limits { ping_interval, pong_timeout, assembly_timeout, .. } = *self.limits();
        match self.phase {
            Phase::Answered | Phase::Done { .. } | Phase::Ended => None,
            Phase::Closing { until } => Some(until),
            Phase::Open => {
                let silence = self.pinged.map_or(self.heard + ping_interval, |pinged| pinged + pong_timeout);
                let begun = self.begun.map(|begun| begun + assembly_timeout);
                [Some(silence), begun, self.connection.deadline()].into_iter().flatten().min()
            }
        }
    }

    fn close(&mut self, code: CloseCode, reason: &str, now: Instant) {
        frames::write_close(&mut self.control, code, reason);
        self.connection.lost();
        self.phase = Phase::Closing { until: now + self.limits().close_timeout };
    }

    fn take_output(&mut self) -> Vec<u8> {
        let mut output = self.connection.take_output();
        if let Some(payload) = self.pong.take()
            && self.phase == Phase::Open
        {
            frames::write_pong(&mut output, &payload);
        }
        output.append(&mut self.control);
        output
    }
}

/// The close code of a session's end (decision 2 of the conformance list).
fn code(close: Close) -> CloseCode {
    match close {
        Close::Normal => CloseCode::Normal,
        Close::Violation => CloseCode::ProtocolError,
        Close::Shutdown => CloseCode::ServiceRestart,
        Close::Refused | Close::TooSlow => CloseCode::PolicyViolation,
        Close::NoRoom => CloseCode::TryAgainLater,
        _ => CloseCode::InternalError,
    }
}

/// What a frame did that was wrong, for the people at the other end.
fn fault(code: CloseCode) -> &'static str {
    match code {
        CloseCode::TooBig => "a frame or a message is longer than it may be",
        CloseCode::InvalidPayload => "a text is not UTF-8",
        _ => "a frame is not as RFC 6455 has it",
    }
}
