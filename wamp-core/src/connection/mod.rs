//! One connection: the states of its session, from HELLO to the end of the transport.

mod asked;
mod calls;
mod core;
mod departures;
mod ending;
mod invocations;
mod layers;
mod observed;
mod open;
mod opening;
mod publications;
mod receiving;
mod registrations;
mod stall;
mod subscriptions;
mod throttle;
mod transport;

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

use crate::auth::Denied;
use crate::codec::serializer::Serializer;
use crate::identity::Identity;
use crate::limits::Limits;
use crate::message::batch::Batch;
use crate::realm::session::Session;
use crate::router::{Counted, Router};
use crate::session::left::Left;
use crate::session::send_buffer::SendBuffer;
use open::{OpenSession, PollResult};
use opening::{Admission, Login};
pub use transport::{Close, Transport};

/// The protocol on one transport, without the transport: frames and the time go in, frames come
/// out.
///
/// Whenever the transport or the waker asks for it, the host does this, in this order:
///
/// 1. It calls [`receive`](Self::receive) for each message of the client, while the connection
///    [`wants_input`](Self::wants_input).
/// 2. It calls [`poll`](Self::poll) if it received a message, if the waker was woken, or if the
///    [`deadline`](Self::deadline) is over. A poll without work returns at once.
/// 3. It sends what [`take_output`](Self::take_output) returns. If the connection did wait
///    [for room](Self::waits_for_room) before, or did not [want input](Self::wants_input), the host
///    polls once more.
/// 4. It closes the transport, after the output, once [`close`](Self::close) returns a reason.
///
/// Handlers run inside these calls. [`lost`](Self::lost), or dropping the connection, ends its
/// session.
///
/// ```
/// use std::rc::Rc;
/// use std::task::{Context, Waker};
/// use std::time::Instant;
/// use wamp_core::{Connection, Framing, Identity, Router, Serializer, Transport};
///
/// let router = Router::builder().handlers([]).build()?;
/// let transport = Transport {
///     serializer: Serializer::Json,
///     framing: Framing { reserve: 0, seal: |_, _, _| {} },
///     identity: Identity::anonymous(),
///     address: None,
///     host: Rc::new(()),
/// };
/// let mut connection = Connection::new(&router, transport, Instant::now());
/// connection.receive(r#"[1,"realm1",{"roles":{"caller":{}}}]"#.into(), Instant::now());
/// assert!(connection.take_output().starts_with(b"[2,"));
/// assert!(connection.wants_input());
/// // After messages, when the waker was woken, or when the deadline is over:
/// let is_woken = false;
/// connection.poll(&mut Context::from_waker(Waker::noop()), Instant::now(), is_woken);
/// # Ok::<(), wamp_core::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    router: Counted,
    serializer: Serializer,
    address: Option<IpAddr>,
    host: Rc<dyn Any>,
    /// False for the session of a single request.
    is_listed: bool,
    /// True if the host has authenticated the client.
    is_authenticated: bool,
    send_buffer: Rc<RefCell<SendBuffer>>,
    /// The router's, and from HELLO on the realm's.
    limits: Arc<Limits>,
    state: State,
    /// Batches that were received and whose messages are not all taken, for want of room.
    batches: VecDeque<Batch>,
    close: Option<Close>,
    close_reason: Box<str>,
}

#[derive(Debug)]
enum State {
    /// HELLO has not come.
    Opening { until: Instant, identity: Box<Identity> },
    /// The realm finds out who the client is.
    Authenticating(Box<Login>),
    /// The client will be refused: all are after the same time, whatever was wrong.
    Denied { until: Instant, denied: Denied },
    /// `#[session]` handlers decide.
    Admitting { until: Instant, admission: Box<Admission> },
    /// WELCOME was sent.
    Open(Box<OpenSession>),
    /// Our GOODBYE was sent; theirs is awaited.
    Leaving { until: Instant, then: Close },
    /// Nothing is sent or read any more.
    Ended,
}

