//! The vectors of the conformance list, section 13, and the values that autobahn computes.

use super::*;
use crate::auth::mock::{MockSecret, Mockable as _};

const SALT: &str = "W22ZaJ0SNY7soEsUEjb6gQ==";

struct Vector {
    credential: ScramCredential,
    client_nonce: &'static str,
    nonce: &'static str,
    proof: &'static str,
    verifier: &'static str,
}

fn vectors() -> [Vector; 3] {
    [
        // RFC 7677. The nonce is not base64, which only the connection looks at.
        Vector {
            credential: ScramCredential::pbkdf2("pencil", SALT, 4096).unwrap(),
            client_nonce: "rOprNGfwEbeRWgbNEkqO",
            nonce: "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            proof: "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            verifier: "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        },
        Vector {
            credential: ScramCredential::pbkdf2("pencil", "aBc+fx0NAVA=", 4096).unwrap(),
            client_nonce: "egVDf3DMJh0=",
            nonce: "egVDf3DMJh0=SBmkFIh7sSo=",
            proof: "L1uwjEEL7BdbtlWMKxNcQ1A/CmNjct+7xdAguB/rpnA=",
            verifier: "AyTAljdPHv74Zx+gn+6DqiFnl4XOZUXpC7k/pSkjBOg=",
        },
        Vector {
            credential: ScramCredential::argon2id13("pencil", SALT, 4, 512).unwrap(),
            client_nonce: "rOprNGfwEbeRWgbNEkqO",
            nonce: "rOprNGfwEbeRWgbNEkqOhvYDpWUa2RaTCAfuxFIljhNlFk0=",
            proof: "wKGa/zhbqgta6DZw8CYsiUQ9lsCuJXnyVdXZ772RHHU=",
            verifier: "GVZWhVo/nggL1Z8x6Gxi+CIBJvtkqqrLIrS4KmXPfcY=",
        },
    ]
}

fn response(signature: &str, extra: &str) -> Response {
    Response { signature: signature.to_owned(), extra: serde_json::from_str(extra).unwrap() }
}

fn verify(vector: &Vector, authid: &str, proof: &str) -> Option<String> {
    let Vector { credential, client_nonce, nonce, .. } = vector;
    let message =
        Dialect::Specified.auth_message(&Exchanged { authid, client_nonce, nonce }, credential);
    let keys = credential.keys(Dialect::Specified);
    Dialect::Specified.verify(
        keys,
        nonce,
        &message,
        &response(proof, &format!(r#"{{"nonce":"{nonce}"}}"#)),
    )
}

#[test]
fn the_keys_of_the_vectors_are_derived_a_55() {
    let stored = [
        (
            "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=",
            "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        ),
        (
            "/GVTAXh9LCHKcKCjA68vwAiFebilzHznOCB/1Z4apww=",
            "gYOfNjEYpwtaGdYGT7lGB+wRXsGHILBZJZ8EO2vKWWg=",
        ),
    ];
    let [pbkdf2, _, argon] = vectors();
    for (vector, (stored_key, server_key)) in [pbkdf2, argon].into_iter().zip(stored) {
        let keys = vector.credential.keys(Dialect::Specified).next().unwrap();
        assert_eq!(
            [keys.stored_key, keys.server_key].map(|key| to_base64(&key)),
            [stored_key, server_key]
        );
    }
}

#[test]
fn the_proofs_of_the_vectors_verify_and_give_their_verifiers_a_55() {
    for vector in vectors() {
        assert_eq!(verify(&vector, "user", vector.proof).as_deref(), Some(vector.verifier));
        assert_eq!(verify(&vector, "User", vector.proof), None);
        for wrong in [
            "",
            "AAAA",
            "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVU=",
            vector.verifier,
            "no base64",
        ] {
            assert_eq!(verify(&vector, "user", wrong), None);
        }
    }
}

#[test]
fn the_answer_must_repeat_the_nonce_and_bind_no_channel_a_53() {
    let [vector, ..] = vectors();
    let exchanged = Exchanged { authid: "user", client_nonce: vector.client_nonce, nonce: "n" };
    let message = Dialect::Specified.auth_message(&exchanged, &vector.credential);
    let keys = vector.credential.keys(Dialect::Specified).next().unwrap();
    let client_key = {
        // The client's own key, computed from the password.
        let mut salted = [0; 32];
        pbkdf2::pbkdf2_hmac::<Sha256>(b"pencil", &from_base64(SALT).unwrap(), 4096, &mut salted);
        keyed(&salted, b"Client Key")
    };
    let signature = keyed(&keys.stored_key, message.as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, mask)| key ^ mask).collect();
    let proof = to_base64(&proof);
    for (extra, accepted) in [
        (r#"{"nonce":"n","channel_binding":null,"cbind_data":null}"#, true),
        (r#"{"nonce":"n"}"#, true),
        (r#"{"nonce":"n","channel_binding":""}"#, true),
        (r#"{"nonce":"m"}"#, false),
        ("{}", false),
        (r#"{"nonce":"n","channel_binding":"tls-unique"}"#, false),
        (r#"{"nonce":"n","cbind_data":"AAAA"}"#, false),
    ] {
        let verified =
            Dialect::Specified.verify([keys].into_iter(), "n", &message, &response(&proof, extra));
        assert_eq!(verified.is_some(), accepted, "{extra}");
    }
}

#[test]
fn the_authid_is_escaped_and_the_binding_is_none_a_54() {
    let [_, vector, _] = vectors();
    let exchanged =
        Exchanged { authid: "a=b,c", client_nonce: vector.client_nonce, nonce: vector.nonce };
    assert_eq!(
        Dialect::Specified.auth_message(&exchanged, &vector.credential),
        "n=a=3Db=2Cc,r=egVDf3DMJh0=,r=egVDf3DMJh0=SBmkFIh7sSo=,s=aBc+fx0NAVA=,i=4096,c=biws,\
         r=egVDf3DMJh0=SBmkFIh7sSo="
    );
}

#[test]
fn autobahn_signs_another_message_with_keys_from_the_text_of_the_hash() {
    let [.., vector] = vectors();
    let exchanged =
        Exchanged { authid: "user", client_nonce: vector.client_nonce, nonce: vector.nonce };
    let message = Dialect::Autobahn.auth_message(&exchanged, &vector.credential);
    assert!(
        message.ends_with(",i=4,c=,r=rOprNGfwEbeRWgbNEkqOhvYDpWUa2RaTCAfuxFIljhNlFk0="),
        "{message}"
    );
    // As autobahn's client does: the hash's text without padding is the salted password.
    let hash =
        hex::decode("d0a8917912bc8f909262bec731c486b41ccd39488f0fa96a541b06662432a8d5").unwrap();
    let salted = to_base64(&hash).trim_end_matches('=').to_owned();
    let client_key = keyed(salted.as_bytes(), b"Client Key");
    let signature = keyed(&Sha256::digest(client_key), message.as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, mask)| key ^ mask).collect();
    let keys = vector.credential.keys(Dialect::Autobahn);
    let verifier = Dialect::Autobahn
        .verify(keys, vector.nonce, &message, &response(&to_base64(&proof), "{}"))
        .unwrap();
    assert_eq!(
        verifier,
        to_base64(&keyed(&keyed(salted.as_bytes(), b"Server Key"), message.as_bytes()))
    );
    assert_eq!(vector.credential.kdf_name(Dialect::Autobahn), "argon2id-13");
    assert_eq!(vector.credential.kdf_name(Dialect::Specified), "argon2id13");
}

/// Logs in as battler-wamp does; `tests/clients/rust` uses the crate itself.
#[test]
fn clients_that_take_the_phc_text_for_the_hash_may_log_in() {
    let [pbkdf2, _, argon] = vectors();
    let hash = "xKSVEDI6tPlSysH6mUQZOeeOp01r6B3fcJbodRPcYV0";
    let argon_hash = "0KiReRK8j5CSYr7HMcSGtBzNOUiPD6lqVBsGZiQyqNU";
    for (vector, text) in [
        (pbkdf2, format!("$pbkdf2-sha256$i=4096,l=32$W22ZaJ0SNY7soEsUEjb6gQ${hash}")),
        (argon, format!("$argon2id$v=19$m=512,t=4,p=1$W22ZaJ0SNY7soEsUEjb6gQ${argon_hash}")),
    ] {
        let exchanged =
            Exchanged { authid: "user", client_nonce: vector.client_nonce, nonce: vector.nonce };
        let message = Dialect::Specified.auth_message(&exchanged, &vector.credential);
        let client_key = keyed(text.as_bytes(), b"Client Key");
        let signature = keyed(&Sha256::digest(client_key), message.as_bytes());
        let proof: Vec<u8> =
            client_key.iter().zip(signature).map(|(key, mask)| key ^ mask).collect();
        let verifier = verify(&vector, "user", &to_base64(&proof));
        let expected = keyed(&keyed(text.as_bytes(), b"Server Key"), message.as_bytes());
        assert_eq!(verifier, Some(to_base64(&expected)), "{text}");
        assert_eq!(verify(&vector, "User", &to_base64(&proof)), None);
    }
}

#[test]
fn the_password_is_prepared_by_saslprep_a_55() {
    let stored = |password| {
        let credential = ScramCredential::pbkdf2(password, SALT, 1).unwrap();
        credential.keys(Dialect::Specified).next().unwrap().stored_key
    };
    assert_eq!(stored("I\u{ad}X"), stored("IX"));
    assert_eq!(stored("\u{aa}"), stored("a"));
    for forbidden in ["\u{7}", "\u{627}1"] {
        assert!(matches!(
            ScramCredential::pbkdf2(forbidden, SALT, 1),
            Err(crate::CredentialError::Password)
        ));
        let argon = ScramCredential::argon2id13(forbidden, SALT, 1, 8);
        assert!(matches!(argon, Err(crate::CredentialError::Password)));
    }
}

#[test]
fn a_derivation_with_impossible_parameters_is_refused() {
    use crate::CredentialError::{Parameters, Salt};
    assert!(matches!(ScramCredential::pbkdf2("pencil", SALT, 0), Err(Parameters(_))));
    assert!(matches!(ScramCredential::pbkdf2("pencil", "?", 1), Err(Salt)));
    assert!(matches!(ScramCredential::argon2id13("pencil", SALT, 0, 8), Err(Parameters(_))));
    assert!(matches!(ScramCredential::argon2id13("pencil", SALT, 1, 7), Err(Parameters(_))));
    assert!(matches!(ScramCredential::argon2id13("pencil", "AAAA", 1, 8), Err(Parameters(_))));
    assert!(matches!(ScramCredential::argon2id13("pencil", "?", 1, 8), Err(Salt)));
}

#[test]
fn a_credential_survives_being_stored() {
    for Vector { credential, .. } in vectors() {
        let stored = serde_json::to_string(&credential).unwrap();
        let read: ScramCredential = serde_json::from_str(&stored).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), stored);
    }
    let short =
        r#"{"kdf":"pbkdf2","salt":"AAAA","iterations":1,"stored_key":"AAAA","server_key":"AAAA"}"#;
    assert!(serde_json::from_str::<ScramCredential>(short).is_err());
}

#[test]
fn a_mock_has_the_shape_of_its_example_and_a_stable_salt_a_06() {
    for example in vectors().map(|vector| vector.credential) {
        let mock = example.mocked(&MockSecret::default(), "realm1", "nobody");
        let shape = |one: &ScramCredential| {
            (one.kdf_name(Dialect::Specified), one.salt.len(), one.iterations, one.memory)
        };
        assert_eq!(shape(&mock), shape(&example));
        assert_ne!(mock.salt, example.salt);
        assert_eq!(mock.salt, example.mocked(&MockSecret::default(), "realm1", "nobody").salt);
        assert_ne!(mock.salt, example.mocked(&MockSecret::default(), "realm1", "other").salt);
        assert!(from_base64(&mock.salt).is_some());
    }
}

#[test]
fn a_credential_does_not_show_its_keys() {
    let [.., vector] = vectors();
    let shown = format!("{:?}", vector.credential);
    assert!(shown.contains("512") && !shown.contains("key"), "{shown}");
}
