//! `wamp.session.*` (K-01 … K-10).

use std::sync::Arc;

use serde::Serialize;

use super::{Request, publish};
use crate::codec::payload::Payload;
use crate::error::{Error, uris};
use crate::handler::reply::Reply;
use crate::id::SessionId;
use crate::realm::Realm;
use crate::session::handle::SessionHandle;

pub(super) const ON_JOIN: &str = "wamp.session.on_join";
pub(super) const ON_LEAVE: &str = "wamp.session.on_leave";

/// The description of a session for other clients.
#[derive(Serialize)]
struct Details<'p> {
    session: SessionId,
    authid: &'p str,
    authrole: &'p str,
    authmethod: &'p str,
    authprovider: &'p str,
}

impl<'p> Details<'p> {
    fn of(handle: &'p SessionHandle) -> Self {
        let identity = &handle.identity;
        Self {
            session: handle.id,
            authid: &identity.authid,
            authrole: &identity.authrole,
            authmethod: &identity.authmethod,
            authprovider: &identity.authprovider,
        }
    }
}

/// Publishes that a session has joined, if it is listed (K-01).
pub(crate) fn joined(realm: &Realm, handle: &SessionHandle) {
    if handle.is_listed {
        publish(realm, ON_JOIN, || Payload::builder().arg(Details::of(handle)));
    }
}

/// Publishes that a session has left, for whatever reason, if it was listed (K-02).
pub(crate) fn left(realm: &Realm, handle: &SessionHandle) {
    if handle.is_listed {
        let identity = &handle.identity;
        publish(realm, ON_LEAVE, || {
            Payload::builder().arg(handle.id).arg(&identity.authid).arg(&identity.authrole)
        });
    }
}

pub(super) fn count(request: &mut Request<'_>) -> Result<Reply, Error> {
    Ok(Reply::new().arg(filtered(request)?.len()))
}

pub(super) fn list(request: &mut Request<'_>) -> Result<Reply, Error> {
    Ok(Reply::new().arg(ids(&filtered(request)?)))
}

/// Returns the sessions of the realm, or those of the given roles; an empty list of roles selects
/// none (K-03).
fn filtered(request: &mut Request<'_>) -> Result<Vec<Arc<SessionHandle>>, Error> {
    let authroles: Option<Vec<String>> = request.take("filter_authroles")?;
    request.finish()?;
    let mut sessions = request.served.realm.sessions();
    if let Some(authroles) = authroles {
        sessions.retain(|session| authroles.contains(&session.identity.authrole));
    }
    Ok(sessions)
}

pub(super) fn get(request: &mut Request<'_>) -> Result<Reply, Error> {
    let session = request.take("session")?;
    request.finish()?;
    let handle = find(request, session)?;
    Ok(Reply::new().arg(Details::of(&handle)))
}

pub(super) fn kill(request: &mut Request<'_>) -> Result<Reply, Error> {
    let session = request.take("session")?;
    let end = End::take(request)?;
    let victim = find(request, session)?;
    if victim.id == request.context.session().id() {
        return Err(no_such_session(session)); // K-07
    }
    end.kill(&victim);
    Ok(Reply::new())
}

pub(super) fn kill_by_authid(request: &mut Request<'_>) -> Result<Reply, Error> {
    let authid: String = request.take("authid")?;
    let end = End::take(request)?;
    let victims = others(request, |handle| handle.identity.authid == authid);
    victims.iter().for_each(|victim| end.kill(victim));
    Ok(Reply::new().arg(ids(&victims)))
}

pub(super) fn kill_by_authrole(request: &mut Request<'_>) -> Result<Reply, Error> {
    let authrole: String = request.take("authrole")?;
    let end = End::take(request)?;
    let victims = others(request, |handle| handle.identity.authrole == authrole);
    victims.iter().for_each(|victim| end.kill(victim));
    Ok(Reply::new().arg(victims.len())) // D-14
}

/// Ends all other sessions, without events about it, and without publishing their testaments (K-10,
/// E-16).
pub(super) fn kill_all(request: &mut Request<'_>) -> Result<Reply, Error> {
    let end = End::take(request)?;
    let victims = others(request, |_| true);
    for victim in &victims {
        victim.silence();
        end.kill(victim);
    }
    Ok(Reply::new().arg(victims.len()))
}

/// The GOODBYE of a session that is killed (K-06).
struct End {
    reason: Option<String>,
    message: Option<String>,
}

impl End {
    fn take(request: &mut Request<'_>) -> Result<Self, Error> {
        let end = Self { reason: request.take_reason()?, message: request.take("message")? };
        request.finish()?;
        Ok(end)
    }

    fn kill(&self, victim: &SessionHandle) {
        let reason = self.reason.as_deref().unwrap_or(uris::KILLED);
        victim.mailbox.close(reason.to_owned(), self.message.clone());
    }
}

fn find(request: &Request<'_>, session: u64) -> Result<Arc<SessionHandle>, Error> {
    SessionId::new(session)
        .and_then(|id| request.served.realm.session(id))
        .ok_or_else(|| no_such_session(session))
}

fn others(
    request: &Request<'_>,
    is_meant: impl Fn(&SessionHandle) -> bool,
) -> Vec<Arc<SessionHandle>> {
    let caller = request.context.session().id();
    let mut sessions = request.served.realm.sessions();
    sessions.retain(|handle| handle.id != caller && is_meant(handle));
    sessions
}

fn ids(sessions: &[Arc<SessionHandle>]) -> Vec<SessionId> {
    sessions.iter().map(|handle| handle.id).collect()
}

pub(super) fn no_such_session(session: u64) -> Error {
    Error::new(uris::NO_SUCH_SESSION).arg(format!("there is no session {session} that is meant"))
}
