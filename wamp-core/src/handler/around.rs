//! Layers: functions of the application around what clients ask for.

use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use crate::codec::payload::Payload;
use crate::error::Error;
use crate::handler::context::{Context, Subject};
use crate::handler::entry::{BoxedAnswer, HandlerEntry};
use crate::handler::reply::Reply;
use crate::message::Action;
use crate::message::MatchPolicy;
use crate::realm::matched::{Capture, Matched};
use crate::realm::session::Session;

/// A request of a client on its way through the layers of
/// [`RealmBuilder::around`](crate::RealmBuilder::around): a call, a publication, a subscription, a
/// registration, or the joining of the session. A clone is the same request.
#[derive(Clone, Debug)]
pub struct Invocation(Rc<Request>);

/// The rest of the way: the layers that are further in, and then what the client asked for.
#[derive(Debug)]
#[must_use = "a layer that does not run `next` has to answer itself"]
pub struct Next {
    request: Invocation,
    at: usize,
}

/// A request inside its layers.
#[derive(Debug)]
struct Request {
    subject: Layered,
    context: Context,
    layers: Layers,
    /// `None` once it was begun.
    work: RefCell<Option<Work>>,
    /// The work has succeeded.
    has_succeeded: Cell<bool>,
}

/// A request about which layers are asked.
#[derive(Debug)]
pub(crate) struct Layered {
    pub(crate) action: Action,
    pub(crate) policy: MatchPolicy,
    pub(crate) declared: Option<Cow<'static, str>>,
    pub(crate) function: Option<&'static str>,
}

/// The work inside all layers.
pub(crate) enum Work {
    /// A handler that answers or decides.
    Handler(fn(Context) -> BoxedAnswer<()>),
    /// Anything else.
    Other(Box<dyn FnOnce(Context) -> BoxedAnswer<()>>),
}

/// A layer that [`RealmBuilder::around`](crate::RealmBuilder::around) adds.
trait Layer: Send + Sync {
    fn run(self: Arc<Self>, request: Invocation, at: usize) -> BoxedAnswer<()>;
}

impl<L> Layer for L
where
    L: AsyncFn(Invocation, Next) -> Result<(), Error> + Send + Sync + 'static,
{
    fn run(self: Arc<Self>, request: Invocation, at: usize) -> BoxedAnswer<()> {
        Box::pin(async move {
            let outcome = (*self)(request.clone(), Next::after(&request, at)).await;
            request.judged(at, outcome)
        })
    }
}

/// A layer of a realm, with the place of its declaration.
#[derive(Clone)]
struct RealmLayer {
    layer: Arc<dyn Layer>,
    at: &'static Location<'static>,
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

/// The layers of a request: the realm's, and inside them the handler's.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    realm: RealmLayers,
    own: &'static [OwnLayer],
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

impl RealmLayers {
    pub(crate) fn add<L>(&mut self, layer: L, at: &'static Location<'static>)
    where
        L: AsyncFn(Invocation, Next) -> Result<(), Error> + Send + Sync + 'static,
    {
        let added = RealmLayer { layer: Arc::new(layer), at };
        self.0 = self.0.iter().cloned().chain([added]).collect();
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the layers around a handler, or around what has none.
    pub(crate) fn around(&self, handler: Option<&'static HandlerEntry>) -> Layers {
        Layers { realm: self.clone(), own: handler.map_or(&[], |handler| handler.around) }
    }
}

impl Layers {
    /// Returns the layers of a handler alone, without those of its realm.
    pub(crate) fn of_handler(handler: &HandlerEntry) -> Self {
        Self { realm: RealmLayers::default(), own: handler.around }
    }

    /// Runs a request inside these layers, of which there is one at least.
    pub(crate) fn run(self, subject: Layered, context: Context, work: Work) -> BoxedAnswer<()> {
        let (work, has_succeeded) = (RefCell::new(Some(work)), Cell::new(false));
        let request = Request { subject, context, layers: self, work, has_succeeded };
        Invocation(Rc::new(request)).enter(0).unwrap_or_else(|| {
            Box::pin(async { Err(Error::internal("a request without layers went through them")) })
        })
    }

