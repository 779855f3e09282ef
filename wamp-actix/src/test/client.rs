//! A joined client, which matches the server's messages to its requests and subscriptions.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use serde_json::{Map, Value, json};
use wamp_core::{Error, Payload, PublicationId, SessionId, SubscriptionId};

use super::hello::Hello;
use super::requests::{Call, Publish};
use super::{JoinError, Received, Wire};
use crate::worker::clock::ManualClock;

/// A client that has joined. A clone is the same client, so that several requests can be in flight.
///
/// The server runs only while the client awaits something: otherwise the client is one that does
/// not read.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "actix's bodies have none")]
pub struct Client(Rc<RefCell<ClientState>>);

struct ClientState {
    wire: Wire,
    welcome: Map<String, Value>,
    session: SessionId,
    last_request: u64,
    answers: HashMap<u64, Vec<Value>>,
    events: HashMap<u64, VecDeque<Event>>,
    ended: Option<Error>,
    waiting: Arc<Waiting>,
}

/// The tasks that await something of a client: a task that reads from the server wakes all of them.
#[derive(Default)]
struct Waiting(Mutex<Vec<Waker>>);

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(Waker::wake);
    }
}

/// An EVENT.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The id of the publication.
    pub publication: PublicationId,
    /// The details, such as `retained`.
    pub details: Map<String, Value>,
    /// The arguments.
    pub payload: Payload,
}

impl Client {
    pub(super) async fn join(mut wire: Wire, hello: Hello) -> Result<Self, JoinError> {
        let answer = hello.answered(&mut wire).await.ok_or(JoinError::Closed)?;
        Self::answered(wire, &answer)
    }

