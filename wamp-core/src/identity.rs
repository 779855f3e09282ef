//! The identity of a session.

use rand::RngExt as _;
use serde_json::{Map, Value};

/// The authmethod of a client that does not log in (A-02); its authrole as well.
pub(crate) const ANONYMOUS: &str = "anonymous";

/// The identity of a session, as WELCOME shows it. The router never takes it from what the client
/// claims (A-11).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by hosts, with struct update syntax")]
pub struct Identity {
    /// The authentication id.
    pub authid: String,
    /// The authentication role, which `role = "…"` of a handler asks for.
    pub authrole: String,
    /// The authentication method. A method of the realm writes its own name here.
    pub authmethod: String,
    /// The provider that authenticated the session.
    pub authprovider: String,
    /// Further values about itself that the client is told.
    pub authextra: Map<String, Value>,
}

impl Identity {
    /// Creates the identity of an authenticated client: provider `dynamic`, without extras.
    ///
    /// ```
    /// use wamp_core::Identity;
    /// let joe = Identity::new("joe", "user").extra("desk", 7);
    /// let joe = Identity { authprovider: "ldap".into(), ..joe };
    /// assert_eq!((joe.authid.as_str(), &joe.authextra["desk"]), ("joe", &7.into()));
    /// ```
    #[must_use]
    pub fn new(authid: impl Into<String>, authrole: impl Into<String>) -> Self {
        Self {
            authid: authid.into(),
            authrole: authrole.into(),
            authmethod: String::new(),
            authprovider: "dynamic".into(),
            authextra: Map::new(),
        }
    }

    /// Creates an anonymous identity with a random authid (A-20).
    ///
    /// ```
    /// use wamp_core::Identity;
    /// let visitor = Identity { authrole: "visitor".into(), ..Identity::anonymous() };
    /// assert_eq!(visitor.authmethod, "anonymous");
    /// ```
    #[must_use]
    pub fn anonymous() -> Self {
        let authid: String =
            rand::rng().sample_iter(rand::distr::Alphanumeric).take(16).map(char::from).collect();
        Self {
            authmethod: ANONYMOUS.into(),
            authprovider: "static".into(),
            ..Self::new(authid, ANONYMOUS)
        }
    }

    /// Adds a value to `authextra`.
    #[must_use]
    pub fn extra(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.authextra.insert(key.into(), value.into());
        self
    }
}
