//! The roles that may use the meta API of a realm.

/// The roles that may use the meta API of a realm:
/// [`RealmBuilder::meta_api`](crate::RealmBuilder::meta_api).
///
/// The right to read covers procedures that list sessions, registrations and subscriptions, the
/// events about them, the history of topics, and testaments (publications of the session's own,
/// which its rights to publish bound). The right to kill covers actions on other sessions:
/// `wamp.session.kill`, `kill_by_authid`, `kill_by_authrole`, `kill_all`,
/// `wamp.subscription.remove_subscriber` and `wamp.registration.remove_callee`. A session without
/// the right is answered `wamp.error.not_authorized`.
///
/// ```
/// use wamp_core::{MetaApi, Realm, RealmBuilder};
/// let api = MetaApi::reading().killing_for(["operator"]);
/// let realm: RealmBuilder = Realm::new("devices").meta_api(api);
/// ```
#[derive(Clone, Debug)]
pub struct MetaApi {
    read: Roles,
    kill: Roles,
}

#[derive(Clone, Debug)]
enum Roles {
    All,
    These(Vec<String>),
}

/// The right that a procedure requires.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Right {
    Read,
    Kill,
}

impl MetaApi {
    /// Lets every session read, and none kill.
    #[must_use]
    pub fn reading() -> Self {
        Self { read: Roles::All, kill: Roles::These(Vec::new()) }
    }

    /// Lets sessions of these roles read, and none kill.
    #[must_use]
    pub fn reading_for<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Self {
        Self { read: Roles::these(roles), ..Self::reading() }
    }

    /// Lets every session kill.
    #[must_use]
    pub fn killing(self) -> Self {
        Self { kill: Roles::All, ..self }
    }

    /// Lets sessions of these roles kill.
    #[must_use]
    pub fn killing_for<R: Into<String>>(self, roles: impl IntoIterator<Item = R>) -> Self {
        Self { kill: Roles::these(roles), ..self }
    }

    pub(crate) fn admits(&self, right: Right, authrole: &str) -> bool {
        let roles = match right {
            Right::Read => &self.read,
            Right::Kill => &self.kill,
        };
        match roles {
            Roles::All => true,
            Roles::These(roles) => roles.iter().any(|role| role == authrole),
        }
    }
}

impl Roles {
    fn these<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Self {
        Self::These(roles.into_iter().map(Into::into).collect())
    }
}
