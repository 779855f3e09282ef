//! Procedures that a test client has registered, and the task that answers their callers.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use actix_web::rt;
use futures_util::future::{AbortHandle, Abortable, LocalBoxFuture};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, Stream as _};
use serde_json::{Map, Value, json};
use wamp_core::{Error, Payload, RegistrationId, Reply, uris};

use super::client::{Client, WeakClient};
use super::message::Message;

/// The closure of a callee.
pub(super) type Handler = Rc<dyn Fn(Invoked) -> LocalBoxFuture<'static, Result<Reply, Error>>>;

/// The answer to an invocation; `None` if the invocation was interrupted.
type Answering = LocalBoxFuture<'static, (u64, Option<Result<Reply, Error>>)>;

/// The registrations of a client, and their invocations.
#[derive(Default)]
pub(super) struct Callee {
    is_served: bool,
    /// By the ids of the REGISTERs that are not answered yet.
    expected: HashMap<u64, Handler>,
    registered: HashMap<u64, Handler>,
    revoked: HashMap<u64, Error>,
    begun: VecDeque<Invocation>,
    running: HashMap<u64, (AbortHandle, Chunks)>,
}

/// An invocation that the task has not taken yet.
struct Invocation {
    request: u64,
    handler: Option<Handler>,
    details: Map<String, Value>,
    payload: Payload,
    chunks: Chunks,
    abort: futures_util::future::AbortRegistration,
}

impl Callee {
    /// Keeps the closure for a REGISTER with this id.
    pub(super) fn expect(&mut self, request: u64, handler: Handler) {
        self.expected.insert(request, handler);
    }

    pub(super) fn registered(&mut self, request: u64, registration: u64) {
        if let Some(handler) = self.expected.remove(&request) {
            self.registered.insert(registration, handler);
        }
    }

    pub(super) fn revoke(&mut self, message: &Message) {
        let details = message.dict(2);
        let registration = details.get("registration").and_then(Value::as_u64).unwrap_or_default();
        self.registered.remove(&registration);
        self.revoked.insert(registration, message.revocation());
    }

    /// Takes an INVOCATION: a new one, or a further chunk.
    pub(super) fn invoke(&mut self, request: u64, message: &Message) {
        let (details, payload) = (message.dict(3), message.payload(4));
        let goes_on = message.is_progress(3);
        if let Some((_, chunks)) = self.running.get(&request) {
            chunks.push(payload, goes_on);
            return;
        }
        let chunks = Chunks::default();
        chunks.push(payload.clone(), goes_on);
        let (handle, abort) = AbortHandle::new_pair();
        self.running.insert(request, (handle, chunks.clone()));
        let handler = self.registered.get(&message.number(2)).cloned();
        self.begun.push_back(Invocation { request, handler, details, payload, chunks, abort });
    }

    pub(super) fn interrupt(&self, request: u64) {
        if let Some((handle, _)) = self.running.get(&request) {
            handle.abort();
        }
    }
}

/// The chunks of an invocation that the callee has not taken yet.
#[derive(Clone, Default)]
struct Chunks(Rc<RefCell<Queue>>);

#[derive(Default)]
struct Queue {
    chunks: VecDeque<Payload>,
    is_complete: bool,
    reader: Option<Waker>,
}

impl Chunks {
    fn push(&self, chunk: Payload, goes_on: bool) {
        let mut queue = self.0.borrow_mut();
        queue.chunks.push_back(chunk);
        queue.is_complete = !goes_on;
        if let Some(reader) = queue.reader.take() {
            reader.wake();
        }
    }

    fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Payload>> {
        let mut queue = self.0.borrow_mut();
        match queue.chunks.pop_front() {
            None if !queue.is_complete => {
                queue.reader = Some(context.waker().clone());
                Poll::Pending
            }
            chunk => Poll::Ready(chunk),
        }
    }
}

/// An INVOCATION: what a caller asks of a client that has registered the procedure.
#[derive(Clone)]
#[non_exhaustive]
#[allow(missing_debug_implementations, reason = "as `Client`")]
pub struct Invoked {
    /// The details, such as `procedure` of a pattern registration, `caller`, `receive_progress`.
    pub details: Map<String, Value>,
    /// The arguments; of a progressive call invocation those of the first CALL.
    pub payload: Payload,
    client: WeakClient,
    request: u64,
    chunks: Chunks,
}

impl Invoked {
    /// Returns the arguments of the next CALL of a progressive call invocation, beginning with the
    /// first; `None` after the last.
    pub async fn chunk(&self) -> Option<Payload> {
        poll_fn(|context| self.chunks.poll_next(context)).await
    }

    /// Sends a progressive result.
    ///
    /// # Panics
    /// The caller has not asked for progressive results, or a value cannot be serialised.
    pub fn progress(&self, result: Reply) {
        let is_asked = self.details.get("receive_progress").is_some_and(|asked| asked == true);
        assert!(is_asked, "the caller has not asked for progressive results");
        if let Some(client) = self.client.upgrade() {
            client.send(&yielded(self.request, result, true));
        }
    }
}

