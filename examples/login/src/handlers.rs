//! The procedures and topics of the page, with their roles.

#[cfg(test)]
mod tests;

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde::Serialize;
use wamp_actix::{
    Error, Hold, PublishError, Realm, Session, SessionId, Snapshot, rpc, session, subscribe,
};

use crate::accounts;
use crate::board::{Board, Notice};
use crate::logins::Logins;

/// Open to every session.
#[rpc("board.read")]
async fn read(board: Data<Board>) -> Vec<Notice> {
    board.notices()
}

/// Sends the notices at once, and after each change. Open to every session.
#[subscribe("board.notices")]
async fn notices(board: Data<Board>) -> Snapshot<Vec<Notice>> {
    Snapshot(board.notices())
}

const MOST_CHARS: usize = 200;

#[rpc("board.post", role = ["user", "admin"])]
async fn post(text: &str, session: Session, board: Data<Board>, realm: Realm) -> Result<(), Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MOST_CHARS {
        return Err(Error::invalid_argument(format_args!(
            "a notice has 1 to {MOST_CHARS} characters"
        )));
    }
    let notice = Notice { author: session.authid().to_owned(), text: text.to_owned() };
    Ok(board.pin(notice, |notices| tell(&realm, notices))?)
}

#[rpc("board.clear", role = "admin")]
async fn clear(board: Data<Board>, realm: Realm) -> Result<(), Error> {
    Ok(board.clear(|notices| tell(&realm, notices))?)
}

fn tell(realm: &Realm, notices: &[Notice]) -> Result<(), PublishError> {
    realm.publish("board.notices").arg(notices).send()?;
    Ok(())
}

#[derive(Serialize)]
struct Profile {
    name: &'static str,
    role: &'static str,
    notices: usize,
}

/// Has no role here: the authoriser of the realm decides who may see which profile.
#[rpc("users.{name}.profile")]
async fn profile(name: &str, board: Data<Board>) -> Result<Profile, Error> {
    let account = accounts::find(name).ok_or_else(|| {
        Error::new("login.error.no_such_user").arg(format!("nobody is called {name:?}"))
    })?;
    let notices = board.notices().iter().filter(|notice| notice.author == name).count();
    Ok(Profile { name: account.name, role: account.role, notices })
}

/// A session that ends with the login of its user.
struct Attached {
    logins: Data<Logins>,
    session: SessionId,
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.logins.detach(self.session);
    }
}

/// Closes the sessions of the user with the login, because they would keep its permissions.
#[session]
async fn joined(
    session: Session,
    request: HttpRequest,
    logins: Data<Logins>,
) -> Result<Hold<Option<Attached>>, Error> {
    if session.authmethod() != "cookie" {
        return Ok(Hold(None));
    }
    let id = session.id();
    logins
        .attach(&request, session)
        .ok_or_else(|| Error::not_authorized("the login has just ended"))?;
    Ok(Hold(Some(Attached { logins: Data::clone(&logins), session: id })))
}
