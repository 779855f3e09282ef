//! The answers of a client to CHALLENGE, for the hosts' test clients. `None` if the `Extra` of the
//! CHALLENGE is not one of the method's.

use argon2::{Algorithm, Argon2, Params, Version};
use ed25519_dalek::{Signer as _, SigningKey};
use pbkdf2::pbkdf2_hmac;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::CraCredential;
use super::keys::{Key, from_base64, keyed, to_base64};

/// Returns the signature of WAMP-CRA.
#[must_use]
pub fn wampcra(secret: &str, extra: &Map<String, Value>) -> Option<String> {
    let credential = match text(extra, "salt") {
        None => CraCredential::plain(secret),
        Some(salt) => {
            let (iterations, keylen) = (number(extra, "iterations")?, number(extra, "keylen")?);
            CraCredential::derive(secret, salt, iterations, keylen).ok()?
        }
    };
    Some(to_base64(&keyed(credential.key(), text(extra, "challenge")?.as_bytes())))
}

/// Returns the proof of `wamp-scram` (A-53 … A-55). `own_nonce` is the client's, from HELLO.
#[must_use]
pub fn scram(
    authid: &str,
    password: &str,
    own_nonce: &str,
    extra: &Map<String, Value>,
) -> Option<String> {
    let (nonce, salt) = (text(extra, "nonce")?, text(extra, "salt")?);
    let (iterations, authid) =
        (number(extra, "iterations")?, authid.replace('=', "=3D").replace(',', "=2C"));
    let message =
        format!("n={authid},r={own_nonce},r={nonce},s={salt},i={iterations},c=biws,r={nonce}");
    let client_key = keyed(&salted(password, &from_base64(salt)?, extra)?, b"Client Key");
    let mask = keyed(&Sha256::digest(client_key), message.as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(mask).map(|(key, mask)| key ^ mask).collect();
    Some(to_base64(&proof))
}

/// Derives the key from a password, as CHALLENGE demands.
fn salted(password: &str, salt: &[u8], extra: &Map<String, Value>) -> Option<Key> {
    let (password, iterations) =
        (stringprep::saslprep(password).ok()?, number(extra, "iterations")?);
    let mut salted = Key::default();
    match text(extra, "kdf")? {
        "pbkdf2" => {
            pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, iterations, &mut salted);
        }
        "argon2id13" => {
            let params = Params::new(number(extra, "memory")?, iterations, 1, Some(32)).ok()?;
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon2.hash_password_into(password.as_bytes(), salt, &mut salted).ok()?;
        }
        _ => return None,
    }
    Some(salted)
}

/// Returns the signature of cryptosign by the private key with this seed.
#[must_use]
pub fn cryptosign(seed: &[u8; 32], extra: &Map<String, Value>) -> Option<String> {
    let challenge = hex::decode(text(extra, "challenge")?).ok()?;
    let signature = SigningKey::from_bytes(seed).sign(&challenge).to_bytes();
    Some(hex::encode([&signature[..], &challenge].concat()))
}

/// Returns the public key of the private key with this seed, in hexadecimal digits.
#[must_use]
pub fn public_key(seed: &[u8; 32]) -> String {
    hex::encode(SigningKey::from_bytes(seed).verifying_key().as_bytes())
}

fn text<'e>(extra: &'e Map<String, Value>, key: &str) -> Option<&'e str> {
    extra.get(key)?.as_str()
}

fn number(extra: &Map<String, Value>, key: &str) -> Option<u32> {
    extra.get(key)?.as_u64()?.try_into().ok()
}
