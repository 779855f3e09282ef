//! WAMP-CRA: the client answers a challenge with a keyed hash.

mod credential;

use std::future::Future;

use serde::Serialize;

pub use credential::CraCredential;

use super::keys::{from_base64, is_keyed, nonce};
use super::mock::Mocks;
use super::{Attempt, Authenticating, Decide, Denied, Exchange, Method};
use crate::identity::Identity;
use crate::timestamp::Timestamp;

/// The method `wampcra`: challenge and response with a shared secret (A-30 … A-34). Before the
/// challenge, the closure is asked for the client's identity and credential.
///
/// An authid that the closure denies gets a mock challenge, and is refused like a wrong secret. To
/// make the two indistinguishable, all credentials of a realm should have one shape, and
/// [`mock_like`](Self::mock_like) should name it.
///
/// ```
/// use wamp_core::{Attempt, CraCredential, Denied, Identity, Realm, RealmBuilder, WampCra};
///
/// let joe = CraCredential::derive("secret2", "salt123", 1000, 32)?;
/// let method = WampCra::new({
///     let joe = joe.clone();
///     move |attempt: Attempt| {
///         let joe = joe.clone();
///         async move {
///             match attempt.authid() {
///                 Some("joe") => Ok((Identity::new("joe", "user"), joe)),
///                 _ => Err(Denied::credentials()),
///             }
///         }
///     }
/// });
/// let realm: RealmBuilder = Realm::new("customers").authenticate(method.mock_like(joe));
/// # Ok::<(), wamp_core::CredentialError>(())
/// ```
#[derive(Clone, Debug)]
pub struct WampCra {
    decide: Decide<(Identity, CraCredential)>,
    mocks: Mocks<CraCredential>,
}

impl WampCra {
    /// Creates the method. The closure returns the identity that the client would have, and its
    /// credential.
    #[must_use]
    pub fn new<F, D>(decide: F) -> Self
    where
        F: Fn(Attempt) -> D + Send + Sync + 'static,
        D: Future<Output = Result<(Identity, CraCredential), Denied>> + 'static,
    {
        Self { decide: Decide::new(decide), mocks: Mocks::default() }
    }

    /// Sets the shape of mock challenges for unknown users: salted or not, the salt's length and
    /// the iterations are those of this credential. Without it they get a salt like those of
    /// [`salt`](crate::salt), 1000 iterations and a key length of 32.
    #[must_use]
    pub fn mock_like(mut self, example: CraCredential) -> Self {
        self.mocks.set_example(example);
        self
    }

    /// Sets the secret from which mock salts for unknown users are made: random bytes that the
    /// application keeps secret. Without it mock salts last as long as the process, so that a
    /// restart, or another server of the same realm, reveals unknown users by new salts. All
    /// methods of an application may share one secret.
    ///
    /// ```
    /// use wamp_core::{Attempt, Denied, WampCra};
    ///
    /// # fn from_the_configuration() -> [u8; 32] { [7; 32] }
    /// let key: [u8; 32] = from_the_configuration();
    /// let method = WampCra::new(|_: Attempt| async { Err(Denied::credentials()) }).mock_key(key);
    /// ```
    #[must_use]
    pub fn mock_key(mut self, key: [u8; 32]) -> Self {
        self.mocks.set_key(key);
        self
    }
}

/// `CHALLENGE.Extra`.
#[derive(Serialize)]
struct Extra<'e> {
    challenge: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iterations: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keylen: Option<u32>,
}

impl<'e> Extra<'e> {
    fn of(challenge: &'e str, credential: &'e CraCredential) -> Self {
        let salted = credential.salted();
        Self {
            challenge,
            salt: salted.map(|salted| salted.salt.as_str()),
            iterations: salted.map(|salted| salted.iterations),
            keylen: salted.map(|salted| salted.keylen),
        }
    }
}

/// The text that the client signs. It does not show the closure's decision, because the client has
/// proved nothing yet.
#[derive(Serialize)]
struct Challenge<'c> {
    authid: &'c str,
    authrole: &'static str,
    authmethod: &'c str,
    authprovider: &'static str,
    nonce: &'c str,
    timestamp: Timestamp,
    session: u64,
}

impl Method for WampCra {
    fn names(&self) -> Vec<String> {
        vec!["wampcra".into()]
    }

    fn authenticate(&self, attempt: Attempt, exchange: Exchange) -> Authenticating {
        let Self { decide, mocks } = self.clone();
        Box::pin(async move {
            let authid = attempt.authid().ok_or(Denied::credentials())?;
            let (identity, credential) = match decide.of(attempt.clone()).await {
                Ok((identity, credential)) => (Some(identity), credential),
                Err(denied) if denied.is_failure() => return Err(denied),
                Err(_) => (None, mocks.credential(attempt.realm(), authid)), // A-06
            };
            let challenge = challenge(&attempt, authid);
            let response =
                exchange.challenge(attempt.method(), &Extra::of(&challenge, &credential)).await;
            let signature = from_base64(&response.signature).unwrap_or_default();
            // Over the text as it was sent (A-32); computed for unknown users as well.
            let is_signed = is_keyed(credential.key(), challenge.as_bytes(), &signature);
            // An empty key is no secret.
            let is_signed = is_signed && !credential.key().is_empty();
            identity.filter(|_| is_signed).ok_or(Denied::credentials())
        })
    }
}

/// Returns the challenge (A-30, A-31, A-34).
fn challenge(attempt: &Attempt, authid: &str) -> String {
    let challenge = Challenge {
        authid,
        authrole: "user",
        authmethod: attempt.method(),
        authprovider: "dynamic",
        nonce: &nonce(),
        timestamp: Timestamp::now(),
        session: attempt.session().get(),
    };
    serde_json::to_string(&challenge)
        .expect("strings, a number and a time of this century can be serialised")
}

#[cfg(test)]
mod tests;
