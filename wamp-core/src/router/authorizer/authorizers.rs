//! The authorisers of a realm, and asking them.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::Authorization;
use crate::auth::Permission;
use crate::error::{Error, shortened, uris};
use crate::log;
use crate::message::MatchPolicy;

/// The authorisers of a realm, which all workers share: those for URIs, and those for patterns.
#[derive(Clone, Default)]
pub(crate) struct Authorizers {
    uris: Vec<Authorizer>,
    patterns: Vec<Authorizer>,
}

type Authorizer = Arc<dyn Fn(Authorization) -> Deciding + Send + Sync>;
type Deciding = Pin<Box<dyn Future<Output = Result<Permission, Error>>>>;

impl Authorizers {
    pub(crate) fn add<F, D>(&mut self, decide: F)
    where
        F: Fn(Authorization) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Permission, Error>> + 'static,
    {
        self.uris.push(authorizer(decide));
    }

    pub(crate) fn add_for_patterns<F, D>(&mut self, decide: F)
    where
        F: Fn(Authorization) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Permission, Error>> + 'static,
    {
        self.patterns.push(authorizer(decide));
    }

    /// Returns whether there is no authoriser: then clients may do all that is declared.
    pub(crate) fn is_empty(&self) -> bool {
        self.uris.is_empty() && self.patterns.is_empty()
    }

    /// Returns whether there is an authoriser for requests that name a URI.
    pub(crate) fn decide_uris(&self) -> bool {
        !self.uris.is_empty()
    }

    /// Returns the authorisers for URIs or those for patterns. A closure that was written for URIs
    /// never sees a pattern, because reading one as a URI would allow too much.
    pub(super) fn of(&self, policy: MatchPolicy) -> &[Authorizer] {
        match policy {
            MatchPolicy::Exact => &self.uris,
            MatchPolicy::Prefix | MatchPolicy::Wildcard => &self.patterns,
        }
    }

    /// Asks the authorisers in order: all must allow the request, and the first denial ends the
    /// questions.
    pub(super) async fn ask(authorization: Authorization) -> Result<Permission, Error> {
        let request = &authorization.0;
        let mut decided: Option<Permission> = None;
        for authorizer in request.served.settings.authorizers.of(request.kind.policy) {
            let permission = ask(authorizer, &authorization).await?;
            if !permission.is_allowed() {
                return Ok(permission);
            }
            decided = Some(match decided {
                Some(others) => others.and(permission),
                None => permission,
            });
        }
        Ok(decided.unwrap_or(Permission::deny()))
    }
}

fn authorizer<F, D>(decide: F) -> Authorizer
where
    F: Fn(Authorization) -> D + Send + Sync + 'static,
    D: Future<Output = Result<Permission, Error>> + 'static,
{
    Arc::new(move |authorization| Box::pin(decide(authorization)))
}

/// Asks one authoriser and fails closed: its error or panic is a denial (Z-02).
async fn ask(authorizer: &Authorizer, authorization: &Authorization) -> Result<Permission, Error> {
    let request = authorization.clone();
    // The closure itself may panic too, before it returns a future.
    let asked = AssertUnwindSafe(async move { authorizer(request).await }).catch_unwind().await;
    asked.unwrap_or_else(|panic| Err(Error::panicked(&*panic))).map_err(|error| {
        let (kind, named) = (authorization.0.kind, &authorization.0.named);
        let session = authorization.session();
        tracing::error!(
            target: log::AUTH,
            error = ?shortened(error.uri()),
            cause = error.cause(),
            ?kind,
            uri = ?shortened(named),
            session = %session.id(),
            authid = ?shortened(session.authid()),
            realm = ?shortened(session.realm().name()),
            "an authoriser failed"
        );
        authorization_failed()
    })
}

/// Returns the ERROR that the client gets if an authoriser fails (Z-02). The cause stays in the
/// log.
pub(crate) fn authorization_failed() -> Error {
    Error::new(uris::AUTHORIZATION_FAILED).arg("authorisation is not possible now")
}

impl fmt::Debug for Authorizers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uris, patterns } = self;
        write!(f, "Authorizers {{ uris: {}, patterns: {} }}", uris.len(), patterns.len())
    }
}
