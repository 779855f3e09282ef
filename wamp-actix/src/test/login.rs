//! The login of a test client: what HELLO offers, and the answer to CHALLENGE.

use serde_json::{Map, Value, json};
use wamp_core::__private::client;

/// A login of a test client, for [`Connect::login`](super::Connect::login).
///
/// ```
/// use wamp_actix::test::{Login, join};
/// use wamp_actix::{Attempt, Denied, Identity, Realm, Router, Ticket};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), wamp_actix::Error> {
/// let by_ticket = Ticket::new(|attempt: Attempt| async move {
///     let joe = attempt.ticket_is("secret!!!").then(|| Identity::new("joe", "user"));
///     joe.ok_or(Denied::credentials())
/// });
/// let realm = Realm::new("realm1").authenticate(by_ticket);
/// let router = Router::builder().realm(realm).handlers([]).build()?;
/// let client = join(&router).login(Login::ticket("joe", "secret!!!")).await?;
/// assert_eq!(client.welcome()["authrole"], "user");
/// assert!(join(&router).login(Login::ticket("joe", "guessed")).await.is_err());
/// # Ok(())
/// # }
/// ```
#[allow(missing_debug_implementations, reason = "it has a closure, and secrets")]
pub struct Login {
    method: String,
    authid: String,
    authextra: Map<String, Value>,
    answer: Answer,
}

/// Makes the signature from the `Extra` of CHALLENGE.
type Answer = Box<dyn FnOnce(&Map<String, Value>) -> String>;

/// The nonce of SCRAM. Tests need no other: the server adds its own.
const NONCE: &str = "d2FtcC1hY3RpeCdzIHRlc3Q=";

impl Login {
    /// Creates a login by a method. `answer` makes the signature from the `Extra` of CHALLENGE; a
    /// method without a challenge does not call it.
    pub fn new(
        method: &str,
        authid: &str,
        answer: impl FnOnce(&Map<String, Value>) -> String + 'static,
    ) -> Self {
        let (method, authid) = (method.to_owned(), authid.to_owned());
        Self { method, authid, authextra: Map::new(), answer: Box::new(answer) }
    }

    /// Creates a login by ticket.
    #[must_use]
    pub fn ticket(authid: &str, ticket: &str) -> Self {
        let ticket = ticket.to_owned();
        Self::new("ticket", authid, |_| ticket)
    }

    /// Creates a login by WAMP-CRA, with a secret that may be salted.
    #[must_use]
    pub fn wampcra(authid: &str, secret: &str) -> Self {
        let secret = secret.to_owned();
        Self::new("wampcra", authid, move |extra| {
            answered("wampcra", extra, client::wampcra(&secret, extra))
        })
    }

    /// Creates a login by SCRAM, in the specification's dialect `wamp-scram`.
    #[must_use]
    pub fn scram(authid: &str, password: &str) -> Self {
        let (user, password) = (authid.to_owned(), password.to_owned());
        Self::new("wamp-scram", authid, move |extra| {
            answered("wamp-scram", extra, client::scram(&user, &password, NONCE, extra))
        })
        .authextra("nonce", NONCE)
    }

    /// Creates a login by cryptosign, with the private key that this seed makes.
    /// [`public_key`](Self::public_key) returns the key that the server knows.
    ///
    /// ```
    /// use wamp_actix::test::{Login, join};
    /// use wamp_actix::{Attempt, Cryptosign, Denied, Identity, Realm, Router};
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), wamp_actix::Error> {
    /// let lamp = Login::public_key(&[7; 32]);
    /// let by_key = Cryptosign::new(move |attempt: Attempt| {
    ///     let is_known = attempt.public_key() == Some(&lamp);
    ///     async move {
    ///         is_known.then(|| Identity::new("lamp", "device")).ok_or(Denied::credentials())
    ///     }
    /// });
    /// let realm = Realm::new("realm1").authenticate(by_key);
    /// let router = Router::builder().realm(realm).handlers([]).build()?;
    /// assert!(join(&router).login(Login::cryptosign("lamp", &[7; 32])).await.is_ok());
    /// assert!(join(&router).login(Login::cryptosign("lamp", &[8; 32])).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn cryptosign(authid: &str, seed: &[u8; 32]) -> Self {
        let seed = *seed;
        Self::new("cryptosign", authid, move |extra| {
            answered("cryptosign", extra, client::cryptosign(&seed, extra))
        })
        .authextra("pubkey", Self::public_key(&seed))
    }

    /// Returns the public key of the private key that this seed makes, in hexadecimal digits.
    #[must_use]
    pub fn public_key(seed: &[u8; 32]) -> String {
        client::public_key(seed)
    }

    /// Adds a value to `authextra` of HELLO.
    #[must_use]
    pub fn authextra(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.authextra.insert(key.to_owned(), value.into());
        self
    }

    /// Adds what HELLO says of the login.
    pub(super) fn announce(&self, details: &mut Value) {
        details["authmethods"] = json!([self.method]);
        details["authid"] = json!(self.authid);
        details["authextra"] = json!(self.authextra);
    }

    /// Returns AUTHENTICATE. SCRAM repeats the nonce in its `Extra`.
    pub(super) fn authenticate(self, challenge: &Map<String, Value>) -> Value {
        let extra = match challenge.get("nonce") {
            Some(nonce) => json!({ "nonce": nonce, "channel_binding": null, "cbind_data": null }),
            None => json!({}),
        };
        json!([5, (self.answer)(challenge), extra])
    }
}

fn answered(method: &str, extra: &Map<String, Value>, answer: Option<String>) -> String {
    answer.unwrap_or_else(|| panic!("the server's CHALLENGE is not one of {method}: {extra:?}"))
}
