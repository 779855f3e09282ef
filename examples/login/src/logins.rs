//! The logins: cookies, and the WAMP sessions that were opened with each of them.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use parking_lot::Mutex;
use rand::RngExt as _;
use rand::distr::Alphanumeric;
use wamp_actix::{Session, SessionId, uris};

use crate::accounts::Account;

const COOKIE: &str = "login";
/// The number of characters in a cookie's value: more than 256 random bits.
const LENGTH: usize = 44;

/// The users who are logged in, by the values of their cookies.
#[derive(Default)]
pub(crate) struct Logins(Mutex<HashMap<String, Login>>);

struct Login {
    account: &'static Account,
    sessions: HashMap<SessionId, Session>,
}

impl Logins {
    /// Logs a user in. Returns the cookie, which is hidden from scripts and not sent with requests
    /// that other sites cause.
    pub(crate) fn begin(
        &self,
        account: &'static Account,
        request: &HttpRequest,
    ) -> Cookie<'static> {
        let token: String =
            rand::rng().sample_iter(Alphanumeric).take(LENGTH).map(char::from).collect();
        self.0.lock().insert(token.clone(), Login { account, sessions: HashMap::new() });
        let is_encrypted = request.connection_info().scheme() == "https";
        Cookie::build(COOKIE, token)
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(is_encrypted)
            .finish()
    }

    /// Logs the user of this request out, and closes the sessions that were opened with the cookie.
    /// Returns the cookie to be removed.
    pub(crate) fn end(&self, request: &HttpRequest) -> Option<Cookie<'static>> {
        let cookie = request.cookie(COOKIE)?;
        let ended = self.0.lock().remove(cookie.value());
        for session in ended.iter().flat_map(|login| login.sessions.values()) {
            session.close(uris::KILLED);
        }
        Some(Cookie::build(COOKIE, "").path("/").finish())
    }

    /// Returns the user who sent this request, if it has the cookie of a login.
    pub(crate) fn account(&self, request: &HttpRequest) -> Option<&'static Account> {
        let cookie = request.cookie(COOKIE)?;
        self.0.lock().get(cookie.value()).map(|login| login.account)
    }

    /// Adds a session that was opened by this request, so that it is closed with the login. `None`
    /// if the login has just ended.
    pub(crate) fn attach(&self, request: &HttpRequest, session: Session) -> Option<()> {
        let cookie = request.cookie(COOKIE)?;
        self.0.lock().get_mut(cookie.value())?.sessions.insert(session.id(), session);
        Some(())
    }

    /// Removes a session that has ended.
    pub(crate) fn detach(&self, session: SessionId) {
        for login in self.0.lock().values_mut() {
            login.sessions.remove(&session);
        }
    }
}
