//! SCRAM: the client proves that it knows a password, and the server proves that it has the
//! credential.

mod credential;

use std::borrow::Cow;
use std::future::Future;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use credential::Keys;
pub use credential::ScramCredential;

use super::exchange::Response;
use super::keys::{from_base64, keyed, nonce, to_base64};
use super::mock::Mocks;
use super::{Attempt, Authenticating, Decide, Denied, Exchange, Method};
use crate::identity::Identity;

/// The longest nonce of a client, in characters; clients use about 24.
const LONGEST_NONCE: usize = 256;

/// `base64("n,,")`: no channel binding (A-54).
const NO_BINDING: &str = "biws";

/// The methods `wamp-scram`, as the specification defines it (A-50 … A-58), and `scram`, as
/// autobahn implements it. Before the challenge, the closure is asked for the client's identity and
/// credential.
///
/// The server proves itself too: WELCOME has `verifier` in `authextra`, and the same value as
/// `scram_server_signature`, where autobahn looks for it. The server derives no key for a login:
/// the client does that work.
///
/// An authid that the closure denies gets a mock challenge, and is refused like a wrong password.
/// To make the two indistinguishable, all credentials of a realm should have one shape, and
/// [`mock_like`](Self::mock_like) should name it.
///
/// ```
/// use wamp_core::{Attempt, Denied, Identity, Realm, RealmBuilder, Scram, ScramCredential};
///
/// let stored = r#"{"kdf":"pbkdf2","salt":"W22ZaJ0SNY7soEsUEjb6gQ==","iterations":4096,
///     "stored_key":"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=",
///     "server_key":"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="}"#;
/// let joe: ScramCredential = serde_json::from_str(stored)?;
/// let method = Scram::new({
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
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scram {
    decide: Decide<(Identity, ScramCredential)>,
    mocks: Mocks<ScramCredential>,
}

impl Scram {
    /// Creates the method. The closure returns the identity that the client would have, and its
    /// credential.
    #[must_use]
    pub fn new<F, D>(decide: F) -> Self
    where
        F: Fn(Attempt) -> D + Send + Sync + 'static,
        D: Future<Output = Result<(Identity, ScramCredential), Denied>> + 'static,
    {
        Self { decide: Decide::new(decide), mocks: Mocks::default() }
    }

    /// Sets the shape of mock challenges for unknown users: the same key derivation and parameters
    /// as this credential. Without it they get argon2id13 with 2 iterations and 19 456 KiB, and a
    /// salt like those of [`salt`](crate::salt).
    #[must_use]
    pub fn mock_like(mut self, example: ScramCredential) -> Self {
        self.mocks.set_example(example);
        self
    }

    /// Sets the secret from which mock salts for unknown users are made: random bytes that the
    /// application keeps secret. Without it mock salts last as long as the process, so that a
    /// restart, or another server of the same realm, reveals unknown users by new salts. All
    /// methods of an application may share one secret.
    ///
    /// ```
    /// use wamp_core::{Attempt, Denied, Scram};
    ///
    /// # fn from_the_configuration() -> [u8; 32] { [7; 32] }
    /// let key: [u8; 32] = from_the_configuration();
    /// let method = Scram::new(|_: Attempt| async { Err(Denied::credentials()) }).mock_key(key);
    /// ```
    #[must_use]
    pub fn mock_key(mut self, key: [u8; 32]) -> Self {
        self.mocks.set_key(key);
        self
    }
}

/// `HELLO.Details.authextra`.
#[derive(Deserialize)]
struct Announced {
    nonce: String,
    #[serde(default)]
    channel_binding: Option<String>,
}

/// `CHALLENGE.Extra` (A-52).
#[derive(Serialize)]
struct Extra<'e> {
    nonce: &'e str,
    salt: &'e str,
    kdf: &'e str,
    iterations: u32,
    memory: Option<u32>,
}

/// `CHALLENGE.Extra` for autobahn, which does not accept null for a number.
#[derive(Serialize)]
struct AutobahnExtra<'e> {
    nonce: &'e str,
    salt: &'e str,
    kdf: &'e str,
    iterations: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<u32>,
}

/// The two dialects of SCRAM.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Dialect {
    Specified,
    Autobahn,
}

impl Method for Scram {
    fn names(&self) -> Vec<String> {
        vec!["wamp-scram".into(), "scram".into()]
    }

