//! Keyed hashes, and keys as text, for the methods with passwords.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A key, or a SHA-256 hash.
pub(super) type Key = [u8; 32];

/// Returns the HMAC-SHA256 of a message.
pub(super) fn keyed(key: &[u8], message: &[u8]) -> Key {
    mac(key, message).finalize().into_bytes().into()
}

/// Returns whether the tag is the HMAC-SHA256 of the message, in constant time (A-14).
pub(super) fn is_keyed(key: &[u8], message: &[u8], tag: &[u8]) -> bool {
    mac(key, message).verify_slice(tag).is_ok()
}

fn mac(key: &[u8], message: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac
}

pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Returns 128 random bits as base64 text, from the system's source for secrets.
pub(super) fn nonce() -> String {
    to_base64(&rand::random::<[u8; 16]>())
}

/// Returns a salt for a credential that is derived from a password: 128 random bits as base64 text.
///
/// ```
/// use wamp_core::{CraCredential, salt};
/// let credential = CraCredential::derive("secret2", &salt(), 1000, 32)?;
/// # Ok::<(), wamp_core::CredentialError>(())
/// ```
#[must_use]
pub fn salt() -> String {
    nonce()
}

/// The reason why a credential could not be derived.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The password is empty.
    #[error("the password is empty")]
    Empty,
    /// SASLprep (RFC 4013) forbids a character of the password.
    #[error("the password has characters that SASLprep forbids")]
    Password,
    /// The salt is not base64 text.
    #[error("the salt is not base64 text")]
    Salt,
    /// The key derivation does not accept the parameters, for the given reason.
    #[error("the key derivation refuses its parameters: {0}")]
    Parameters(String),
}

impl CredentialError {
    pub(super) fn parameters(text: impl Into<String>) -> Self {
        Self::Parameters(text.into())
    }
}

/// For `#[serde(with = "…")]`: a key as base64 text.
pub(super) mod as_base64 {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::{Key, from_base64, to_base64};

    pub(in crate::auth) fn serialize<S: Serializer>(
        key: &Key,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_base64(key))
    }

    pub(in crate::auth) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Key, D::Error> {
        let text = String::deserialize(deserializer)?;
        let key = from_base64(&text).and_then(|bytes| bytes.try_into().ok());
        key.ok_or_else(|| D::Error::custom("a key must be 32 bytes in base64"))
    }
}
