//! Who may use the meta API of a realm.

/// Who may use the meta API of a realm: [`RealmBuilder::meta_api`](crate::RealmBuilder::meta_api).
///
/// Reading is to call what tells about sessions, registrations and subscriptions, to subscribe to the events about them, to
/// ask for the history of topics, and to leave testaments (publications of the session's own, which its rights to publish
/// bound). Killing is what acts on others: `wamp.session.kill`, `kill_by_authid`, `kill_by_authrole`, `kill_all`,
/// `wamp.subscription.remove_subscriber` and `wamp.registration.remove_callee`. Who lacks a right is answered
/// `wamp.error.not_authorized`.
///
/// ```
/// use wamp_core::{MetaApi, Realm, RealmBuilder};
/// let realm: RealmBuilder = Realm::new("devices").meta_api(MetaApi::reading().killing_for(["operator"]));
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

/// What a procedure needs.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Right {
    Read,
    Kill,
}

impl MetaApi {
    /// Every session may read, none may kill.
    #[must_use]
    pub fn reading() -> Self {
        Self { read: Roles::All, kill: Roles::These(Vec::new()) }
    }

    /// Sessions of these roles may read, none may kill.
    #[must_use]
    pub fn reading_for<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Self {
        Self { read: Roles::these(roles), ..Self::reading() }
    }

    /// Every session may kill.
    #[must_use]
    pub fn killing(self) -> Self {
        Self { kill: Roles::All, ..self }
    }

    /// Sessions of these roles may kill.
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
