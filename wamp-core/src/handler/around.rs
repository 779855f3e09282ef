//! Layers: functions of the application around what clients ask for.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::future::ready;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};

use crate::codec::payload::Payload;
use crate::error::Error;
use crate::handler::context::{Asked, Context, Subject};
use crate::handler::entry::{BoxedAnswer, Entry, HandlerEntry};
use crate::handler::reply::Reply;
use crate::message::Action;
use crate::message::MatchPolicy;
use crate::realm::matched::{Capture, Matched};
use crate::realm::session::Session;

/// A request of a client on its way through the layers of
/// [`RealmBuilder::around`](crate::RealmBuilder::around): a call, a publication, a subscription, a
/// registration, or the joining of the session. A clone is the same request.
#[derive(Debug)]
pub struct Invocation(Context);

/// The rest of the way: the layers that are further in, and then what the client asked for.
#[derive(Debug)]
#[must_use = "a layer that does not run `next` has to answer itself"]
pub struct Next {
    /// The request as its address.
    request: *const Asked,
    at: usize,
}

/// The way of a request through its layers.
pub(super) struct Way {
    around: Around,
    policy: MatchPolicy,
    /// The work inside all layers, if it is not the handler's.
    inside: Cell<Option<Inside>>,
    is_begun: Cell<bool>,
    /// The work has succeeded.
    has_succeeded: Cell<bool>,
}

/// The handler that a request is for, or else its declaration.
pub(crate) enum Around {
    Handler(&'static HandlerEntry),
    Declared(Option<Box<str>>),
}

/// The work inside all layers of a request.
pub(crate) type Inside = Box<dyn FnOnce(Context) -> BoxedAnswer<()>>;

/// A layer of a realm, with the place of its declaration.
#[derive(Clone)]
struct RealmLayer {
    layer: Arc<dyn Any + Send + Sync>,
    /// Runs the layer at this place.
    run: fn(Invocation, usize) -> BoxedAnswer<()>,
    declared_at: &'static Location<'static>,
}

/// The layers of a realm, the outermost first.
#[derive(Clone, Default)]
pub(crate) struct RealmLayers(Arc<[RealmLayer]>);

/// A layer of one handler, as the macros emit it.
#[doc(hidden)]
#[derive(Copy, Clone, Debug)]
pub struct OwnLayer {
    /// Runs the layer at this place.
    pub run: fn(Invocation, usize) -> BoxedAnswer<()>,
    /// The path of the function.
    pub path: &'static str,
}

/// A layer on the way of a request, or the work inside all of them.
struct Running {
    request: Invocation,
    answer: BoxedAnswer<()>,
}

/// Runs a layer that is a path to a function, for the macros.
pub fn run_layer<L>(layer: L, request: Invocation, at: usize) -> BoxedAnswer<()>
where
    L: AsyncFn(Invocation, Next) -> Result<(), Error> + 'static,
{
    Box::pin(async move {
        let outcome = layer(request.clone(), Next::after(&request, at)).await;
        request.judged(at, outcome)
    })
}

/// Runs the layer that a realm has at this place. It is borrowed from the session, so that no
/// count that workers share is touched.
fn run_realm_layer<L>(request: Invocation, at: usize) -> BoxedAnswer<()>
where
    L: AsyncFn(Invocation, Next) -> Result<(), Error> + Send + Sync + 'static,
{
    Box::pin(async move {
        let layer = request.0.link().layers.0[at].layer.downcast_ref::<L>();
        let layer = layer.expect("`run` was made for the type of `layer`");
        let outcome = layer(request.clone(), Next::after(&request, at)).await;
        request.judged(at, outcome)
    })
}

impl RealmLayers {
    pub(crate) fn add<L>(&mut self, layer: L, declared_at: &'static Location<'static>)
    where
        L: AsyncFn(Invocation, Next) -> Result<(), Error> + Send + Sync + 'static,
    {
        let added = RealmLayer { layer: Arc::new(layer), run: run_realm_layer::<L>, declared_at };
        self.0 = self.0.iter().cloned().chain([added]).collect();
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Runs a request inside the layers of its realm and of its handler, of which there is one at
/// least.
#[inline]
pub(crate) fn run_inside_layers(
    context: Context,
    policy: MatchPolicy,
    around: Around,
    inside: Option<Inside>,
) -> BoxedAnswer<()> {
    Invocation::new(context, Way::new(policy, around, inside)).go_on(0)
}

/// Runs the joining of a session inside the layers of one handler alone.
pub(crate) fn join_inside_layers(
    context: Context,
    handler: &'static HandlerEntry,
    inside: Inside,
) -> BoxedAnswer<()> {
    let outer = context.link().layers.0.len();
    let way = Way::new(MatchPolicy::Exact, Around::Handler(handler), Some(inside));
    Invocation::new(context, way).go_on(outer)
}

impl Next {
    fn after(request: &Invocation, at: usize) -> Self {
        Self { request: request.0.asked(), at: at + 1 }
    }

    /// Runs the layers that are further in, and then what the client asked for. It ends
    ///
    /// - for a call, when the final RESULT is written, or the handler has failed; for one that a
    ///   client answers, when the callee's RESULT or ERROR is written, which no layer can replace;
    /// - for a publication or a subscription, when it is accepted or refused: events and SUBSCRIBED
    ///   go out once the outermost layer has ended;
    /// - for a registration, before it is tried;
    /// - for joining, when the `#[session]` handlers have admitted or refused the session.
    ///
    /// # Errors
    /// The ERROR that the client would get. The layer returns it, or another in its place.
    // Inlined, because reading what was just written elsewhere stalls the processor.
    #[inline]
    pub fn run(self, work: Invocation) -> impl Future<Output = Result<(), Error>> {
        let Self { request, at } = self;
        let answer = if std::ptr::eq(request, work.0.asked()) {
            work.go_on(at)
        } else {
            fault("`Next::run` was given the invocation of another request")
        };
        Running { request: work, answer }
    }
}

impl Future for Running {
    type Output = Result<(), Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let outcome = ready!(self.answer.as_mut().poll(context));
        if outcome.is_ok() {
            // An inner layer is `Ok` only if the work has succeeded, or the call is answered.
            self.request.way().has_succeeded.set(true);
        }
        Poll::Ready(outcome)
    }
}

impl Way {
    #[inline]
    fn new(policy: MatchPolicy, around: Around, inside: Option<Inside>) -> Self {
        let (is_begun, has_succeeded) = (Cell::new(false), Cell::new(false));
        Self { around, policy, inside: Cell::new(inside), is_begun, has_succeeded }
    }

