//! Authentication: the methods that a realm accepts, and the course of one login.

mod anonymous;
mod attempt;
pub mod client;
mod cryptosign;
mod denied;
mod exchange;
mod http;
mod keys;
mod mock;
mod permission;
mod scram;
mod ticket;
mod wampcra;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use anonymous::Anonymous;
pub use attempt::Attempt;
pub(crate) use attempt::Hello;
pub use cryptosign::Cryptosign;
pub use denied::Denied;
pub(crate) use exchange::Exchange;
pub use http::Http;
pub use keys::{CredentialError, salt};
pub use permission::Permission;
pub(crate) use permission::{Decision, Granted};
pub use scram::{Scram, ScramCredential};
pub use ticket::Ticket;
pub use wampcra::{CraCredential, WampCra};

use crate::identity::{ANONYMOUS, Identity};

/// A running decision. It stays on the connection's worker, and so need not be `Send`.
pub(crate) type Deciding<T> = Pin<Box<dyn Future<Output = Result<T, Denied>>>>;

/// A running login.
pub(crate) type Authenticating = Deciding<Identity>;

/// A decision of the application: a closure that all workers share.
#[derive(Clone)]
pub(crate) struct Decide<T>(Arc<dyn Fn(Attempt) -> Deciding<T> + Send + Sync>);

impl<T> Decide<T> {
    fn new<F, D>(decide: F) -> Self
    where
        F: Fn(Attempt) -> D + Send + Sync + 'static,
        D: Future<Output = Result<T, Denied>> + 'static,
    {
        Self(Arc::new(move |attempt| Box::pin(decide(attempt))))
    }

    fn of(&self, attempt: Attempt) -> Deciding<T> {
        (self.0)(attempt)
    }
}

impl<T> fmt::Debug for Decide<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decide")
    }
}

/// A method of authentication, for
/// [`RealmBuilder::authenticate`](crate::RealmBuilder::authenticate): [`Anonymous`], [`Ticket`],
/// [`WampCra`], [`Cryptosign`], [`Scram`], [`Http`].
///
/// The trait is sealed: for a method of your own, use an [`Http`] or a [`Ticket`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a method of authentication",
    label = "expected `Anonymous`, `Ticket`, `WampCra`, `Cryptosign`, `Scram` or `Http`"
)]
pub trait Authenticator: Method {}

impl Authenticator for Anonymous {}
impl Authenticator for Cryptosign {}
impl Authenticator for Http {}
impl Authenticator for Scram {}
impl Authenticator for Ticket {}
impl Authenticator for WampCra {}

/// The login by a method of authentication. No other crate can name it, which seals
/// [`Authenticator`].
pub trait Method: fmt::Debug + Send + Sync + 'static {
    /// Returns its names in `HELLO.Details.authmethods`.
    fn names(&self) -> Vec<String>;

    /// Returns whether it decides from the transport alone, so that a client need not name it, and
    /// it may leave the decision to another method.
    fn is_ambient(&self) -> bool {
        false
    }

    /// Runs one login by the method of this name.
    fn authenticate(&self, attempt: Attempt, exchange: Exchange) -> Authenticating;
}

/// The methods of one realm, in the order of their declaration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Authenticators(Vec<Arc<dyn Method>>);

/// A method that a login may use, with the name that the client gave it.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    method: Arc<dyn Method>,
    name: String,
}

impl Authenticators {
    pub(crate) fn add(&mut self, authenticator: impl Authenticator) {
        self.0.push(Arc::new(authenticator));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names that more than one method has.
    pub(crate) fn doubled(&self) -> Vec<String> {
        let mut names: Vec<_> = self.0.iter().flat_map(|method| method.names()).collect();
        names.sort_unstable();
        let mut doubled: Vec<_> = names
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| pair[0].clone())
            .collect();
        doubled.dedup();
        doubled
    }

    /// Returns the methods that a login uses, in the client's order, each once. A client
    /// that offers no method is identified by its transport, or is anonymous.
    pub(crate) fn candidates(&self, offered: &[&str]) -> Result<Vec<Candidate>, Denied> {
        let mut candidates: Vec<Candidate> = Vec::new();
        if offered.is_empty() {
            let ambient = self.0.iter().filter(|method| method.is_ambient());
            candidates.extend(ambient.flat_map(Candidate::all_of));
            candidates.extend(self.by_name(ANONYMOUS));
        }
        for name in offered {
            if let Some(candidate) = self.by_name(name)
                && !candidates.iter().any(|other| other.is(&candidate))
            {
                candidates.push(candidate);
            }
        }
        if !candidates.is_empty() {
            return Ok(candidates);
        }
        //
        let wants_credentials = offered.iter().all(|name| *name == ANONYMOUS);
        Err(if wants_credentials { Denied::required() } else { Denied::no_matching_method() })
    }

    fn by_name(&self, name: &str) -> Option<Candidate> {
        let mut all = self.0.iter().flat_map(Candidate::all_of);
        all.find(|candidate| candidate.name == name)
    }
}

impl Candidate {
    fn all_of(method: &Arc<dyn Method>) -> impl Iterator<Item = Self> {
        let names = method.names().into_iter();
        names.map(|name| Self { method: Arc::clone(method), name })
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.method, &other.method)
    }
}

/// A login that was refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) attempt: Attempt,
    pub(crate) denied: Denied,
}

/// Runs one login: the first method that does not pass decides, and a client has no second
/// try.
pub(crate) async fn authenticate(
    candidates: Vec<Candidate>,
    attempt: Attempt,
    exchange: Exchange,
) -> Result<Identity, Refusal> {
    for Candidate { method, name } in candidates {
        let attempt = attempt.clone().by(&name);
        match method.authenticate(attempt.clone(), exchange.clone()).await {
            Err(denied) if denied.is_absent() && method.is_ambient() => {}
            Err(denied) => return Err(Refusal { attempt, denied }),
            Ok(identity) => return Ok(Identity { authmethod: name, ..identity }),
        }
    }
    Err(Refusal { attempt, denied: Denied::required() })
}
