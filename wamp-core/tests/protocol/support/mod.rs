//! A client in memory: what a peer sends and gets, with a clock that is moved by hand.

#![allow(dead_code, reason = "each file of tests uses a part of it")]

pub(crate) mod caller;
pub(crate) mod handlers;
pub(crate) mod login;
pub(crate) mod wire;

use std::any::Any;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use serde_json::Value;
use wamp_core::{
    Close, Connection, Framing, Identity, Left, Limits, RawMessage, Realm, Router, Serializer,
    Session, Topic, Transport,
};

pub(crate) const VIOLATION: &str = "wamp.error.protocol_violation";

/// Four bytes of length before each message, so that a test can tell them apart.
const FRAMING: Framing = Framing {
    reserve: 4,
    seal: |buffer, start, _| {
        let length = u32::try_from(buffer.len() - start - 4).expect("a test's message is short");
        buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
    },
};

/// The router of most tests: all handlers but `#[session]`, and three realms.
pub(crate) fn router() -> Router {
    router_with(Limits::default())
}

pub(crate) fn router_with(limits: Limits) -> Router {
    handlers::reset();
    let realm = |name| Realm::new(name).topic("open.{name}", Topic::open());
    Router::builder()
        .realm(realm("realm1"))
        .realm(realm("realm2"))
        .realm(realm("strict").strict_request_ids(true))
        .handlers([handlers::ALL])
        .limits(limits)
        .build()
        .expect("the handlers of the tests are sound")
}

/// A router of one realm whose sessions these handlers admit, or not.
pub(crate) fn router_of(registrations: &'static [wamp_core::__private::HandlerEntry]) -> Router {
    handlers::reset();
    Router::builder()
        .realm(Realm::new("realm1").topic("open.{name}", Topic::open()))
        .handlers([registrations, handlers::ALL])
        .build()
        .expect("the handlers of the tests are sound")
}