    #[inline]
    fn handler(&self) -> Option<&'static HandlerEntry> {
        match self.around {
            Around::Handler(handler) => Some(handler),
            Around::Declared(_) => None,
        }
    }
}

impl Clone for Invocation {
    fn clone(&self) -> Self {
        Self(self.0.share())
    }
}

impl Invocation {
    #[inline(always)]
    fn new(context: Context, way: Way) -> Self {
        let _ = context.asked().way.set(way);
        Self(context)
    }

    fn way(&self) -> &Way {
        self.0.asked().way.get().expect("`new` has set it")
    }

    /// Returns the action that the client asks for.
    #[must_use]
    pub fn action(&self) -> Action {
        match self.0.subject() {
            None => Action::Call,
            Some(Subject::Subscribe(..)) => Action::Subscribe,
            Some(Subject::Publish(..)) => Action::Publish,
            Some(Subject::Register) => Action::Register,
            Some(Subject::Join) => Action::Join,
        }
    }

    /// Returns the procedure or topic that the client named, or its pattern in WAMP's form; empty
    /// when the session joins.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.0.uri()
    }

    /// Returns the application's declaration under which the URI falls, as it was written:
    /// `"docs.{id}.get"`. `None` for procedures and topics of clients, and when the session joins.
    #[must_use]
    pub fn declared(&self) -> Option<&str> {
        match &self.way().around {
            Around::Handler(handler) => Some(handler.uri),
            Around::Declared(declared) => declared.as_deref(),
        }
    }

