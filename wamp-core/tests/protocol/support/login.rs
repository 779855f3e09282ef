//! Logging in: what a client sends and computes.

#![allow(dead_code, clippy::unwrap_used, reason = "each file of tests uses a part of it")]

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wamp_core::{Close, Router};

use super::{Client, assert_aborted};

pub(crate) const DENIED: &str = "wamp.error.authentication_denied";
pub(crate) const FAILED: &str = "wamp.error.authentication_failed";
pub(crate) const REQUIRED: &str = "wamp.error.authentication_required";
pub(crate) const NO_METHOD: &str = "wamp.error.no_matching_auth_method";

/// How long a refusal takes.
pub(crate) const DELAY: Duration = Duration::from_millis(500);

/// HELLO that offers these methods, with more details.
pub(crate) fn hello(realm: &str, methods: &[&str], details: &Value) -> String {
    let mut all =
        json!({"roles": {"caller": {}, "subscriber": {}, "publisher": {}}, "authmethods": methods});
    for (key, value) in details.as_object().expect("details are a dict") {
        all[key] = value.clone();
    }
    json!([1, realm, all]).to_string()
}

/// HELLO of this authid by one method.
pub(crate) fn as_user(realm: &str, method: &str, authid: &str) -> String {
    hello(realm, &[method], &json!({"authid": authid, "authextra": authextra(method)}))
}

fn authextra(method: &str) -> Value {
    match method {
        "cryptosign" => json!({"pubkey": hex::encode(key().verifying_key().as_bytes())}),
        "wamp-scram" | "scram" => json!({"nonce": CLIENT_NONCE, "channel_binding": null}),
        _ => json!({}),
    }
}

pub(crate) fn authenticate(signature: &str, extra: &Value) -> String {
    json!([5, signature, extra]).to_string()
}

/// The `Extra` of a CHALLENGE by this method.
#[track_caller]
pub(crate) fn challenged(message: &Value, method: &str) -> Value {
    assert_eq!(
        (&message[0], &message[1], message.as_array().unwrap().len()),
        (&4.into(), &method.into(), 3),
        "{message}"
    );
    assert!(message[2].is_object(), "{message}");
    message[2].clone()
}

impl Client {
    /// Sends HELLO and takes the CHALLENGE.
    #[track_caller]
    pub(crate) fn challenge(
        router: &Router,
        realm: &str,
        method: &str,
        authid: &str,
    ) -> (Self, Value) {
        let mut client = Self::connect(router);
        let extra = challenged(&client.ask(as_user(realm, method, authid)), method);
        (client, extra)
    }

    /// The refusal, which comes after its delay and not before, and closes the transport with 1008.
    #[track_caller]
    pub(crate) fn assert_denied(&mut self, reason: &str) -> Value {
        self.assert_silent();
        assert_eq!(self.deadline_in(), Some(DELAY));
        self.advance(DELAY);
        self.assert_refused(reason)
    }

    /// The refusal, at once.
    #[track_caller]
    pub(crate) fn assert_refused(&mut self, reason: &str) -> Value {
        let abort = self.one();
        assert_aborted(&abort, reason);
        assert_eq!(self.close(), Some(Close::Refused));
        self.assert_ended();
        abort
    }
}

/// The key whose seed is 00 01 … 1f.
pub(crate) fn key() -> SigningKey {
    SigningKey::from_bytes(&std::array::from_fn(|at| at as u8))
}

///
pub(crate) fn sign(key: &SigningKey, extra: &Value) -> String {
    let challenge = hex::decode(extra["challenge"].as_str().unwrap()).unwrap();
    hex::encode([&key.sign(&challenge).to_bytes()[..], &challenge].concat())
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

///
pub(crate) fn answer_cra(secret: &str, extra: &Value) -> String {
    let challenge = extra["challenge"].as_str().unwrap();
    let key = match extra["salt"].as_str() {
        None => secret.to_owned(),
        Some(salt) => {
            let mut key = vec![0; extra["keylen"].as_u64().unwrap() as usize];
            let iterations = extra["iterations"].as_u64().unwrap() as u32;
            pbkdf2::pbkdf2_hmac::<Sha256>(secret.as_bytes(), salt.as_bytes(), iterations, &mut key);
            STANDARD.encode(key)
        }
    };
    STANDARD.encode(mac(key.as_bytes(), challenge.as_bytes()))
}

pub(crate) const CLIENT_NONCE: &str = "egVDf3DMJh0=";

/// A-53 … A-56, or autobahn's way: the proof, and the verifier that the server has to send.
pub(crate) fn answer_scram(
    password: &str,
    authid: &str,
    autobahn: bool,
    extra: &Value,
) -> (String, String) {
    let text = |key: &str| extra[key].as_str().unwrap();
    let number = |key: &str| extra[key].as_u64().unwrap() as u32;
    let salt = STANDARD.decode(text("salt")).unwrap();
    let mut salted = vec![0; 32];
    match text("kdf") {
        "pbkdf2" => {
            pbkdf2::pbkdf2_hmac::<Sha256>(
                password.as_bytes(),
                &salt,
                number("iterations"),
                &mut salted,
            );
        }
        kdf => {
            assert_eq!(kdf, if autobahn { "argon2id-13" } else { "argon2id13" });
            let params =
                argon2::Params::new(number("memory"), number("iterations"), 1, Some(32)).unwrap();
            let argon2 =
                argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
            argon2.hash_password_into(password.as_bytes(), &salt, &mut salted).unwrap();
        }
    }
    if autobahn {
        salted = STANDARD.encode(salted).trim_end_matches('=').into();
    }
    let (nonce, binding) = (text("nonce"), if autobahn { "" } else { "biws" });
    assert!(nonce.starts_with(CLIENT_NONCE) && nonce.len() > CLIENT_NONCE.len() + 16, "{nonce}");
    let (salt, iterations) = (text("salt"), number("iterations"));
    let message = format!(
        "n={authid},r={CLIENT_NONCE},r={nonce},s={salt},i={iterations},c={binding},r={nonce}"
    );
    let client_key = mac(&salted, b"Client Key");
    let signature = mac(&Sha256::digest(&client_key), message.as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, mask)| key ^ mask).collect();
    let verifier = mac(&mac(&salted, b"Server Key"), message.as_bytes());
    (STANDARD.encode(proof), STANDARD.encode(verifier))
}
