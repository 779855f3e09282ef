//! Who a session is.

use rand::RngExt as _;

/// Who a session is, as WELCOME shows it. What a client claims to be is never believed (A-11).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by hosts, with struct update syntax")]
pub struct Identity {
    /// The authentication id.
    pub authid: String,
    /// The authentication role, which `role = "…"` of a handler asks for.
    pub authrole: String,
    /// How the session was authenticated.
    pub authmethod: String,
    /// Who authenticated it.
    pub authprovider: String,
}

impl Identity {
    /// An anonymous identity with an authid of its own (A-20).
    ///
    /// ```
    /// use wamp_core::Identity;
    /// let visitor = Identity { authrole: "visitor".into(), ..Identity::anonymous() };
    /// assert_eq!(visitor.authmethod, "anonymous");
    /// ```
    #[must_use]
    pub fn anonymous() -> Self {
        let authid = rand::rng().sample_iter(rand::distr::Alphanumeric).take(16).map(char::from).collect();
        Self {
            authid,
            authrole: "anonymous".into(),
            authmethod: "anonymous".into(),
            authprovider: "static".into(),
        }
    }
}
