//! The credential that a server stores for a login by WAMP-CRA.

use std::fmt;

use pbkdf2::pbkdf2_hmac;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::auth::keys::{CredentialError, from_base64, to_base64};
use crate::auth::mock::{self, MockSecret, Mockable};

/// The longest useful key, in bytes; SHA-256 gives no more.
const LONGEST_KEY: u32 = 1024;

/// The credential that a server stores for a login by WAMP-CRA. It serialises as a struct of
/// strings and numbers.
///
/// A thief of the credential can log in with it: derive it from a password, so that at least the
/// password stays secret.
///
/// ```
/// use wamp_core::CraCredential;
///
/// let credential = CraCredential::derive("secret2", "salt123", 1000, 32)?;
/// let stored = serde_json::to_string(&credential)?;
/// assert_eq!(
///     stored,
///     concat!(
///         r#"{"key":"nythvFZ7EuM5sPCQrrgnz1oJiZXUNcZZFlDIdGSiNUs=","#,
///         r#""salt":"salt123","iterations":1000,"keylen":32}"#
///     )
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
pub struct CraCredential {
    key: String,
    #[serde(flatten)]
    salted: Option<Salted>,
}

/// The parameters from which the client derives the key, as CHALLENGE names them (A-33).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Salted {
    pub(super) salt: String,
    pub(super) iterations: u32,
    pub(super) keylen: u32,
}

impl CraCredential {
    /// Creates a credential from a secret that is used unchanged. An empty one admits no client.
    ///
    /// ```
    /// let credential = wamp_core::CraCredential::plain("secret2");
    /// ```
    #[must_use]
    pub fn plain(secret: impl Into<String>) -> Self {
        Self { key: secret.into(), salted: None }
    }

    /// Derives the key from a password: PBKDF2 with HMAC-SHA256 (A-33). The salt is used as text;
    /// [`salt`](crate::salt) makes one. Clients assume 1000 iterations and 32 bytes; more
    /// iterations are better.
    ///
    /// # Errors
    /// The password is empty, `iterations` is 0, or `keylen` is not between 1 and 1024.
    pub fn derive(
        password: &str,
        salt: &str,
        iterations: u32,
        keylen: u32,
    ) -> Result<Self, CredentialError> {
        if password.is_empty() {
            return Err(CredentialError::Empty);
        }
        if iterations == 0 {
            return Err(CredentialError::parameters("at least one iteration is needed"));
        }
        if !(1..=LONGEST_KEY).contains(&keylen) {
            return Err(CredentialError::parameters(format!(
                "the key has 1 to {LONGEST_KEY} bytes"
            )));
        }
        let mut key = vec![0; keylen as usize];
        pbkdf2_hmac::<Sha256>(password.as_bytes(), salt.as_bytes(), iterations, &mut key);
        // Clients use the text as the key, not the bytes.
        Ok(Self {
            key: to_base64(&key),
            salted: Some(Salted { salt: salt.to_owned(), iterations, keylen }),
        })
    }

    pub(in crate::auth) fn key(&self) -> &[u8] {
        self.key.as_bytes()
    }

    pub(super) fn salted(&self) -> Option<&Salted> {
        self.salted.as_ref()
    }
}

/// The example has the shape that [`derive`](CraCredential::derive) gives by default.
impl Mockable for CraCredential {
    fn example() -> Self {
        let salt = crate::auth::salt();
        Self { key: String::new(), salted: Some(Salted { salt, iterations: 1000, keylen: 32 }) }
    }

    fn mocked(&self, secret: &MockSecret, realm: &str, authid: &str) -> Self {
        let salted = self.salted.as_ref().map(|Salted { salt, iterations, keylen }| Salted {
            salt: salt_like(salt, |bytes| secret.salt(realm, authid, bytes)),
            iterations: *iterations,
            keylen: *keylen,
        });
        Self { key: to_base64(&mock::key()), salted }
    }
}

/// Returns a salt of the example's length, as base64 text if the example is.
fn salt_like(example: &str, salt: impl Fn(usize) -> Vec<u8>) -> String {
    match from_base64(example) {
        Some(bytes) => to_base64(&salt(bytes.len())),
        None => to_base64(&salt(example.len())).chars().take(example.len()).collect(),
    }
}

/// Hides the secret.
impl fmt::Debug for CraCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CraCredential").field("salted", &self.salted).finish_non_exhaustive()
    }
}