    fn answered(wire: Wire, text: &str) -> Result<Self, JoinError> {
        let message = Message::of(text);
        let Some(session) =
            (message.code() == 2).then(|| SessionId::new(message.number(1))).flatten()
        else {
            let error = Error::new(message.text(2)).arg(message.dict(1).get("message").cloned());
            return Err(JoinError::Aborted(error));
        };
        Ok(Self(Rc::new(RefCell::new(ClientState {
            wire,
            welcome: message.dict(2),
            session,
            last_request: 0,
            answers: HashMap::new(),
            events: HashMap::new(),
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

    /// Subscribes to a topic.
    ///
    /// # Errors
    /// The ERROR that refuses the subscription.
    pub async fn subscribe(&self, topic: &str) -> Result<Subscribed, Error> {
        let answer = self.request(|request| json!([32, request, {}, topic])).await?;
        let id =
            SubscriptionId::new(answer.number(2)).ok_or_else(|| Error::new("test.error.no_id"))?;
        Ok(Subscribed { client: self.clone(), id })
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

    /// Sends a request with the next id and waits for its answer.
    pub(super) async fn request(
        &self,
        message: impl FnOnce(u64) -> Value,
    ) -> Result<Message, Error> {
        let request = self.send(message);
        let answer = poll_fn(|context| {
            self.poll(context, |state| match (state.answers.remove(&request), &state.ended) {
                (Some(answer), _) => Some(Ok(Message(answer))),
                (None, Some(ended)) => Some(Err(ended.clone())),
                (None, None) => None,
            })
        });
        let answer = answer.await?;
        if answer.code() == 8 { Err(answer.error(4)) } else { Ok(answer) }
    }

    /// Sends a request with the next id.
    pub(super) fn send(&self, message: impl FnOnce(u64) -> Value) -> u64 {
        let mut state = self.0.borrow_mut();
        state.last_request += 1;
        state.wire.send_message(&message(state.last_request).to_string());
        state.last_request
    }

    /// Reads the server's messages until `ready` returns a value.
    fn poll<T>(
        &self,
        context: &mut Context<'_>,
        mut ready: impl FnMut(&mut ClientState) -> Option<T>,
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
                    waiting
                        .0
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(context.waker().clone());
                    return Poll::Pending;
                }
            }
        }
    }
}

impl ClientState {
    fn take(&mut self, received: Received) {
        match received {
            Received::Ping => self.wire.send_frame(0x8a, b""),
            Received::Pong(_) => {}
            Received::Close(_) => {
                self.ended.get_or_insert_with(|| Error::new("test.error.closed"));
            }
            message => {
                let text = self.wire.message(message).unwrap_or_default();
                self.message(Message::of(&text));
            }
        }
    }

    fn message(&mut self, message: Message) {
        match message.code() {
            3 | 6 => {
                let text = message.dict(1).get("message").cloned();
                if message.code() == 6 && message.text(2) != wamp_core::uris::GOODBYE_AND_OUT {
                    self.wire.send_message(r#"[6,{},"wamp.close.goodbye_and_out"]"#);
                }
                self.ended.get_or_insert_with(|| Error::new(message.text(2)).arg(text));
            }
            36 => {
                let Some(publication) = PublicationId::new(message.number(2)) else { return };
                let event =
                    Event { publication, details: message.dict(3), payload: message.payload(4) };
                self.events.entry(message.number(1)).or_default().push_back(event);
            }
            8 => drop(self.answers.insert(message.number(2), message.0)),
            _ => drop(self.answers.insert(message.number(1), message.0)),
        }
    }
}

/// A subscription of a client.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "as `Client`")]
pub struct Subscribed {
    client: Client,
    id: SubscriptionId,
}

impl Subscribed {
    /// Returns the id of the subscription.
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.id
    }

    /// Waits for the next event; `None` once the session has ended.
    pub async fn next(&mut self) -> Option<Event> {
        let id = self.id.get();
        poll_fn(|context| {
            self.client.poll(context, |state| {
                match state.events.get_mut(&id).and_then(VecDeque::pop_front) {
                    Some(event) => Some(Some(event)),
                    None => state.ended.is_some().then_some(None),
                }
            })
        })
        .await
    }

    /// Runs the server until it is idle, and returns the next event if there is one.
    pub async fn try_next(&mut self) -> Option<Event> {
        self.client.settle().await;
        self.client.0.borrow_mut().events.get_mut(&self.id.get()).and_then(VecDeque::pop_front)
    }

    /// Ends the subscription.
    ///
    /// # Errors
    /// The ERROR that answers UNSUBSCRIBE.
    pub async fn unsubscribe(self) -> Result<(), Error> {
        self.client.request(|request| json!([34, request, self.id])).await.map(drop)
    }
}

/// A message of the server. A missing element reads as null, so that the test fails where it uses
/// it.
pub(super) struct Message(Vec<Value>);

impl Message {
    fn of(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    fn code(&self) -> u64 {
        self.number(0)
    }

    pub(super) fn number(&self, at: usize) -> u64 {
        self.0.get(at).and_then(Value::as_u64).unwrap_or_default()
    }

    fn text(&self, at: usize) -> String {
        self.0.get(at).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn dict(&self, at: usize) -> Map<String, Value> {
        self.0.get(at).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// Returns `Arguments` and `ArgumentsKw`, which begin at this element.
    pub(super) fn payload(&self, at: usize) -> Payload {
        let args = self.0.get(at).and_then(Value::as_array).into_iter().flatten();
        let payload = args.fold(Payload::builder(), wamp_core::PayloadBuilder::arg);
        let payload = self
            .dict(at + 1)
            .iter()
            .fold(payload, |payload, (key, value)| payload.kwarg(key, value));
        payload.build().unwrap_or_else(|_| Payload::empty())
    }

    fn error(&self, at: usize) -> Error {
        let args = self.0.get(at + 1).and_then(Value::as_array).into_iter().flatten();
        let error = args.fold(Error::new(self.text(at)), Error::arg);
        self.dict(at + 2).iter().fold(error, |error, (key, value)| error.kwarg(key, value))
    }
}