    /// Returns the text in place of a capture of the [declaration](Self::declared), as
    /// [`Authorization::capture`](crate::Authorization::capture) does.
    #[must_use]
    pub fn capture(&self, name: &str) -> Capture<'_> {
        Matched::new(self.way().policy, self.uri()).under(self.declared()).capture(name)
    }

    /// Returns the handler's function with its module; `None` where no handler answers.
    #[must_use]
    pub fn function(&self) -> Option<&'static str> {
        self.way().handler().map(|handler| handler.function)
    }

    /// Returns the session of the client.
    #[must_use]
    pub fn session(&self) -> &Session {
        self.0.session()
    }

    /// Returns the host's value for the connection, if it is a `T`: for `wamp-actix`, the
    /// `HttpRequest` of the upgrade.
    #[must_use]
    pub fn host<T: Any>(&self) -> Option<&T> {
        self.0.host()
    }

    /// Returns the arguments of the call or the publication.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        self.0.payload()
    }

    /// Answers the call with this result, in place of the handler.
    ///
    /// # Errors
    /// The request is no call, or the result cannot be sent: `wamp.error.invalid_payload`,
    /// `wamp.error.payload_size_exceeded`.
    pub fn reply(&self, reply: Reply) -> Result<(), Error> {
        self.0.reply(reply)
    }

    /// Runs the layer at a place, or behind the last the work.
    fn go_on(&self, at: usize) -> BoxedAnswer<()> {
        let realm = &self.0.link().layers.0;
        if let Some(layer) = realm.get(at) {
            return (layer.run)(self.clone(), at);
        }
        match self.own_layer(at) {
            Some(layer) => (layer.run)(self.clone(), at),
            None => self.work(),
        }
    }

    fn own_layer(&self, at: usize) -> Option<&'static OwnLayer> {
        let outer = self.0.link().layers.0.len();
        self.way().handler().and_then(|handler| handler.around.get(at - outer))
    }

    /// Does what the client asked for.
    fn work(&self) -> BoxedAnswer<()> {
        let way = self.way();
        if way.is_begun.replace(true) {
            return fault("the request was begun already");
        }
        let context = self.0.share();
        match (way.inside.take(), way.handler().map(|handler| handler.entry)) {
            (Some(inside), _) => inside(context),
            (None, Some(Entry::Rpc(run) | Entry::Publish(run))) => run(context),
            (None, _) => Box::pin(ready(Ok(()))),
        }
    }

    /// Returns what a layer has made of the request. `Ok` is its fault where the request has
    /// neither succeeded nor been answered.
    fn judged(&self, at: usize, outcome: Result<(), Error>) -> Result<(), Error> {
        if outcome.is_err() || self.way().has_succeeded.get() || self.is_answered() {
            return outcome;
        }
        Err(Error::internal(format_args!(
            "{} returned Ok, but the request has not succeeded, and it sent no reply",
            self.name(at)
        )))
    }

    /// Returns the name of a layer for the log.
    fn name(&self, at: usize) -> String {
        match self.0.link().layers.0.get(at) {
            Some(layer) => format!("the layer `around` at {}", layer.declared_at),
            None => {
                let own = self.own_layer(at);
                format!("the layer `{}`", own.map_or("?", |own| own.path))
            }
        }
    }

    fn is_answered(&self) -> bool {
        self.0.as_call().is_some_and(|call| call.is_answered())
    }
}

impl fmt::Debug for RealmLayers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|layer| layer.declared_at)).finish()
    }
}

/// Fails with a fault of the application.
fn fault(text: &'static str) -> BoxedAnswer<()> {
    Box::pin(ready(Err(Error::internal(text))))
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (handler, has_succeeded) = (self.handler(), self.has_succeeded.get());
        let mut shown = f.debug_struct("Way");
        shown.field("handler", &handler).field("has_succeeded", &has_succeeded);
        shown.finish_non_exhaustive()
    }
}
