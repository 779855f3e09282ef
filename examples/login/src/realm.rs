//! The realm: who its sessions are, and what they may do.

use wamp_actix::{
    Anonymous, Attempt, AttemptExt as _, Authorization, Denied, Error, Http, Identity, Permission, Realm,
    RealmBuilder,
};

use crate::logins::Logins;

/// A session is whoever the cookie of its upgrade request says, or a stranger.
pub(crate) fn site() -> RealmBuilder {
    let by_cookie = Http::new("cookie", by_cookie);
    Realm::new("site").authenticate(by_cookie).authenticate(Anonymous::new()).authorize(may)
}

async fn by_cookie(attempt: Attempt) -> Result<Identity, Denied> {
    let logins = attempt.data::<Logins>()?;
    // A cookie that is out of date is as good as none.
    let account = logins.account(attempt.request()).ok_or(Denied::absent())?;
    Ok(Identity::new(account.name, account.role))
}

/// `users.NAME.` and what is below is for that user and for admins; what nobody declared is for nobody. What the roles of a
/// handler say is asked besides. Patterns are denied, for there is no `authorize_patterns`: nothing here needs them.
async fn may(asked: Authorization) -> Result<Permission, Error> {
    let session = asked.session();
    Ok(Permission::when(match asked.declared() {
        Some(declared) if declared.starts_with("users.{name}.") => {
            session.authrole() == "admin" || asked.capture("name").is(session.authid())
        }
        declared => declared.is_some(),
    }))
}
