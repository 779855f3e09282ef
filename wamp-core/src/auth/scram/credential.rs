//! The credential that a server stores for a login by SCRAM.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use pbkdf2::pbkdf2_hmac;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Dialect;
use crate::auth::keys::{CredentialError, Key, as_base64, from_base64, keyed, to_base64};
use crate::auth::mock::{self, MockSecret, Mockable};

/// The credential that a server stores for a login by SCRAM. It serialises as a struct of strings
/// and numbers.
///
/// A thief of the credential cannot log in with it, but can guess passwords offline.
///
/// ```
/// use wamp_core::{ScramCredential, salt};
///
/// let credential = ScramCredential::argon2id13("pencil", &salt(), 2, 19_456)?;
/// let stored = serde_json::to_string(&credential)?;
/// let credential: ScramCredential = serde_json::from_str(&stored)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
pub struct ScramCredential {
    kdf: Kdf,
    pub(super) salt: String,
    pub(super) iterations: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) memory: Option<u32>,
    #[serde(flatten)]
    keys: Keys,
    /// Keys of method `scram`: autobahn derives other ones from the same password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    autobahn: Option<Keys>,
    /// Keys of clients that use the hash's text in PHC format as the hash, as battler-wamp does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phc: Option<Keys>,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kdf {
    Pbkdf2,
    Argon2id13,
}

/// The keys that are derived from a password (A-55).
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Keys {
    #[serde(with = "as_base64")]
    pub(super) stored_key: Key,
    #[serde(with = "as_base64")]
    pub(super) server_key: Key,
}

impl Keys {
    fn derived(salted_password: &[u8]) -> Self {
        let stored_key = Sha256::digest(keyed(salted_password, b"Client Key")).into();
        Self { stored_key, server_key: keyed(salted_password, b"Server Key") }
    }

    /// Creates random keys, which match no password.
    fn mocked() -> Self {
        Self { stored_key: mock::key(), server_key: mock::key() }
    }
}

impl ScramCredential {
    /// Derives the keys from a password by PBKDF2 with HMAC-SHA256. The salt is base64 text;
    /// [`salt`](crate::salt) makes one. Autobahn cannot log in with it: its `scram` needs
    /// [`argon2id13`](Self::argon2id13).
    ///
    /// # Errors
    /// The password is empty or has characters that SASLprep forbids, the salt is not base64 text,
    /// `iterations` is 0.
    pub fn pbkdf2(password: &str, salt: &str, iterations: u32) -> Result<Self, CredentialError> {
        if iterations == 0 {
            return Err(CredentialError::parameters("at least one iteration is needed"));
        }
        let salt_bytes = decoded(salt)?;
        let hash = |password: &str| {
            let mut hash = [0; 32];
            pbkdf2_hmac::<Sha256>(password.as_bytes(), &salt_bytes, iterations, &mut hash);
            Ok(hash)
        };
        let hashes = Hashes::of(password, hash)?;
        let phc = hashes.phc(&format!("pbkdf2-sha256$i={iterations},l=32"), &salt_bytes);
        Ok(Self {
            kdf: Kdf::Pbkdf2,
            salt: salt.to_owned(),
            iterations,
            memory: None,
            keys: Keys::derived(&hashes.prepared),
            autobahn: None,
            phc: Some(phc),
        })
    }

