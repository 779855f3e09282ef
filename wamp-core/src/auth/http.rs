//! Methods that decide from the HTTP request of the upgrade.

use std::future::Future;

use super::{Attempt, Authenticating, Decide, Denied, Exchange, Method};
use crate::identity::Identity;

/// A method that decides by the host's knowledge of the connection, its HTTP request for instance:
/// a cookie, a header, a bearer token, a login of the web application (A-13). It sends no
/// challenge.
///
/// A client that offers no method is tried by these, in the order of their declaration, before it
/// counts as anonymous, so that the page of a logged-in user need not name a method.
/// `Err(Denied::absent())` means that the request has no such credentials, and leaves the client to
/// its next method.
///
/// ```
/// use wamp_core::{Attempt, Denied, Http, Identity, Realm, RealmBuilder};
///
/// /// The host's knowledge of the connection.
/// struct Peer { certificate: Option<String> }
///
/// let by_certificate = Http::new("tls", |attempt: Attempt| async move {
///     let peer = attempt.host::<Peer>().ok_or(Denied::absent())?;
///     let name = peer.certificate.as_deref().ok_or(Denied::absent())?;
///     Ok(Identity::new(name, "staff"))
/// });
/// let realm: RealmBuilder = Realm::new("staff").authenticate(by_certificate);
/// ```
#[derive(Clone, Debug)]
pub struct Http {
    name: String,
    decide: Decide<Identity>,
}

impl Http {
    /// Creates the method. The closure returns the identity of the client that sent the request.
    /// Clients put `name` into `authmethods`: `cookie`, `bearer`, or any other.
    #[must_use]
    pub fn new<F, D>(name: impl Into<String>, decide: F) -> Self
    where
        F: Fn(Attempt) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Identity, Denied>> + 'static,
    {
        Self { name: name.into(), decide: Decide::new(decide) }
    }
}

impl Method for Http {
    fn names(&self) -> Vec<String> {
        vec![self.name.clone()]
    }

    fn is_ambient(&self) -> bool {
        true
    }

    fn authenticate(&self, attempt: Attempt, _: Exchange) -> Authenticating {
        let decide = self.decide.clone();
        Box::pin(async move { decide.of(attempt).await })
    }
}
