//! Authorisation: what a realm's authoriser is asked, and what of its decisions a session remembers.

use std::any::Any;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};

use futures_util::FutureExt as _;

use crate::context::Link;
use crate::error::{Error, uris};
use crate::handler::Answer;
use crate::message::MatchPolicy;
use crate::router::Router;
use crate::session::Session;

/// How many decisions a session remembers.
const REMEMBERED: usize = 256;

/// What a client wants to do, as the closure of [`RealmBuilder::authorize`](crate::RealmBuilder::authorize) sees it.
#[derive(Debug)]
pub struct Authorization {
    link: Rc<Link>,
    action: Action,
    policy: MatchPolicy,
    uri: String,
}

/// What a client can ask for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// To call a procedure.
    Call,
    /// To register a procedure, in a realm that routes calls between clients.
    Register,
    /// To subscribe to a topic.
    Subscribe,
    /// To publish to a topic.
    Publish,
}

impl Authorization {
    /// The session that asks.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.link.session
    }

    /// The router that serves the session.
    #[must_use]
    pub fn router(&self) -> &Router {
        &self.link.router
    }

    /// What it wants to do.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// The procedure or topic, a valid URI; or a pattern in WAMP's form, see [`policy`](Self::policy).
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// How the URI is compared: `exact`, `prefix` or `wildcard`. Who may subscribe to a pattern gets the events of every topic
    /// that it matches.
    #[must_use]
    pub fn policy(&self) -> &'static str {
        match self.policy {
            MatchPolicy::Exact => "exact",
            MatchPolicy::Prefix => "prefix",
            MatchPolicy::Wildcard => "wildcard",
        }
    }

    /// What the host attached to the connection: for `wamp-actix`, the `HttpRequest` of the upgrade.
    #[must_use]
    pub fn host<T: Any>(&self) -> Option<&T> {
        self.link.host.downcast_ref()
    }
}

/// What an authoriser decides. The session remembers it, unless it is [`once`](Self::once).
///
/// ```
/// use wamp_core::Permission;
/// assert!(Permission::allow().is_allowed() && !Permission::when(1 > 2).is_allowed());
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    allowed: bool,
    once: bool,
}

impl Permission {
    /// The client may.
    #[must_use]
    pub const fn allow() -> Self {
        Self::when(true)
    }

    /// The client may not: it gets `wamp.error.not_authorized` (Z-01).
    #[must_use]
    pub const fn deny() -> Self {
        Self::when(false)
    }

    /// The client may if this holds.
    #[must_use]
    pub const fn when(allowed: bool) -> Self {
        Self { allowed, once: false }
    }

    /// The same, but only for this request: the authoriser is asked again next time.
    #[must_use]
    pub const fn once(self) -> Self {
        Self { once: true, ..self }
    }

    /// Whether the client may.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        self.allowed
    }

    fn decision(self) -> Result<(), Error> {
        if self.allowed { Ok(()) } else { Err(Error::not_authorized("the realm does not allow it")) }
    }
}

type Deciding = Pin<Box<dyn Future<Output = Result<Permission, Error>>>>;

/// A realm's authoriser, a closure that all workers share.
#[derive(Clone)]
pub(crate) struct Authorizer(Arc<dyn Fn(Authorization) -> Deciding + Send + Sync>);

impl Authorizer {
    pub(crate) fn new<F, D>(decide: F) -> Self
    where
        F: Fn(Authorization) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Permission, Error>> + 'static,
    {
        Self(Arc::new(move |authorization| Box::pin(decide(authorization))))
    }
}

impl fmt::Debug for Authorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorizer")
    }
}

/// Whether a request may go on: now, or when the authoriser has thought about it.
pub(crate) enum Gate {
    Decided(Result<(), Error>),
    /// It was polled once, and is to be polled again.
    Asking(Answer<()>),
}

type ByUri = HashMap<String, Permission>;

/// What a session remembers of its authoriser's decisions.
///
/// It takes no memory before the first, and never where there is no authoriser.
#[derive(Debug, Default)]
pub(crate) struct Decisions(OnceCell<Rc<RefCell<Remembered>>>);

type Remembered = HashMap<(Action, MatchPolicy), ByUri>;

impl Decisions {
    /// Asks the authoriser, or remembers what it said. It fails closed: an error or a panic is a denial (Z-02).
    pub(crate) fn gate(
        &self,
        authorizer: &Authorizer,
        link: &Rc<Link>,
        action: Action,
        policy: MatchPolicy,
        uri: &str,
    ) -> Gate {
        if let Some(permission) = self.remembered(action, policy, uri) {
            return Gate::Decided(permission.decision());
        }
        let (decisions, authorizer) = (Rc::clone(self.0.get_or_init(Rc::default)), authorizer.clone());
        let authorization = Authorization { link: Rc::clone(link), action, policy, uri: uri.to_owned() };
        let mut answer: Answer<()> = Box::pin(async move {
            let uri = authorization.uri.clone();
            // The closure itself may panic, too, before there is a future.
            let asked =
                AssertUnwindSafe(async move { (authorizer.0)(authorization).await }).catch_unwind().await;
            let permission = match asked {
                Ok(Ok(permission)) => permission,
                Ok(Err(error)) => return Err(failed(&error)),
                Err(panic) => return Err(failed(&Error::panicked(&*panic))),
            };
            remember(&mut decisions.borrow_mut(), action, policy, uri, permission);
            permission.decision()
        });
        match answer.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())) {
            Poll::Ready(decision) => Gate::Decided(decision),
            Poll::Pending => Gate::Asking(answer),
        }
    }

    fn remembered(&self, action: Action, policy: MatchPolicy, uri: &str) -> Option<Permission> {
        self.0.get()?.borrow().get(&(action, policy))?.get(uri).copied()
    }
}

fn remember(
    decisions: &mut Remembered,
    action: Action,
    policy: MatchPolicy,
    uri: String,
    permission: Permission,
) {
    if permission.once {
        return;
    }
    // Who asks for so many different things is slowed down by asking anew, and takes no more memory.
    if decisions.values().map(HashMap::len).sum::<usize>() >= REMEMBERED {
        decisions.clear();
    }
    decisions.entry((action, policy)).or_default().insert(uri, permission);
}

/// Z-02. The cause stays in the log.
fn failed(error: &Error) -> Error {
    tracing::error!(%error, "the authoriser failed");
    Error::new(uris::AUTHORIZATION_FAILED).arg("authorisation is not possible now")
}
