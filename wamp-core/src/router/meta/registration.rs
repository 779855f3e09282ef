//! `wamp.registration.*` (K-20 … K-27).
//!
//! The application's own procedures are registrations too: with ids from 1, made when the router
//! was built, and without callees (K-27).

use serde::Serialize;

use super::session::no_such_session;
use super::subscription::ByPolicy;
use super::{Request, publish};
use crate::codec::payload::Payload;
use crate::error::{Error, uris};
use crate::handler::reply::Reply;
use crate::id::{RegistrationId, SessionId};
use crate::realm::Realm;
use crate::realm::dealer::{Registering, Registration, Replaced};
use crate::realm::pattern::Pattern;
use crate::router::ServedRealm;
use crate::router::registry::NumberedHandler;
use crate::timestamp::Timestamp;
use crate::uri;

pub(super) const ON_CREATE: &str = "wamp.registration.on_create";
pub(super) const ON_REGISTER: &str = "wamp.registration.on_register";
pub(super) const ON_UNREGISTER: &str = "wamp.registration.on_unregister";
pub(super) const ON_DELETE: &str = "wamp.registration.on_delete";

/// A registration of the application or of a client, as it is listed.
struct Listed {
    id: RegistrationId,
    pattern: Pattern,
    invoke: &'static str,
    created: Timestamp,
    callees: Vec<SessionId>,
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
        Self {
            id: *id,
            created: *created,
            uri: &pattern.uri,
            r#match: pattern.policy.name(),
            invoke,
        }
    }
}

impl Listed {
    fn of(registered: &Registration) -> Self {
        Self {
            id: registered.id,
            pattern: registered.pattern.clone(),
            invoke: registered.invoke.name(),
            created: registered.created,
            callees: registered.sessions(),
        }
    }
}

/// Returns all registrations of a realm: the application's, then the clients'.
fn all(served: &ServedRealm) -> Vec<Listed> {
    let own = served.registry.registrations().map(|(id, pattern, created)| Listed {
        id,
        pattern: pattern.clone(),
        invoke: "single",
        created,
        callees: Vec::new(),
    });
    own.chain(served.realm.dealer().registrations().iter().map(|registered| Listed::of(registered)))
        .collect()
}

/// Publishes that a client registered a procedure, and that it created the registration if it is
/// the first callee (K-20).
pub(crate) fn registered(realm: &Realm, session: SessionId, registering: &Registering) {
    let Registering { registered, is_new, is_added, replaced } = registering;
    if let Some(Replaced { id, callees }) = replaced {
        for (left, callee) in (1..).zip(callees) {
            unregistered(realm, callee.handle.id, *id, left == callees.len());
        }
    }
    if *is_new {
        publish(realm, ON_CREATE, || {
            Payload::builder().arg(session).arg(Details::of(&Listed::of(registered)))
        });
    }
    if *is_added {
        publish(realm, ON_REGISTER, || Payload::builder().arg(session).arg(registered.id));
    }
}

/// Publishes that a client left a registration, and that this ended it if the client was the last
/// callee (K-20).
pub(crate) fn unregistered(realm: &Realm, session: SessionId, id: RegistrationId, is_last: bool) {
    let ids = || Payload::builder().arg(session).arg(id);
    publish(realm, ON_UNREGISTER, ids);
    if is_last {
        publish(realm, ON_DELETE, ids);
    }
}

/// Lists the registrations (K-21), without reserved procedures, which are not registrations.
pub(super) fn list(request: &mut Request<'_>) -> Result<Reply, Error> {
    request.finish()?;
    Ok(Reply::new().arg(ByPolicy::of(
        all(request.served).iter().map(|found| (found.pattern.policy, found.id)),
    )))
}

pub(super) fn lookup(request: &mut Request<'_>) -> Result<Reply, Error> {
    let pattern = request.take_pattern("procedure")?;
    let found = all(request.served).into_iter().find(|listed| listed.pattern == pattern);
    Ok(Reply::new().arg(found.map(|listed| listed.id)))
}

/// Returns the registration that answers a call of the URI, in the order of H-04 (K-23).
pub(super) fn matching(request: &mut Request<'_>) -> Result<Reply, Error> {
    let procedure: String = request.take("procedure")?;
    request.finish()?;
    let ServedRealm { registry, realm, settings, .. } = request.served;
    let of_handler = NumberedHandler::registration;
    let found = if uri::is_reserved(&procedure) || !uri::is_valid(&procedure) {
        None
    } else if settings.route_clients {
        let registered =
            realm.dealer().procedures(&procedure).map(|registered| Some(registered.id));
        registry.procedures(&procedure).map(of_handler).or(registered).best(&procedure).flatten()
    } else {
        registry.procedure(&procedure).and_then(of_handler)
    };
    Ok(Reply::new().arg(found))
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

/// Reads the only argument, the id of a registration.
fn named(request: &mut Request<'_>) -> Result<Listed, Error> {
    let id = request.take("registration")?;
    request.finish()?;
    find(request, id)
}

fn find(request: &Request<'_>, id: u64) -> Result<Listed, Error> {
    all(request.served).into_iter().find(|listed| listed.id.get() == id).ok_or_else(|| {
        Error::new(uris::NO_SUCH_REGISTRATION).arg(format!("there is no registration {id}"))
    })
}

/// Removes a callee from a registration (K-39).
pub(super) fn remove_callee(request: &mut Request<'_>) -> Result<Reply, Error> {
    let (id, session): (u64, u64) = (request.take("registration")?, request.take("session")?);
    let reason = request.take_reason()?;
    request.finish()?;
    let registration = find(request, id)?;
    let realm = &request.served.realm;
    let callee = SessionId::new(session).filter(|session| registration.callees.contains(session));
    let is_last = callee.and_then(|callee| realm.dealer().revoke(registration.id, callee, reason));
    let (Some(callee), Some(is_last)) = (callee, is_last) else {
        return Err(no_such_session(session));
    };
    unregistered(realm, callee, registration.id, is_last);
    Ok(Reply::new())
}