impl Connection {
    /// Creates a connection whose client has to send HELLO now.
    #[must_use]
    pub fn new(router: &Router, transport: Transport, now: Instant) -> Self {
        let Transport { serializer, framing, identity, address, host } = transport;
        router.complaints().settle(now);
        Self {
            router: Counted::new(router.clone()),
            serializer,
            address,
            host,
            is_listed: true,
            is_authenticated: false,
            send_buffer: Rc::new(RefCell::new(SendBuffer::new(serializer, framing))),
            state: State::Opening {
                until: now + router.limits().hello_timeout,
                identity: Box::new(identity),
            },
            limits: Arc::clone(router.shared_limits()),
            batches: VecDeque::new(),
            close: None,
            close_reason: Box::default(),
        }
    }

    /// Makes the session one of a single request, for a host that opens a session for each, as the
    /// bridge from HTTP does: the meta API does not list it or tell of its coming and going, and
    /// neither the metrics nor an [`Observer`](crate::Observer) count it as a session. Its calls
    /// and subscriptions are those of any session.
    #[must_use]
    pub fn unlisted(mut self) -> Self {
        self.is_listed = false;
        self
    }

    /// Gives the session the identity of its [`Transport`] in every realm, because the host has
    /// authenticated the client: the realm's methods of authentication are not asked, and the
    /// client is not challenged, whatever its HELLO offers. `#[session]` handlers, roles and
    /// authorisers hold as for any session.
    #[must_use]
    pub fn authenticated(mut self) -> Self {
        self.is_authenticated = true;
        self
    }

    /// Drives handlers, takes what other sessions sent, and keeps time. Returns false if there was
    /// nothing to do, and then [`close`](Self::close), [`session`](Self::session) and
    /// [`deadline`](Self::deadline) are as before.
    ///
    /// `is_woken` tells that the waker was woken since the last call. Without that the connection
    /// does nothing unless the client's messages left work, a time is to be kept, or something
    /// waits for room: most calls are answered when [`receive`](Self::receive) returns.
    ///
    /// With it a round begins: every session that waited for a turn when the waker was woken has
    /// had one, so this client may publish again. A host with many connections on a thread takes
    /// those whose wakers were woken one after the other: so subscribers that read keep up with a
    /// publisher that does not stop. If they do not, it waits for 40 ms, however often it is woken.
    pub fn poll(&mut self, context: &mut TaskContext<'_>, now: Instant, is_woken: bool) -> bool {
        // A poll for nothing would be 4 % of the instructions of a call that comes alone (`1x1` of
        // the benchmarks).
        let has_work = is_woken || self.has_work();
        if has_work {
            self.drive(context, now, is_woken);
        }
        has_work
    }

    fn drive(&mut self, context: &mut TaskContext<'_>, now: Instant, is_woken: bool) {
        if let State::Open(session) = &mut self.state
            && is_woken
        {
            session.begin_round(now);
        }
        self.send_buffer.borrow_mut().attend();
        if let State::Open(session) = &mut self.state {
            session.begin_turn(now);
        }
        if !self.batches.is_empty() {
            self.go_on_receiving(context, now);
        }
        if !matches!(self.state, State::Open(_)) {
            self.go_on_opening(context, now);
        }
        if let State::Open(session) = &mut self.state {
            match session.poll(context, now) {
                PollResult::Continues => {}
                PollResult::Leaves { reason, message } => {
                    self.leave(&reason, message.as_deref(), Close::Normal, now);
                }
                PollResult::ShutsDown => self.shut_down(now),
                PollResult::Overflowed => self.overflowed(now),
                PollResult::TooFast => self.too_fast(now),
            }
        }
        if self.awaits_turn() && !self.is_pausing() {
            // Nothing else might ask for the next turn.
            context.waker().wake_by_ref();
        }
        self.expire(now);
        let mut send_buffer = self.send_buffer.borrow_mut();
        send_buffer.know_host(context.waker());
        send_buffer.leave();
    }

    /// Drives the login and the handlers that decide before WELCOME.
    fn go_on_opening(&mut self, context: &mut TaskContext<'_>, now: Instant) {
        self.notice_shutdown(context);
        self.log_in(context, now);
        if let State::Admitting { admission, .. } = &mut self.state
            && let Poll::Ready(decision) = admission.work.poll(context)
        {
            self.decided(decision);
        }
    }

    /// Returns whether there is something to do for a host whose waker was not woken.
    fn has_work(&self) -> bool {
        match &self.state {
            State::Open(session) => {
                session.has_work() || session.waits_for_room || !self.wants_input()
            }
            _ => true,
        }
    }

