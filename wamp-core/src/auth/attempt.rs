//! One login, as the application's closures see it.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;

use crate::codec::encoded::Shared;
use crate::error::shortened;
use crate::id::SessionId;
use crate::message;

/// One login: what the client claims, and what the host knows of it. A copy is a reference count.
///
/// Nothing in it is proved, except what the [method](Self::method) has proved before it asked: see there.
///
/// ```
/// use wamp_core::{Attempt, Denied, Identity, Realm, RealmBuilder, Ticket};
///
/// let realm: RealmBuilder = Realm::new("customers").authenticate(Ticket::new(|attempt: Attempt| async move {
///     match attempt.authid() {
///         Some("joe") if attempt.ticket_is("secret!!!") => Ok(Identity::new("joe", "user")),
///         _ => Err(Denied::credentials()),
///     }
/// }));
/// ```
#[derive(Clone)]
pub struct Attempt {
    hello: Rc<Hello>,
    method: Rc<str>,
    proof: Proof,
}

/// What a login begins with.
pub(crate) struct Hello {
    pub(crate) realm: String,
    pub(crate) session: SessionId,
    pub(crate) authid: Option<String>,
    pub(crate) authrole: Option<String>,
    /// The whole message, to read `authextra` from.
    pub(crate) frame: Shared,
    pub(crate) host: Rc<dyn Any>,
}

/// What a method lets its closure see.
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

    /// The same login by this method.
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

    /// The realm that the client wants to join. It exists.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.hello.realm
    }

    /// The method by which the client logs in, as it stands in `HELLO.Details.authmethods`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Who the client says it is. An empty one counts as none.
    #[must_use]
    pub fn authid(&self) -> Option<&str> {
        self.hello.authid.as_deref()
    }

    /// The role that the client wishes for: never a reason to give it (A-11).
    #[must_use]
    pub fn wished_role(&self) -> Option<&str> {
        self.hello.authrole.as_deref()
    }

    /// `HELLO.Details.authextra`, read as a struct or a map; an absent one is read as an empty dict. `None` if it is not a `T`.
    #[must_use]
    pub fn authextra<T: DeserializeOwned>(&self) -> Option<T> {
        message::authextra(&self.hello.frame)
    }

    /// The id that the session will have.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.hello.session
    }

    /// What the host attached to the connection: for `wamp-actix`, the `HttpRequest` of the upgrade.
    #[must_use]
    pub fn host<T: Any>(&self) -> Option<&T> {
        self.hello.host.downcast_ref()
    }

    /// The ticket, for [`Ticket`](crate::Ticket); of other methods there is none. To look it up in a store: compare it
    /// with [`ticket_is`](Self::ticket_is).
    #[must_use]
    pub fn ticket(&self) -> Option<&str> {
        match &self.proof {
            Proof::Ticket(ticket) => Some(ticket),
            Proof::None | Proof::PublicKey(_) => None,
        }
    }

    /// Whether the ticket is this one, in a time that does not tell how much of it is right (A-14). No ticket is empty.
    #[must_use]
    pub fn ticket_is(&self, expected: &str) -> bool {
        self.ticket().is_some_and(|ticket| ticket.as_bytes().ct_eq(expected.as_bytes()).into())
    }

    /// The public key whose private key the client has proved to hold, as 64 lower-case hexadecimal digits, for
    /// [`Cryptosign`](crate::Cryptosign); of other methods there is none.
    #[must_use]
    pub fn public_key(&self) -> Option<&str> {
        match &self.proof {
            Proof::PublicKey(key) => Some(key),
            Proof::None | Proof::Ticket(_) => None,
        }
    }
}

/// Without secrets, and with a stranger's texts escaped and cut.
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