/// One peer, polled as a host polls: after messages, when its deadline has passed, and when it was
/// woken.
pub(crate) struct Client {
    connection: Connection,
    serializer: Serializer,
    now: Instant,
    woken: Arc<Woken>,
    /// A message was received, the deadline has passed, or output was taken that held others back.
    is_due: bool,
    /// The session's id, once WELCOME came.
    pub(crate) id: u64,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Client {
    /// A transport without a session.
    pub(crate) fn connect(router: &Router) -> Self {
        Self::connect_as(router, Identity::anonymous())
    }

    pub(crate) fn connect_as(router: &Router, identity: Identity) -> Self {
        Self::open(router, identity, None, wire::serializer(), Rc::new(()))
    }

    pub(crate) fn connect_with(router: &Router, identity: Identity, host: Rc<dyn Any>) -> Self {
        Self::open(router, identity, None, wire::serializer(), host)
    }

    pub(crate) fn connect_in(router: &Router, identity: Identity, serializer: Serializer) -> Self {
        Self::open(router, identity, None, serializer, Rc::new(()))
    }

    fn open(
        router: &Router,
        identity: Identity,
        address: Option<IpAddr>,
        serializer: Serializer,
        host: Rc<dyn Any>,
    ) -> Self {
        let now = Instant::now();
        let transport = Transport { serializer, framing: FRAMING, identity, address, host };
        let connection = Connection::new(router, transport, now);
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        Self { connection, serializer, now, woken, is_due: false, id: 0 }
    }

    /// A session in `realm1`.
    pub(crate) fn join(router: &Router) -> Self {
        Self::join_as(router, "realm1", Identity::anonymous())
    }

    pub(crate) fn join_in(router: &Router, realm: &str) -> Self {
        Self::join_as(router, realm, Identity::anonymous())
    }

    pub(crate) fn join_as(router: &Router, realm: &str, identity: Identity) -> Self {
        let mut client = Self::connect_as(router, identity);
        let welcome = client.ask(hello(realm));
        client.id = welcomed(&welcome);
        client
    }

    /// A transport without a session that comes from this address.
    pub(crate) fn connect_from(router: &Router, address: IpAddr) -> Self {
        Self::open(router, Identity::anonymous(), Some(address), wire::serializer(), Rc::new(()))
    }

    /// An anonymous session in `realm1` that comes from this address.
    pub(crate) fn join_from(router: &Router, address: IpAddr) -> Self {
        let mut client = Self::connect_from(router, address);
        client.id = welcomed(&client.ask(hello("realm1")));
        client
    }

    /// A session in `realm1` that announces features, by role:
    /// `{"publisher":{"payload_passthru_mode":true}}`.
    pub(crate) fn join_announcing(router: &Router, features: &Value) -> Self {
        let mut client = Self::connect(router);
        let role = |role: &str| serde_json::json!({"features": features.get(role)});
        let roles = serde_json::json!({
            "caller": role("caller"), "callee": role("callee"),
            "publisher": role("publisher"), "subscriber": role("subscriber"),
        });
        let welcome = client.ask(serde_json::json!([1, "realm1", {"roles": roles}]).to_string());
        client.id = welcomed(&welcome);
        client
    }

    /// A session in `realm1` by this serializer.
    pub(crate) fn join_by(router: &Router, serializer: Serializer) -> Self {
        let mut client = Self::connect_in(router, Identity::anonymous(), serializer);
        client.id = welcomed(&client.ask(hello("realm1")));
        client
    }

    /// Sends a message that is written as JSON, in the client's serializer.
    pub(crate) fn send(&mut self, message: impl Into<String>) {
        self.send_frame(wire::frame(self.serializer, message.into()));
    }

    pub(crate) fn send_binary(&mut self, message: &'static [u8]) {
        self.send_frame(RawMessage::Binary(message.into()));
    }

    pub(crate) fn send_frame(&mut self, frame: RawMessage) {
        self.connection.receive(frame, self.now);
        self.is_due = true;
    }

    /// Polls as often as there is a reason to, and takes no output.
    pub(crate) fn poll(&mut self) {
        while self.poll_once() {}
    }

    /// Polls once, as a host does between the turns of others; false if there is nothing to do.
    pub(crate) fn poll_once(&mut self) -> bool {
        let is_woken = self.woken.0.swap(false, Ordering::Relaxed);
        (is_woken || self.is_due) && self.poll_connection(is_woken)
    }

    /// Polls as a host does that was woken: all others have had their turn.
    pub(crate) fn poll_woken(&mut self) {
        self.poll_connection(true);
    }

    /// Polls as a host does that was not woken; false if there is nothing to do.
    pub(crate) fn poll_without_round(&mut self) -> bool {
        self.poll_connection(false)
    }

    fn poll_connection(&mut self, is_woken: bool) -> bool {
        self.is_due = false;
        let waker = Waker::from(Arc::clone(&self.woken));
        self.connection.poll(&mut Context::from_waker(&waker), self.now, is_woken)
    }

    /// The frames that the server has to send now, as they are.
    pub(crate) fn frames(&mut self) -> Vec<Vec<u8>> {
        self.poll();
        self.output()
    }

    /// The frames that are ready without a poll.
    pub(crate) fn output(&mut self) -> Vec<Vec<u8>> {
        frames(&self.take_output())
    }

    /// The messages that are ready without a poll.
    pub(crate) fn ready(&mut self) -> Vec<Value> {
        split(self.serializer, &self.take_output())
    }

    /// The peer has taken a part of its output.
    pub(crate) fn output_moves(&mut self) {
        self.connection.output_moves();
    }

    /// How many bytes wait for the peer to take them.
    pub(crate) fn output_len(&self) -> usize {
        self.connection.output_len()
    }

    fn take_output(&mut self) -> Vec<u8> {
        let is_held_back = !self.connection.wants_input() || self.connection.waits_for_room();
        self.is_due |= is_held_back;
        self.connection.take_output()
    }

    /// All that the server has to say now.
    pub(crate) fn received(&mut self) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            self.poll();
            let output = self.take_output();
            if output.is_empty() {
                return messages;
            }
            messages.extend(split(self.serializer, &output));
        }
    }

    /// The only message that the server has to say now.
    #[track_caller]
    pub(crate) fn one(&mut self) -> Value {
        let mut messages = self.received();
        assert_eq!(messages.len(), 1, "{messages:?}");
        messages.remove(0)
    }

    /// Sends a message that has one answer.
    #[track_caller]
    pub(crate) fn ask(&mut self, message: impl Into<String>) -> Value {
        self.send(message);
        self.one()
    }

    #[track_caller]
    pub(crate) fn subscribe(&mut self, request: u64, topic: &str) -> u64 {
        let answer = self.ask(format!(r#"[32,{request},{{}},"{topic}"]"#));
        subscribed(&answer, request)
    }

    /// Publishes without asking for an acknowledgement.
    pub(crate) fn publish(&mut self, request: u64, topic: &str, value: impl Into<Value>) {
        let value = value.into();
        self.send(format!(r#"[16,{request},{{}},"{topic}",[{value}]]"#));
    }

    pub(crate) fn advance(&mut self, time: Duration) {
        self.now += time;
        self.is_due |= self.connection.deadline().is_some_and(|deadline| deadline <= self.now);
    }

    pub(crate) fn deadline_in(&self) -> Option<Duration> {
        self.connection.deadline().map(|deadline| deadline - self.now)
    }

    pub(crate) fn close(&self) -> Option<Close> {
        self.connection.close()
    }

    pub(crate) fn session(&self) -> Session {
        self.connection.session().expect("the session is open").clone()
    }

    pub(crate) fn has_session(&self) -> bool {
        self.connection.session().is_some()
    }

    pub(crate) fn keeps_messages(&self) -> bool {
        self.connection.keeps_messages()
    }

    pub(crate) fn wants_input(&self) -> bool {
        self.connection.wants_input()
    }

    pub(crate) fn lose(&mut self) {
        self.lose_for(Left::Lost);
    }

    /// Ends the session as a host does, for this reason.
    pub(crate) fn lose_for(&mut self, left: Left) {
        self.connection.lost(left);
    }

    #[track_caller]
    pub(crate) fn assert_silent(&mut self) {
        let messages = self.received();
        assert!(messages.is_empty(), "{messages:?}");
    }

    /// P-01: ABORT as the only message, the reason to close, and no word after that.
    #[track_caller]
    pub(crate) fn assert_violated(&mut self, why: &str) {
        let messages = self.received();
        assert_eq!(messages.len(), 1, "{why}: {messages:?}");
        assert_aborted(&messages[0], VIOLATION);
        assert_eq!(self.close(), Some(Close::Violation), "{why}");
        self.assert_ended();
    }

    /// Nothing is answered any more, whatever comes.
    #[track_caller]
    pub(crate) fn assert_ended(&mut self) {
        assert!(!self.has_session());
        assert_eq!(self.deadline_in(), None);
        for message in [
            hello("realm1").as_str(),
            r#"[48,1,{},"test.add",[1,2]]"#,
            r#"[6,{},"wamp.close.normal"]"#,
            "no JSON",
        ] {
            self.send(message);
        }
        self.advance(Duration::from_secs(3600));
        self.is_due = true;
        self.assert_silent();
    }
}

pub(crate) fn hello(realm: &str) -> String {
    let roles = r#"{"caller":{},"callee":{},"publisher":{},"subscriber":{}}"#;
    format!(r#"[1,{},{{"roles":{roles}}}]"#, Value::from(realm))
}

pub(crate) fn split(serializer: Serializer, output: &[u8]) -> Vec<Value> {
    frames(output).iter().map(|frame| wire::message(serializer, frame)).collect()
}

fn frames(mut output: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Some((prefix, rest)) = output.split_first_chunk::<4>() {
        let (frame, rest) = rest.split_at(u32::from_be_bytes(*prefix) as usize);
        frames.push(frame.to_owned());
        output = rest;
    }
    frames
}

/// The id in a WELCOME.
#[track_caller]
pub(crate) fn welcomed(message: &Value) -> u64 {
    assert_eq!((&message[0], list(message).len()), (&2.into(), 3), "{message}");
    assert!(message[2].is_object(), "{message}");
    id(&message[1])
}

/// The id in a SUBSCRIBED.
#[track_caller]
pub(crate) fn subscribed(message: &Value, request: u64) -> u64 {
    assert_eq!((&message[0], &message[1]), (&33.into(), &request.into()), "{message}");
    assert_eq!(list(message).len(), 3, "{message}");
    id(&message[2])
}

/// The id in a PUBLISHED.
#[track_caller]
pub(crate) fn published(message: &Value, request: u64) -> u64 {
    assert_eq!((&message[0], &message[1]), (&17.into(), &request.into()), "{message}");
    assert_eq!(list(message).len(), 3, "{message}");
    id(&message[2])
}

#[track_caller]
pub(crate) fn id(value: &Value) -> u64 {
    let number = value.as_u64().unwrap_or_default();
    assert!((1..=1 << 53).contains(&number), "{value} is not an id");
    number
}

#[track_caller]
pub(crate) fn list(message: &Value) -> &[Value] {
    message.as_array().expect("a message is a list")
}

/// P-04: an ERROR with this URI, whatever its arguments.
#[track_caller]
pub(crate) fn assert_error(message: &Value, request_type: u64, request: u64, uri: &str) {
    let head = serde_json::json!([8, request_type, request, {}, uri]);
    let list = list(message);
    assert!((5..=7).contains(&list.len()), "{message}");
    assert_eq!(&list[..5], self::list(&head), "{message}");
}

/// S-16: an ABORT with this reason.
#[track_caller]
pub(crate) fn assert_aborted(message: &Value, reason: &str) {
    assert_eq!((&message[0], &message[2]), (&3.into(), &reason.into()), "{message}");
    assert!(message[1]["message"].is_string(), "{message}");
}

/// An EVENT of this subscription with this one argument; its publication id.
#[track_caller]
pub(crate) fn assert_event(message: &Value, subscription: u64, argument: impl Into<Value>) -> u64 {
    let publication = id(&message[2]);
    let argument = argument.into();
    assert_eq!(message, &serde_json::json!([36, subscription, publication, {}, [argument]]));
    publication
}

/// Returns the arguments of events, in their order.
pub(crate) fn arguments(messages: &[Value]) -> Vec<Value> {
    messages
        .iter()
        .filter(|message| message[0] == 36)
        .map(|message| message[4][0].clone())
        .collect()
}