/// Returns a YIELD.
fn yielded(request: u64, result: Reply, is_progress: bool) -> Value {
    let parts = result.into_parts();
    let (payload, passthru) =
        parts.unwrap_or_else(|error| panic!("a result cannot be written: {error}"));
    let mut options = Map::new();
    if is_progress {
        options.insert("progress".to_owned(), true.into());
    }
    if let Some(passthru) = passthru {
        options.insert("ppt_scheme".to_owned(), passthru.scheme.into());
        let keys = [
            ("ppt_serializer", passthru.serializer),
            ("ppt_cipher", passthru.cipher),
            ("ppt_keyid", passthru.keyid),
        ];
        let given = keys.into_iter().filter_map(|(key, value)| Some((key, value?)));
        options.extend(given.map(|(key, value)| (key.to_owned(), value.into())));
    }
    let (args, kwargs) = parts_of(&payload);
    json!([70, request, options, args, kwargs])
}

/// Returns the ERROR that answers an INVOCATION.
fn refused(request: u64, error: &Error) -> Value {
    let args: Value = error.args().unwrap_or_default();
    let kwargs: Value = error.kwargs().unwrap_or_else(|_| json!({}));
    json!([8, 68, request, {}, error.uri(), args, kwargs])
}

fn parts_of(payload: &Payload) -> (Value, Value) {
    let args = payload.args().unwrap_or_else(|_| json!([]));
    let kwargs = payload.kwargs().unwrap_or_else(|_| json!({}));
    (args, kwargs)
}

/// A registration of a client.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "as `Client`")]
pub struct Registered {
    client: Client,
    id: RegistrationId,
}

impl Registered {
    pub(super) fn new(client: Client, id: RegistrationId) -> Self {
        Self { client, id }
    }

    /// Returns the id of the registration.
    #[must_use]
    pub fn id(&self) -> RegistrationId {
        self.id
    }

    /// Returns the reason for which the server has ended the registration, with its text as the
    /// first argument; `None` as long as it has not.
    #[must_use]
    pub fn revoked(&self) -> Option<Error> {
        self.client.with(|state| state.callee.revoked.get(&self.id.get()).cloned())
    }

    /// Ends the registration.
    ///
    /// # Errors
    /// The ERROR that answers UNREGISTER.
    pub async fn unregister(self) -> Result<(), Error> {
        self.client.request(|request| json!([66, request, self.id])).await?;
        self.client.with(|state| state.callee.registered.remove(&self.id.get()));
        Ok(())
    }
}

/// Starts the task that answers what is invoked, unless it runs.
pub(super) fn serve(client: &Client) {
    let was_served = client.with(|state| std::mem::replace(&mut state.callee.is_served, true));
    if !was_served {
        let client = client.downgrade();
        let mut running = FuturesUnordered::new();
        rt::spawn(poll_fn(move |context| poll_invocations(context, &client, &mut running)));
    }
}

/// Takes invocations and drives them. Ready once the client is dropped or its session has ended.
fn poll_invocations(
    context: &mut Context<'_>,
    weak: &WeakClient,
    running: &mut FuturesUnordered<Answering>,
) -> Poll<()> {
    let Some(client) = weak.upgrade() else { return Poll::Ready(()) };
    loop {
        while let Poll::Ready(Some((request, outcome))) = Pin::new(&mut *running).poll_next(context)
        {
            answer(&client, request, outcome);
        }
        let begun = client.poll(context, |state| match state.callee.begun.pop_front() {
            None if state.ended.is_some() => Some(None),
            begun => begun.map(Some),
        });
        match begun {
            Poll::Ready(Some(invocation)) => running.push(answering(weak, invocation)),
            Poll::Ready(None) => return Poll::Ready(()),
            Poll::Pending => return Poll::Pending,
        }
    }
}

/// Runs the closure of an invocation.
fn answering(client: &WeakClient, invocation: Invocation) -> Answering {
    let Invocation { request, handler, details, payload, chunks, abort } = invocation;
    let invoked = Invoked { details, payload, client: client.clone(), request, chunks };
    let work = async move {
        // The registration ended while the INVOCATION was on its way.
        let Some(handler) = handler else { return Err(Error::new(uris::CANCELED)) };
        let outcome = AssertUnwindSafe(async { handler(invoked).await }).catch_unwind().await;
        outcome.unwrap_or_else(|_| Err(Error::new(uris::RUNTIME_ERROR).arg("the callee panicked")))
    };
    Box::pin(async move { (request, Abortable::new(work, abort).await.ok()) })
}

fn answer(client: &Client, request: u64, outcome: Option<Result<Reply, Error>>) {
    client.with(|state| state.callee.running.remove(&request));
    client.send(&match outcome {
        Some(Ok(result)) => yielded(request, result, false),
        Some(Err(error)) => refused(request, &error),
        None => refused(request, &Error::new(uris::CANCELED)),
    });
}
