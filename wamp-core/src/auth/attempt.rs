//! One login, as the application's closures see it.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;

use crate::codec::value::Shared;
use crate::error::shortened;
use crate::id::SessionId;
use crate::message;

/// One login: the client's claims, and the host's knowledge of the connection. Cloning only counts
/// a reference.
///
/// The claims are not proved, except those that the [method](Self::method) checks before it asks
/// the closure: see its documentation.
///
/// ```
/// use wamp_core::{Attempt, Denied, Identity, Realm, RealmBuilder, Ticket};
///
/// let by_ticket = Ticket::new(|attempt: Attempt| async move {
///     match attempt.authid() {
///         Some("joe") if attempt.ticket_is("secret!!!") => Ok(Identity::new("joe", "user")),
///         _ => Err(Denied::credentials()),
///     }
/// });
/// let realm: RealmBuilder = Realm::new("customers").authenticate(by_ticket);
/// ```
#[derive(Clone)]
pub struct Attempt {
    hello: Rc<Hello>,
    method: Rc<str>,
    proof: Proof,
}

/// The data with which a login begins.
pub(crate) struct Hello {
    pub(crate) realm: String,
    pub(crate) session: SessionId,
    pub(crate) authid: Option<String>,
    pub(crate) authrole: Option<String>,
    /// The whole HELLO, from which `authextra` is read.
    pub(crate) frame: Shared,
    pub(crate) host: Rc<dyn Any>,
}

/// The proof that a method shows to its closure.
#[derive(Clone)]
enum Proof {
    None,
    Ticket(Rc<str>),
    PublicKey(Rc<str>),
}

impl Attempt {
    pub(crate) fn new(hello: Hello) -> Self {
        Self { hello: Rc::new(hello), method: "".into(), proof: Proof::None }
    }

    /// Returns the same login with this method.
    pub(super) fn by(mut self, method: &str) -> Self {
        self.method = method.into();
        self
    }

    pub(super) fn with_ticket(mut self, ticket: &str) -> Self {
        self.proof = Proof::Ticket(ticket.into());
        self
    }

    pub(super) fn with_public_key(mut self, key: &str) -> Self {
        self.proof = Proof::PublicKey(key.into());
        self
    }

    /// Returns the name of the realm that the client wants to join. The realm exists.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.hello.realm
    }

    /// Returns the method of the login, as the client named it in `HELLO.Details.authmethods`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Returns the authid that the client claims. An empty one counts as none.
    #[must_use]
    pub fn authid(&self) -> Option<&str> {
        self.hello.authid.as_deref()
    }

    /// Returns the role that the client asks for; never a reason to grant it (A-11).
    #[must_use]
    pub fn wished_role(&self) -> Option<&str> {
        self.hello.authrole.as_deref()
    }

    /// Reads `HELLO.Details.authextra` as a struct or a map; an absent one as an empty dict.
    /// Returns `None` if it is not a `T`.
    #[must_use]
    pub fn authextra<T: DeserializeOwned>(&self) -> Option<T> {
        message::authextra(&self.hello.frame)
    }

    /// Returns the id that the session will have.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.hello.session
    }

    /// Returns the host's value for the connection, if it is a `T`: for `wamp-actix`, the
    /// `HttpRequest` of the upgrade.
    #[must_use]
    pub fn host<T: Any>(&self) -> Option<&T> {
        self.hello.host.downcast_ref()
    }

    /// Returns the ticket of a [`Ticket`](crate::Ticket) login; `None` for other methods. Use it to
    /// find the ticket in a store, and compare it with [`ticket_is`](Self::ticket_is).
    #[must_use]
    pub fn ticket(&self) -> Option<&str> {
        match &self.proof {
            Proof::Ticket(ticket) => Some(ticket),
            Proof::None | Proof::PublicKey(_) => None,
        }
    }

    /// Returns whether the ticket is this one. The comparison takes constant time (A-14). A ticket
    /// is never empty.
    #[must_use]
    pub fn ticket_is(&self, expected: &str) -> bool {
        self.ticket().is_some_and(|ticket| ticket.as_bytes().ct_eq(expected.as_bytes()).into())
    }

    /// Returns the public key whose private key the client has proved to hold, as 64 lower-case
    /// hexadecimal digits, of a [`Cryptosign`](crate::Cryptosign) login; `None` for other methods.
    #[must_use]
    pub fn public_key(&self) -> Option<&str> {
        match &self.proof {
            Proof::PublicKey(key) => Some(key),
            Proof::None | Proof::Ticket(_) => None,
        }
    }
}

/// Shows no secrets, and the client's texts escaped and cut.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Attempt");
        shown.field("realm", &shortened(self.realm()));
        if !self.method.is_empty() {
            shown.field("method", &self.method);
        }
        shown.field("authid", &self.authid().map(shortened)).finish_non_exhaustive()
    }
}