    /// Returns the finished frames, one behind the other, to be sent as they are.
    pub fn take_output(&mut self) -> Vec<u8> {
        if let State::Open(session) = &self.state
            && let Some(observed) = &session.core.observed
        {
            observed.hand_over();
        }
        self.send_buffer.borrow_mut().take()
    }

    /// Tells the connection that the client takes its output. [`take_output`](Self::take_output)
    /// tells it, too; a host that hands its output over in pieces says so for each. A client that
    /// takes nothing for [`Limits::write_stall`], while there is no room for its events, has missed
    /// those that wait for it, and is cut off when they are too many.
    pub fn output_moves(&mut self) {
        self.send_buffer.borrow_mut().moves();
    }

    /// Returns the bytes that wait in [`take_output`](Self::take_output).
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.send_buffer.borrow().len()
    }

    /// Returns false while so many answers wait to be sent that the client should not be read, when
    /// it has published so much that other sessions should have their turn, and when it has used up
    /// its [rate](Limits::messages_per_second). [`poll`](Self::poll) lets it go on, and wakes the
    /// waker where others have to go first.
    ///
    /// Events and progressive results, however many there are, do not make it false: they wait for
    /// room of their own.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        self.batches.is_empty() && self.may_go_on()
    }

    /// Returns whether messages of the client are kept: of calls in flight, and of publications and
    /// chunks that wait.
    ///
    /// They are counted by their length. So a host whose messages share a large buffer should copy
    /// those that come while this is true.
    #[must_use]
    pub fn keeps_messages(&self) -> bool {
        matches!(&self.state, State::Open(session) if session.keeps_messages())
    }

    /// Returns whether [`poll`](Self::poll) has left events or results of handlers for want of
    /// room. Taking the output makes room: `poll` should be called again then.
    #[must_use]
    pub fn waits_for_room(&self) -> bool {
        matches!(&self.state, State::Open(session) if session.waits_for_room)
    }

    fn has_room(&self) -> bool {
        self.send_buffer.borrow().has_room_for_answers(&self.limits)
    }

    fn may_go_on(&self) -> bool {
        self.has_room() && !self.has_published_enough() && !self.is_throttled()
    }

    fn has_published_enough(&self) -> bool {
        matches!(&self.state, State::Open(session) if session.core.pace.is_enough())
    }

    fn is_throttled(&self) -> bool {
        matches!(&self.state, State::Open(session) if session.is_throttled())
    }

    fn awaits_turn(&self) -> bool {
        matches!(
            &self.state,
            State::Open(session)
                if session.core.pace.is_enough() || session.publications.is_held_back()
        )
    }

    fn is_pausing(&self) -> bool {
        matches!(&self.state, State::Open(session) if session.core.pace.pause().is_some())
    }

    /// Returns the time at which [`poll`](Self::poll) must be called although nothing happens.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Opening { until, .. }
            | State::Denied { until, .. }
            | State::Admitting { until, .. }
            | State::Leaving { until, .. } => Some(*until),
            State::Authenticating(login) => Some(login.deadline()),
            State::Open(session) => session.deadline_of_client(),
            State::Ended => None,
        }
    }

    /// Returns why the transport must be closed once the output is sent; `None` while it stays
    /// open.
    #[must_use]
    pub fn close(&self) -> Option<Close> {
        self.close
    }

    /// Returns the reason of the close for people: the text of the ABORT that was sent, or empty. A
    /// transport whose close can carry a text, as WebSocket's, should send it, cut to the length
    /// that it takes.
    #[must_use]
    pub fn close_reason(&self) -> &str {
        &self.close_reason
    }

    /// Returns the session while it is open.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match &self.state {
            State::Open(session) => Some(session.core.session()),
            _ => None,
        }
    }

    /// Ends the session without a message, because the transport is gone or the host closes it:
    /// [`Left::Lost`], or [`Left::Stall`], [`Left::Ping`] or [`Left::Violation`] for what the host
    /// demands of a transport. Does nothing if the session has ended.
    pub fn lost(&mut self, left: Left) {
        self.leaves(left);
        self.end(Close::Normal);
    }
}
