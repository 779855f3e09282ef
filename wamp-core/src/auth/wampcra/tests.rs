//! The vectors of the conformance list, section 13.

use super::*;
use crate::auth::mock::{MockSecret, Mockable as _};

const CHALLENGE: &str = concat!(
    r#"{"authid":"peter","authrole":"user","authmethod":"wampcra","authprovider":"userdb","#,
    r#""nonce":"LHRTC9zeOIrt_9U3","timestamp":"2014-06-22T16:36:25.448Z","#,
    r#""session":3251278072152162}"#,
);

fn signs(credential: &CraCredential, signature: &str) -> bool {
    is_keyed(credential.key(), CHALLENGE.as_bytes(), &from_base64(signature).unwrap())
}

#[test]
fn the_vector_of_a_plain_secret_is_signed_a_32() {
    let credential = CraCredential::plain("secret2");
    assert!(signs(&credential, "LQzJtCJ9YyiABg8R8kXZayLFOGWSkgHTq3sDdveQPbc="));
    assert!(!signs(&credential, "LQzJtCJ9YyiABg8R8kXZayLFOGWSkgHTq3sDdveQPbd="[..40].into()));
    assert!(!signs(
        &CraCredential::plain("secret3"),
        "LQzJtCJ9YyiABg8R8kXZayLFOGWSkgHTq3sDdveQPbc="
    ));
}

#[test]
fn the_vector_of_a_salted_secret_is_signed_with_the_text_of_the_key_a_33() {
    let credential = CraCredential::derive("secret2", "salt123", 1000, 32).unwrap();
    assert_eq!(credential.key(), b"nythvFZ7EuM5sPCQrrgnz1oJiZXUNcZZFlDIdGSiNUs=");
    assert!(signs(&credential, "IGltHlrWwLthd8FSINTknlwucV059v3lRrpEds2/aZU="));
    // The signature with the key's bytes instead of its text.
    assert!(!signs(&credential, "e6USl7imSKK2tRkRjaPM8Hkp8fZHpbTyzGL3am6txTE="));
}

#[test]
fn a_credential_survives_being_stored() {
    for credential in [
        CraCredential::plain("secret2"),
        CraCredential::derive("secret2", "salt123", 1000, 32).unwrap(),
    ] {
        let stored = serde_json::to_string(&credential).unwrap();
        let read: CraCredential = serde_json::from_str(&stored).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), stored);
        assert_eq!(read.key(), credential.key());
    }
}

#[test]
fn a_derivation_with_impossible_parameters_is_refused() {
    for (iterations, keylen) in [(0, 32), (1, 0), (1, 1025), (1, u32::MAX)] {
        let refused = CraCredential::derive("secret", "salt", iterations, keylen);
        assert!(
            matches!(refused, Err(crate::CredentialError::Parameters(_))),
            "{iterations} {keylen}"
        );
    }
}

#[test]
fn a_mock_has_the_shape_of_its_example_and_a_salt_of_its_own_for_each_authid_a_06() {
    for example in [
        CraCredential::plain("secret"),
        CraCredential::derive("secret", "salt123", 5, 16).unwrap(),
        CraCredential::derive("secret", "aBc+fx0NAVA=", 4096, 32).unwrap(),
        CraCredential::derive("secret", &crate::salt(), 1000, 32).unwrap(),
        CraCredential::example(),
    ] {
        let mock = example.mocked(&MockSecret::default(), "realm1", "nobody");
        let [of_example, of_mock] = [&example, &mock]
            .map(|one| one.salted().map(|it| (it.salt.len(), it.iterations, it.keylen)));
        assert_eq!(of_mock, of_example);
        let salt = |mock: CraCredential| mock.salted().map(|salted| salted.salt.clone());
        let padding = |salt: &str| salt.len() - salt.trim_end_matches('=').len();
        if let Some((of_mock, of_example)) = salt(mock.clone()).zip(salt(example.clone())) {
            assert_ne!(of_mock, of_example);
            assert_eq!(padding(&of_mock), padding(&of_example));
            assert_eq!(
                Some(of_mock.clone()),
                salt(example.mocked(&MockSecret::default(), "realm1", "nobody")),
                "stable"
            );
            for (realm, authid) in
                [("realm1", "somebody"), ("realm2", "nobody"), ("realm", "1nobody")]
            {
                assert_ne!(
                    Some(of_mock.clone()),
                    salt(example.mocked(&MockSecret::default(), realm, authid))
                );
            }
        }
        assert_ne!(
            mock.key(),
            example.mocked(&MockSecret::default(), "realm1", "nobody").key(),
            "nobody has it"
        );
    }
}

#[test]
fn a_credential_does_not_show_its_secret() {
    let shown = format!("{:?}", CraCredential::derive("secret2", "salt123", 1000, 32).unwrap());
    assert!(shown.contains("salt123") && !shown.contains("nythv"), "{shown}");
    assert_eq!(
        format!("{:?}", CraCredential::plain("secret2")),
        "CraCredential { salted: None, .. }"
    );
}
