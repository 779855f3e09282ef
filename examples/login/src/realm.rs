//! The realm: the identities of its sessions, and their permissions.

use wamp_actix::{
    Anonymous, Attempt, AttemptExt as _, Authorization, Denied, Error, Http, Identity, Permission,
    Realm, RealmBuilder,
};

use crate::logins::Logins;

/// Identifies a session by the cookie of its upgrade request; without one it is anonymous.
pub(crate) fn site() -> RealmBuilder {
    let by_cookie = Http::new("cookie", by_cookie);
    Realm::new("site").authenticate(by_cookie).authenticate(Anonymous::new()).authorize(may)
}

async fn by_cookie(attempt: Attempt) -> Result<Identity, Denied> {
    let logins = attempt.data::<Logins>()?;
    // A cookie that has expired counts as none.
    let account = logins.account(attempt.request()).ok_or(Denied::absent())?;
    Ok(Identity::new(account.name, account.role))
}

/// Permits `users.NAME.` and all URIs below it to that user and to admins; URIs without a
/// declaration are denied. The roles of a handler are checked in addition. Patterns are denied,
/// because there is no `authorize_patterns`; nothing in this example needs them.
async fn may(asked: Authorization) -> Result<Permission, Error> {
    let session = asked.session();
    Ok(Permission::when(match asked.declared() {
        Some(declared) if declared.starts_with("users.{name}.") => {
            session.authrole() == "admin" || asked.capture("name").is(session.authid())
        }
        declared => declared.is_some(),
    }))
}
