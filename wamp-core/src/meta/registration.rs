//! `wamp.registration.*` (K-20 … K-27).
//!
//! The application's own procedures are registrations too: with ids from 1, made when the router was built, and without
//! callees (K-27).

use serde::Serialize;

use super::Request;
use super::subscription::ByPolicy;
use crate::error::{Error, uris};
use crate::id::{RegistrationId, SessionId};
use crate::pattern::Pattern;
use crate::reply::Reply;
use crate::router::Served;
use crate::timestamp::Timestamp;

pub(super) const ON_CREATE: &str = "wamp.registration.on_create";
pub(super) const ON_REGISTER: &str = "wamp.registration.on_register";
pub(super) const ON_UNREGISTER: &str = "wamp.registration.on_unregister";
pub(super) const ON_DELETE: &str = "wamp.registration.on_delete";

/// A registration as it is listed.
pub(crate) struct Listed {
    pub(crate) id: RegistrationId,
    pub(crate) pattern: Pattern,
    pub(crate) invoke: &'static str,
    pub(crate) created: Timestamp,
    pub(crate) callees: Vec<SessionId>,
}

#[derive(Serialize)]
struct Details<'r> {
    id: RegistrationId,
    created: Timestamp,
    uri: &'r str,
    r#match: &'static str,
    invoke: &'static str,
}

impl<'r> Details<'r> {
    fn of(listed: &'r Listed) -> Self {
        let Listed { id, pattern, invoke, created, .. } = listed;
        Self { id: *id, created: *created, uri: &pattern.uri, r#match: pattern.policy.name(), invoke }
    }
}

/// All registrations of a realm.
fn all(served: &Served) -> impl Iterator<Item = Listed> {
    served.registry.registrations().map(|(id, pattern, created)| Listed {
        id,
        pattern: pattern.clone(),
        invoke: "single",
        created,
        callees: Vec::new(),
    })
}

/// K-21; what is under `wamp.` is nobody's registration.
pub(super) fn list(request: &mut Request<'_>) -> Result<Reply, Error> {
    request.finish()?;
    Ok(Reply::new().arg(ByPolicy::of(all(request.served).map(|found| (found.pattern.policy, found.id)))))
}

pub(super) fn lookup(request: &mut Request<'_>) -> Result<Reply, Error> {
    let pattern = request.take_pattern("procedure")?;
    let found = all(request.served).find(|listed| listed.pattern == pattern);
    Ok(Reply::new().arg(found.map(|listed| listed.id)))
}

/// K-23: the registration that answers a call of the URI, in the order of H-04.
pub(super) fn matching(request: &mut Request<'_>) -> Result<Reply, Error> {
    let procedure: String = request.take("procedure")?;
    request.finish()?;
    Ok(Reply::new().arg(request.served.registry.registration_of(&procedure)))
}

pub(super) fn get(request: &mut Request<'_>) -> Result<Reply, Error> {
    Ok(Reply::new().arg(Details::of(&named(request)?)))
}

pub(super) fn list_callees(request: &mut Request<'_>) -> Result<Reply, Error> {
    Ok(Reply::new().arg(named(request)?.callees))
}

pub(super) fn count_callees(request: &mut Request<'_>) -> Result<Reply, Error> {
    Ok(Reply::new().arg(named(request)?.callees.len()))
}

/// The registration that is the only argument.
fn named(request: &mut Request<'_>) -> Result<Listed, Error> {
    let id: u64 = request.take("registration")?;
    request.finish()?;
    all(request.served)
        .find(|listed| listed.id.get() == id)
        .ok_or_else(|| Error::new(uris::NO_SUCH_REGISTRATION).arg(format!("there is no registration {id}")))
}
