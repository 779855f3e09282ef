//! A joined client, which matches the server's messages to its requests and subscriptions.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use serde_json::{Map, Value};
use wamp_core::{Error, PublicationId, Reply, SessionId, uris};

use super::callee::{Callee, Invoked};
use super::calling::Call;
use super::hello::Hello;
use super::message::Message;
use super::requests::{Publish, Register, Subscribe};
use super::subscribed::{Event, Inbox};
use super::{JoinError, Received, Wire};
use crate::worker::clock::ManualClock;

/// A client that has joined. A clone is the same client, so that several requests can be in flight.
///
/// The server runs only while the client awaits something: otherwise the client is one that does
/// not read. A client that has [registered](Self::register) a procedure reads at all times.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "actix's bodies have none")]
pub struct Client(Rc<RefCell<State>>);

/// A client that a task of its own refers to, without keeping it.
#[derive(Clone)]
pub(super) struct WeakClient(Weak<RefCell<State>>);

impl WeakClient {
    /// Returns the client; `None` once the test has dropped it.
    pub(super) fn upgrade(&self) -> Option<Client> {
        self.0.upgrade().map(Client)
    }
}

pub(super) struct State {
    wire: Wire,
    welcome: Map<String, Value>,
    session: SessionId,
    last_request: u64,
    /// The answers to requests that nobody has taken yet: several for a progressive call.
    pub(super) answers: HashMap<u64, VecDeque<Message>>,
    pub(super) inboxes: HashMap<u64, Inbox>,
    pub(super) callee: Callee,
    pub(super) ended: Option<Error>,
    waiting: Arc<Waiting>,
}

/// The tasks that await something of a client: a task that reads from the server wakes all of them.
#[derive(Default)]
struct Waiting(Mutex<Vec<Waker>>);

impl Waiting {
    fn push(&self, waker: &Waker) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(waker.clone());
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl Client {
    pub(super) async fn join(mut wire: Wire, hello: Hello) -> Result<Self, JoinError> {
        let answer = hello.answered(&mut wire).await.ok_or(JoinError::Closed)?;
        let session = SessionId::new(answer.number(1)).filter(|_| answer.code() == 2);
        let session = session.ok_or_else(|| JoinError::Aborted(answer.ending()))?;
        Ok(Self(Rc::new(RefCell::new(State {
            wire,
            welcome: answer.dict(2),
            session,
            last_request: 0,
            answers: HashMap::new(),
            inboxes: HashMap::new(),
            callee: Callee::default(),
            ended: None,
            waiting: Arc::default(),
        }))))
    }

    /// Returns the id of the session.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.0.borrow().session
    }

    /// Returns the details of WELCOME.
    #[must_use]
    pub fn welcome(&self) -> Map<String, Value> {
        self.0.borrow().welcome.clone()
    }

    /// Returns the clock of the connection.
    #[must_use]
    pub fn clock(&self) -> ManualClock {
        self.0.borrow().wire.clock().clone()
    }

    /// Starts a CALL. Awaiting it returns the RESULT or the ERROR.
    pub fn call(&self, procedure: &str) -> Call {
        Call::new(self.clone(), procedure)
    }

    /// Starts a PUBLISH. Awaiting it requests an acknowledgement, and returns PUBLISHED or the
    /// ERROR.
    pub fn publish(&self, topic: &str) -> Publish {
        Publish::new(self.clone(), topic)
    }

    /// Starts a SUBSCRIBE. Awaiting it returns the subscription or the ERROR.
    pub fn subscribe(&self, topic: &str) -> Subscribe {
        Subscribe::new(self.clone(), topic)
    }

    /// Starts a REGISTER. Awaiting it returns the registration or the ERROR; from then on `callee`
    /// answers what is invoked, in a task of its own. A panic in it is answered with
    /// `wamp.error.runtime_error`.
    pub fn register<C>(&self, procedure: &str, callee: C) -> Register
    where
        C: AsyncFn(Invoked) -> Result<Reply, Error> + 'static,
    {
        Register::new(self.clone(), procedure, callee)
    }