    fn authenticate(&self, attempt: Attempt, exchange: Exchange) -> Authenticating {
        let Self { decide, mocks } = self.clone();
        let dialect =
            if attempt.method() == "scram" { Dialect::Autobahn } else { Dialect::Specified };
        Box::pin(async move {
            let authid = attempt.authid().ok_or(Denied::credentials())?;
            let client_nonce = client_nonce(&attempt).ok_or(Denied::credentials())?;
            let (identity, credential) = match decide.of(attempt.clone()).await {
                // A credential without keys for this dialect gets a challenge too, with the salt
                // that the other dialect shows: another salt would tell it from an unknown authid.
                Ok((identity, credential)) => (Some(identity), credential),
                Err(denied) if denied.is_failure() => return Err(denied),
                Err(_) => (None, mocks.credential(attempt.realm(), authid)), // A-06
            };
            let nonce = format!("{client_nonce}{}", nonce());
            let response =
                dialect.challenge(&exchange, attempt.method(), &nonce, &credential).await;
            let exchanged = Exchanged { authid, client_nonce: &client_nonce, nonce: &nonce };
            let message = dialect.auth_message(&exchanged, &credential);
            let verifier = dialect.verify(credential.keys(dialect), &nonce, &message, &response);
            let (identity, verifier) = identity.zip(verifier).ok_or(Denied::credentials())?;
            Ok(identity
                .extra("verifier", verifier.as_str())
                .extra("scram_server_signature", verifier)) // A-56
        })
    }
}

/// Returns the client's nonce: base64 text (A-51). `None` with channel binding, which is not
/// supported.
fn client_nonce(attempt: &Attempt) -> Option<String> {
    let Announced { nonce, channel_binding } = attempt.authextra()?;
    let is_nonce =
        !nonce.is_empty() && nonce.len() <= LONGEST_NONCE && from_base64(&nonce).is_some();
    (is_nonce && channel_binding.is_none_or(|binding| binding.is_empty())).then_some(nonce)
}

/// The exchanged data that the proof covers, besides the credential.
struct Exchanged<'e> {
    authid: &'e str,
    client_nonce: &'e str,
    nonce: &'e str,
}

impl Dialect {
    async fn challenge(
        self,
        exchange: &Exchange,
        method: &str,
        nonce: &str,
        credential: &ScramCredential,
    ) -> Response {
        let ScramCredential { salt, iterations, memory, .. } = credential;
        let (kdf, iterations, memory) = (credential.kdf_name(self), *iterations, *memory);
        match self {
            Self::Specified => {
                exchange.challenge(method, &Extra { nonce, salt, kdf, iterations, memory }).await
            }
            Self::Autobahn => {
                exchange
                    .challenge(method, &AutobahnExtra { nonce, salt, kdf, iterations, memory })
                    .await
            }
        }
    }

    /// Returns the message that the proof signs, as the specification (A-54) or autobahn has it.
    fn auth_message(self, exchanged: &Exchanged<'_>, credential: &ScramCredential) -> String {
        let Exchanged { authid, client_nonce, nonce } = exchanged;
        let ScramCredential { salt, iterations, .. } = credential;
        let (authid, binding): (Cow<'_, str>, _) = match self {
            Self::Specified => (authid.replace('=', "=3D").replace(',', "=2C").into(), NO_BINDING),
            Self::Autobahn => (stringprep::saslprep(authid).unwrap_or(Cow::Borrowed(authid)), ""),
        };
        format!(
            "n={authid},r={client_nonce},r={nonce},s={salt},i={iterations},c={binding},r={nonce}"
        )
    }

    /// Returns the server's own proof, if the client's is right for one of the keys (A-53, A-55).
    fn verify<'k>(
        self,
        keys: impl Iterator<Item = &'k Keys>,
        nonce: &str,
        message: &str,
        response: &Response,
    ) -> Option<String> {
        // Autobahn sends no Extra.
        let same = self == Self::Autobahn || response.extra.is_about(nonce);
        let proof = from_base64(&response.signature).unwrap_or_default();
        let verifiers = keys.map(|keys| {
            proves(keys, message, &proof)
                .then(|| to_base64(&keyed(&keys.server_key, message.as_bytes())))
        });
        // All keys are tried, so that the time does not reveal which one is right.
        verifiers.fold(None, Option::or).filter(|_| same)
    }
}

fn proves(keys: &Keys, message: &str, proof: &[u8]) -> bool {
    let Ok(mut client_key) = <[u8; 32]>::try_from(proof) else {
        return false;
    };
    let signature = keyed(&keys.stored_key, message.as_bytes());
    client_key.iter_mut().zip(signature).for_each(|(byte, mask)| *byte ^= mask);
    Sha256::digest(client_key).ct_eq(&keys.stored_key[..]).into()
}

#[cfg(test)]
mod tests;
