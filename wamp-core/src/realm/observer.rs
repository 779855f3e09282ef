//! Observers of sessions and requests, which the application gives.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::error::panic::tell as tell_panic;
use crate::id::{PublicationId, RequestId};
use crate::message::Action;
use crate::realm::session::Session;
use crate::session::left::Left;
use crate::session::request_outcome::RequestOutcome;

/// Sees what sessions do: [`RouterBuilder::observe`](crate::RouterBuilder::observe). Every method
/// does nothing unless it is implemented.
///
/// The methods run on the worker of the session, within its turn: one that blocks holds up the
/// other connections of the worker. They see a call when it starts and once when it ends, also if
/// it is refused, cancelled or timed out, or if its caller or callee leaves.
///
/// ```
/// use std::time::Duration;
/// use wamp_core::{ObservedCall, Observer, RequestOutcome, Router};
///
/// struct SlowCalls;
///
/// impl Observer for SlowCalls {
///     fn call_ended(&self, call: &ObservedCall<'_>, outcome: RequestOutcome, took: Duration) {
///         if took > Duration::from_secs(1) {
///             eprintln!("{} took {took:?}: {outcome}", call.procedure());
///         }
///     }
/// }
///
/// let router = Router::builder().handlers([]).observe(SlowCalls).build()?;
/// # Ok::<(), wamp_core::BuildError>(())
/// ```
#[expect(unused_variables, reason = "the names are for those who implement the methods")]
pub trait Observer: Send + Sync + 'static {
    /// WELCOME was sent.
    fn session_opened(&self, session: &Session) {}

    /// The session is out of its realm; all its calls have ended.
    fn session_closed(&self, session: &Session, left: Left) {}

    /// A CALL was received.
    fn call_started(&self, call: &ObservedCall<'_>) {}

    /// A call has its answer, or its caller has left. It `took` the time since the beginning of the
    /// turn in which it was read.
    fn call_ended(&self, call: &ObservedCall<'_>, outcome: RequestOutcome, took: Duration) {}

    /// A publication of a client was accepted.
    fn published(&self, session: &Session, topic: &str, publication: PublicationId) {}

    /// A request of a client was denied by a role or an authoriser: a URI, or a pattern in WAMP's
    /// form. Of a call, [`call_ended`](Self::call_ended) tells it too.
    fn denied(&self, session: &Session, action: Action, uri: &str, error: &Error) {}

    /// A login to this realm was refused, with the URI of the reason. `authmethod` is the realm's
    /// method that refused it; `None` where the client offered none that the realm has.
    fn login_denied(&self, realm: &str, authmethod: Option<&str>, reason: &str) {}
}

/// A call of a client, as an [`Observer`] sees it.
#[derive(Copy, Clone, Debug)]
pub struct ObservedCall<'c> {
    pub(crate) session: &'c Session,
    pub(crate) request: RequestId,
    pub(crate) procedure: &'c str,
    pub(crate) declared: Option<&'c str>,
}

impl<'c> ObservedCall<'c> {
    /// Returns the session of the caller.
    #[must_use]
    pub fn session(&self) -> &'c Session {
        self.session
    }

    /// Returns the id of the request, which only later requests of the same session may have again.
    #[must_use]
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// Returns the URI that is called. A stranger chose it.
    #[must_use]
    pub fn procedure(&self) -> &'c str {
        self.procedure
    }

    /// Returns the URI of the handler that serves the procedure, as it was declared:
    /// `docs.{id}.get`; `None` for procedures of clients and of the router, and for unknown ones.
    #[must_use]
    pub fn declared(&self) -> Option<&'c str> {
        self.declared
    }
}

/// The observers of a router.
#[derive(Clone, Default)]
pub(crate) struct Observers(Vec<Arc<dyn Observer>>);

impl Observers {
    pub(crate) fn add(&mut self, observer: impl Observer) {
        self.0.push(Arc::new(observer));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells all observers. The panic of one is caught and logged: it costs no session.
    pub(crate) fn tell(&self, tell: impl Fn(&dyn Observer)) {
        for observer in &self.0 {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| tell(&**observer))) {
                tell_panic(&*panic, "an observer");
            }
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observers({})", self.0.len())
    }
}