    /// Returns the name of a layer for the log.
    fn name(&self, at: usize) -> String {
        match self.realm.0.get(at) {
            Some(layer) => format!("the layer `around` at {}", layer.at),
            None => {
                let own = self.own.get(at - self.realm.0.len());
                format!("the layer `{}`", own.map_or("?", |own| own.path))
            }
        }
    }
}

impl Next {
    fn after(request: &Invocation, at: usize) -> Self {
        Self { request: request.clone(), at: at + 1 }
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
    pub async fn run(self, work: Invocation) -> Result<(), Error> {
        let Self { request, at } = self;
        if !Rc::ptr_eq(&request.0, &work.0) {
            return Err(Error::internal("`Next::run` was given the invocation of another request"));
        }
        drop(work);
        match request.enter(at) {
            Some(layer) => layer.await,
            None => request.work().await,
        }
    }
}

impl Invocation {
    /// Returns the action that the client asks for.
    #[must_use]
    pub fn action(&self) -> Action {
        self.0.subject.action
    }

    /// Returns the procedure or topic that the client named, or its pattern in WAMP's form; empty
    /// when the session joins.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.0.context.uri()
    }

    /// Returns the application's declaration under which the URI falls, as it was written:
    /// `"docs.{id}.get"`. `None` for procedures and topics of clients, and when the session joins.
    #[must_use]
    pub fn declared(&self) -> Option<&str> {
        self.0.subject.declared.as_deref()
    }

    /// Returns the text in place of a capture of the [declaration](Self::declared), as
    /// [`Authorization::capture`](crate::Authorization::capture) does.
    #[must_use]
    pub fn capture(&self, name: &str) -> Capture<'_> {
        Matched::new(self.0.subject.policy, self.uri()).under(self.declared()).capture(name)
    }

    /// Returns the handler's function with its module; `None` where no handler answers.
    #[must_use]
    pub fn function(&self) -> Option<&'static str> {
        self.0.subject.function
    }

    /// Returns the session of the client.
    #[must_use]
    pub fn session(&self) -> &Session {
        self.0.context.session()
    }

    /// Returns the host's value for the connection, if it is a `T`: for `wamp-actix`, the
    /// `HttpRequest` of the upgrade.
    #[must_use]
    pub fn host<T: Any>(&self) -> Option<&T> {
        self.0.context.host()
    }

    /// Returns the arguments of the call or the publication.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        self.0.context.payload()
    }

    /// Answers the call with this result, in place of the handler.
    ///
    /// # Errors
    /// The request is no call, or the result cannot be sent: `wamp.error.invalid_payload`,
    /// `wamp.error.payload_size_exceeded`.
    pub fn reply(&self, reply: Reply) -> Result<(), Error> {
        self.0.context.reply(reply)
    }

    /// Runs the layer at a place; `None` behind the last.
    fn enter(&self, at: usize) -> Option<BoxedAnswer<()>> {
        let Layers { realm, own } = &self.0.layers;
        match realm.0.get(at) {
            Some(RealmLayer { layer, .. }) => Some(Arc::clone(layer).run(self.clone(), at)),
            None => own.get(at - realm.0.len()).map(|own| (own.run)(self.clone(), at)),
        }
    }

    /// Does what the client asked for.
    async fn work(&self) -> Result<(), Error> {
        let work = self.0.work.take();
        let context = self.0.context.share();
        let outcome = match work {
            Some(Work::Handler(run)) => run(context).await,
            Some(Work::Other(run)) => run(context).await,
            None => Err(Error::internal("the request was begun already")),
        };
        self.0.has_succeeded.set(outcome.is_ok());
        outcome
    }

    /// Returns what a layer has made of the request. `Ok` is its fault where the request has
    /// neither succeeded nor been answered.
    fn judged(&self, at: usize, outcome: Result<(), Error>) -> Result<(), Error> {
        if outcome.is_err() || self.0.has_succeeded.get() || self.is_answered() {
            return outcome;
        }
        Err(Error::internal(format_args!(
            "{} returned Ok, but the request has not succeeded, and it sent no reply",
            self.0.layers.name(at)
        )))
    }

    fn is_answered(&self) -> bool {
        matches!(&self.0.context.subject, Subject::Call(call) if call.is_answered())
    }
}

impl fmt::Debug for RealmLayers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|layer| layer.at)).finish()
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}
