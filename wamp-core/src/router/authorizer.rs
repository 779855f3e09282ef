//! Authorisation: the requests about which a realm's authorisers are asked, and their decisions.

mod authorizers;
mod decisions;

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use authorizers::{Authorizers, authorization_failed};
pub(crate) use decisions::{Decisions, Gate};

use crate::handler::context::Link;
use crate::message::Action;
use crate::message::MatchPolicy;
use crate::realm::matched::{Capture, Matched};
use crate::realm::session::Session;
use crate::router::{Router, ServedRealm};

/// A request of a client, about which the closures of
/// [`RealmBuilder::authorize`](crate::RealmBuilder::authorize) and
/// [`authorize_patterns`](crate::RealmBuilder::authorize_patterns) are asked. A clone is the same
/// request.
#[derive(Clone, Debug)]
pub struct Authorization(Rc<Request>);

#[derive(Debug)]
struct Request {
    link: Rc<Link>,
    served: Arc<ServedRealm>,
    kind: Kind,
    /// The URI, or the pattern in WAMP's form.
    named: String,
}

/// The kind of a request; a session remembers the decisions of each kind apart.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    pub(crate) action: Action,
    pub(crate) policy: MatchPolicy,
    /// True for a registration that takes a procedure over.
    pub(crate) replaces: bool,
}

impl Kind {
    /// Returns the kind of a request that names a URI, not a pattern.
    pub(crate) const fn exact(action: Action) -> Self {
        Self { action, policy: MatchPolicy::Exact, replaces: false }
    }
}

impl Authorization {
    /// Returns the session of the client.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.0.link.session
    }

    /// Returns the router that serves the session.
    #[must_use]
    pub fn router(&self) -> &Router {
        &self.0.link.router
    }

    /// Returns the action that the client asks for.
    #[must_use]
    pub fn action(&self) -> Action {
        self.0.kind.action
    }

    /// Returns the procedure or topic, a valid URI; `None` if the client named a
    /// [`pattern`](Self::pattern), about which only the closures of
    /// [`RealmBuilder::authorize_patterns`](crate::RealmBuilder::authorize_patterns) are asked.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        self.named().uri()
    }

    /// Returns the pattern in WAMP's form and its policy: `("chat.", Prefix)`, or
    /// `("chat..text", Wildcard)`, whose empty components match any text. A subscriber gets the
    /// events of every topic that the pattern matches, and a callee that registers it gets the
    /// calls.
    #[must_use]
    pub fn pattern(&self) -> Option<(&str, MatchPolicy)> {
        self.named().pattern()
    }

    /// Returns the application's declaration under which the URI falls, or which covers all URIs
    /// that the pattern can match, as it was written: `"chat.{room}"`. `None` if there is none: in
    /// a realm that routes clients, these may name URIs that the application did not declare.
    #[must_use]
    pub fn declared(&self) -> Option<&str> {
        self.matched().declared()
    }

    /// Returns the text in place of a capture of the [declaration](Self::declared):
    /// `capture("room").is("lobby")`. A name that the declaration does not have is a fault of the
    /// application: it is logged, and equals no text.
    ///
    /// ```
    /// use wamp_core::{Authorization, Error, Permission};
    ///
    /// /// Allows each user their own mailbox.
    /// async fn own_mailbox(request: Authorization) -> Result<Permission, Error> {
    ///     Ok(Permission::when(match request.declared() {
    ///         Some("mail.{user}") => request.capture("user").is(request.session().authid()),
    ///         _ => false,
    ///     }))
    /// }
    /// ```
    #[must_use]
    pub fn capture(&self, name: &str) -> Capture<'_> {
        self.matched().capture(name)
    }

    /// Returns whether the client wants to take a procedure over from the client that has
    /// registered it (option `force_reregister`), as a client does that reconnects before the
    /// server has noticed the loss of its old connection. It needs a
    /// [`Permission`](crate::Permission) that is [`replacing`](crate::Permission::replacing).
    #[must_use]
    pub fn replaces(&self) -> bool {
        self.0.kind.replaces
    }

    /// Returns the host's value for the connection, if it is a `T`: for `wamp-actix`, the
    /// `HttpRequest` of the upgrade.
    #[must_use]
    pub fn host<T: Any>(&self) -> Option<&T> {
        self.0.link.host.downcast_ref()
    }

    fn named(&self) -> Matched<'_> {
        Matched::new(self.0.kind.policy, &self.0.named)
    }

    /// Returns the request with its declaration, which is looked up only if a closure asks for it.
    fn matched(&self) -> Matched<'_> {
        let Kind { action, policy, .. } = self.0.kind;
        self.named().under(self.0.served.registry.declared(action, policy, &self.0.named))
    }
}