    /// Derives the keys from a password by Argon2id, version 1.3, with one lane. The salt is base64
    /// text of at least 8 bytes; [`salt`](crate::salt) makes one. The client does the work of
    /// `iterations` over `memory` KiB at each login.
    ///
    /// # Errors
    /// The password is empty or has characters that SASLprep forbids, the salt is not base64 text
    /// or too short, `iterations` is 0, `memory` is less than 8.
    pub fn argon2id13(
        password: &str,
        salt: &str,
        iterations: u32,
        memory: u32,
    ) -> Result<Self, CredentialError> {
        let params = Params::new(memory, iterations, 1, Some(32)).map_err(refused)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let salt_bytes = decoded(salt)?;
        let hash = |password: &str| {
            let mut hash = [0; 32];
            let hashed = argon2.hash_password_into(password.as_bytes(), &salt_bytes, &mut hash);
            hashed.map(|()| hash).map_err(refused)
        };
        let hashes = Hashes::of(password, hash)?;
        let phc = hashes.phc(&format!("argon2id$v=19$m={memory},t={iterations},p=1"), &salt_bytes);
        Ok(Self {
            kdf: Kdf::Argon2id13,
            salt: salt.to_owned(),
            iterations,
            memory: Some(memory),
            keys: Keys::derived(&hashes.prepared),
            // Autobahn uses the text of the hash as the hash.
            autobahn: Some(Keys::derived(STANDARD_NO_PAD.encode(hashes.plain).as_bytes())),
            phc: Some(phc),
        })
    }

    /// Returns the keys with which a client of this dialect may log in: clients differ in what they
    /// use as the hash.
    pub(super) fn keys(&self, dialect: Dialect) -> impl Iterator<Item = &Keys> {
        let (first, second) = match dialect {
            Dialect::Specified => (Some(&self.keys), self.phc.as_ref()),
            Dialect::Autobahn => (self.autobahn.as_ref(), None),
        };
        first.into_iter().chain(second)
    }

    pub(super) fn kdf_name(&self, dialect: Dialect) -> &'static str {
        match (self.kdf, dialect) {
            (Kdf::Pbkdf2, _) => "pbkdf2",
            (Kdf::Argon2id13, Dialect::Specified) => "argon2id13",
            (Kdf::Argon2id13, Dialect::Autobahn) => "argon2id-13",
        }
    }
}

/// The example has the recommended shape.
impl Mockable for ScramCredential {
    fn example() -> Self {
        Self {
            kdf: Kdf::Argon2id13,
            salt: crate::auth::salt(),
            iterations: 2,
            memory: Some(19_456),
            keys: Keys::mocked(),
            autobahn: Some(Keys::mocked()),
            phc: Some(Keys::mocked()),
        }
    }

    fn mocked(&self, secret: &MockSecret, realm: &str, authid: &str) -> Self {
        let length = from_base64(&self.salt).map_or(16, |salt| salt.len());
        let salt = to_base64(&secret.salt(realm, authid, length));
        let (keys, autobahn, phc) = (Keys::mocked(), Some(Keys::mocked()), Some(Keys::mocked()));
        Self { salt, keys, autobahn, phc, ..self.clone() }
    }
}

/// The hash of a password, prepared by SASLprep and unprepared: not every client prepares it.
struct Hashes {
    prepared: [u8; 32],
    plain: [u8; 32],
}

impl Hashes {
    fn of(
        password: &str,
        hash: impl Fn(&str) -> Result<[u8; 32], CredentialError>,
    ) -> Result<Self, CredentialError> {
        let text = prepared(password)?;
        if text.is_empty() {
            return Err(CredentialError::Empty);
        }
        let prepared = hash(&text)?;
        let plain = if text == password { prepared } else { hash(password)? };
        Ok(Self { prepared, plain })
    }

    /// Returns the keys from the hash's text in PHC format.
    fn phc(&self, algorithm: &str, salt: &[u8]) -> Keys {
        let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(self.plain));
        Keys::derived(format!("${algorithm}${salt}${hash}").as_bytes())
    }
}

fn refused(error: argon2::Error) -> CredentialError {
    CredentialError::parameters(error.to_string())
}

fn prepared(password: &str) -> Result<std::borrow::Cow<'_, str>, CredentialError> {
    stringprep::saslprep(password).map_err(|_| CredentialError::Password)
}

fn decoded(salt: &str) -> Result<Vec<u8>, CredentialError> {
    from_base64(salt).ok_or(CredentialError::Salt)
}

/// Hides the keys.
impl fmt::Debug for ScramCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kdf, salt, iterations, memory, .. } = self;
        f.debug_struct("ScramCredential")
            .field("kdf", kdf)
            .field("salt", salt)
            .field("iterations", iterations)
            .field("memory", memory)
            .finish_non_exhaustive()
    }
}
