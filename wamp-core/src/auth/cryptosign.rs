//! Cryptosign: the client signs a challenge with an Ed25519 key.

use std::future::Future;

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::{Attempt, Authenticating, Decide, Denied, Exchange, Method};
use crate::identity::Identity;

/// The method `cryptosign`: the client proves that it holds the private key of a public key (A-40 …
/// A-43). The closure is asked after the proof whose key it is: [`Attempt::public_key`]. A client
/// that does not hold a key never learns whether it is known.
///
/// ```
/// use wamp_core::{Attempt, Cryptosign, Denied, Identity, Realm, RealmBuilder};
///
/// const LAMP: &str = "545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122";
///
/// let by_key = Cryptosign::new(|attempt: Attempt| async move {
///     match attempt.public_key() {
///         Some(LAMP) => Ok(Identity::new("lamp", "device")),
///         _ => Err(Denied::credentials()),
///     }
/// });
/// let realm: RealmBuilder = Realm::new("devices").authenticate(by_key);
/// ```
#[derive(Clone, Debug)]
pub struct Cryptosign(Decide<Identity>);

impl Cryptosign {
    /// Creates the method. The closure returns the identity of a public key.
    #[must_use]
    pub fn new<F, D>(decide: F) -> Self
    where
        F: Fn(Attempt) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Identity, Denied>> + 'static,
    {
        Self(Decide::new(decide))
    }
}

/// `HELLO.Details.authextra`.
#[derive(Deserialize)]
struct Announced {
    pubkey: String,
}

/// `CHALLENGE.Extra`. Channel binding is not supported: the login goes on without it (A-44).
#[derive(Serialize)]
struct Extra {
    challenge: String,
    channel_binding: Option<&'static str>,
}

impl Method for Cryptosign {
    fn names(&self) -> Vec<String> {
        vec!["cryptosign".into()]
    }

    fn authenticate(&self, attempt: Attempt, exchange: Exchange) -> Authenticating {
        let decide = self.0.clone();
        Box::pin(async move {
            let Announced { pubkey } = attempt.authextra().ok_or(Denied::credentials())?; // A-40
            let key = public_key(&pubkey).ok_or(Denied::credentials())?;
            let challenge: [u8; 32] = rand::random(); // A-41
            let extra = Extra { challenge: hex::encode(challenge), channel_binding: None };
            let response = exchange.challenge(attempt.method(), &extra).await;
            if !verifies(&key, &response.signature, &challenge) {
                return Err(Denied::credentials());
            }
            decide.of(attempt.with_public_key(&hex::encode(key.as_bytes()))).await
        })
    }
}

fn public_key(text: &str) -> Option<VerifyingKey> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).ok()?;
    VerifyingKey::from_bytes(&key).ok()
}

/// Returns whether the answer, signature and message in hexadecimal digits, is right, and is about
/// this challenge and not an older one (A-42).
fn verifies(key: &VerifyingKey, signature: &str, message: &[u8; 32]) -> bool {
    let mut answer = [0; 96];
    if hex::decode_to_slice(signature, &mut answer).is_err() {
        return false;
    }
    let (signature, signed) = answer.split_at(64);
    let Ok(signature) = Signature::from_slice(signature) else {
        return false;
    };
    bool::from(signed.ct_eq(message)) && key.verify_strict(signed, &signature).is_ok()
}

#[cfg(test)]
mod tests;