    /// Leaves with GOODBYE. Returns the reason in the answer.
    pub async fn goodbye(self) -> String {
        self.0.borrow().wire.send_message(r#"[6,{},"wamp.close.close_realm"]"#);
        self.closed().await.uri().to_owned()
    }

    /// Waits until the session has ended. Returns the reason of GOODBYE or ABORT.
    pub async fn closed(&self) -> Error {
        poll_fn(|context| self.poll(context, |state| state.ended.clone())).await
    }

    /// Runs the server until it is idle.
    pub async fn settle(&self) {
        poll_fn(|context| {
            let _ = self.poll(context, |_| None::<()>);
            Poll::Ready(())
        })
        .await;
    }

    pub(super) fn downgrade(&self) -> WeakClient {
        WeakClient(Rc::downgrade(&self.0))
    }

    /// Calls a function with the state, which nothing else may use meanwhile.
    pub(super) fn with<T>(&self, function: impl FnOnce(&mut State) -> T) -> T {
        function(&mut self.0.borrow_mut())
    }

    /// Sends a request with the next id and waits for its answer.
    pub(super) async fn request(
        &self,
        message: impl FnOnce(u64) -> Value,
    ) -> Result<Message, Error> {
        let request = self.next_request();
        self.send(&message(request));
        poll_fn(|context| self.poll_answer(context, request)).await
    }

    /// Waits for the next answer to a request.
    pub(super) fn poll_answer(
        &self,
        context: &mut Context<'_>,
        request: u64,
    ) -> Poll<Result<Message, Error>> {
        self.poll(context, |state| {
            let answer = state.answers.get_mut(&request).and_then(VecDeque::pop_front);
            match (answer, &state.ended) {
                (Some(answer), _) if answer.code() == 8 => Some(Err(answer.error(4))),
                (Some(answer), _) => Some(Ok(answer)),
                (None, Some(ended)) => Some(Err(ended.clone())),
                (None, None) => None,
            }
        })
    }

    /// Returns the id of the next request.
    pub(super) fn next_request(&self) -> u64 {
        let mut state = self.0.borrow_mut();
        state.last_request += 1;
        state.last_request
    }

    pub(super) fn send(&self, message: &Value) {
        self.0.borrow().wire.send_message(&message.to_string());
    }

    /// Reads the server's messages until `ready` returns a value.
    pub(super) fn poll<T>(
        &self,
        context: &mut Context<'_>,
        mut ready: impl FnMut(&mut State) -> Option<T>,
    ) -> Poll<T> {
        let mut state = self.0.borrow_mut();
        let waiting = Arc::clone(&state.waiting);
        let waker = Waker::from(Arc::clone(&waiting));
        loop {
            if let Some(found) = ready(&mut state) {
                waiting.wake();
                return Poll::Ready(found);
            }
            match state.wire.poll_receive(&mut Context::from_waker(&waker)) {
                Poll::Ready(Some(received)) => state.take(received),
                Poll::Ready(None) if state.ended.is_none() => {
                    state.ended = Some(Error::new("test.error.closed"));
                }
                Poll::Ready(None) | Poll::Pending => {
                    waiting.push(context.waker());
                    return Poll::Pending;
                }
            }
        }
    }
}

impl State {
    fn take(&mut self, received: Received) {
        match received {
            Received::Ping => self.wire.send_frame(0x8a, b""),
            Received::Pong(_) => {}
            Received::Close(_) => {
                self.ended.get_or_insert_with(|| Error::new("test.error.closed"));
            }
            message => {
                let text = self.wire.message(message).unwrap_or_default();
                self.message(Message::of(text));
            }
        }
    }

    fn message(&mut self, message: Message) {
        match (message.code(), message.number(1)) {
            (3 | 6, _) => self.end(&message),
            (8, _) => self.answer(message.number(2), message),
            (35, 0) => self.inbox(message.dict(2).get("subscription")).revoke(&message),
            (36, subscription) => {
                let Some(publication) = PublicationId::new(message.number(2)) else { return };
                let (details, payload) = (message.dict(3), message.payload(4));
                let event = Event { publication, details, payload };
                self.inboxes.entry(subscription).or_default().events.push_back(event);
            }
            (67, 0) => self.callee.revoke(&message),
            (68, request) => self.callee.invoke(request, &message),
            (69, request) => self.callee.interrupt(request),
            (code, request) => {
                if code == 33 {
                    self.inboxes.entry(message.number(2)).or_default().revoked = None;
                } else if code == 65 {
                    self.callee.registered(request, message.number(2));
                }
                self.answer(request, message);
            }
        }
    }

    fn inbox(&mut self, subscription: Option<&Value>) -> &mut Inbox {
        let subscription = subscription.and_then(Value::as_u64).unwrap_or_default();
        self.inboxes.entry(subscription).or_default()
    }

    fn answer(&mut self, request: u64, answer: Message) {
        self.answers.entry(request).or_default().push_back(answer);
    }

    fn end(&mut self, message: &Message) {
        if message.code() == 6 && message.text(2) != uris::GOODBYE_AND_OUT {
            self.wire.send_message(r#"[6,{},"wamp.close.goodbye_and_out"]"#);
        }
        self.ended.get_or_insert_with(|| message.ending());
    }
}

/// Wakes the task that answers invocations, so that it ends.
impl Drop for State {
    fn drop(&mut self) {
        Arc::clone(&self.waiting).wake();
    }
}
