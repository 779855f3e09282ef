//! The vectors of the specification.

use ed25519_dalek::{Signer as _, SigningKey};

use super::*;

/// Private key, challenge, signature and signed message: specification, "Cryptosign-based
/// Authentication", "Test Vectors".
const UNBOUND: [[&str; 3]; 3] = [
    [
        "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0c\
         ae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03\
         ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ],
    [
        "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd",
        "b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
        "d4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372\
         190374886a70207b042294af5bd64ce725cd8dceb344e6d11c09d1aaaf4d660f\
         b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
    ],
    [
        "6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b",
        "b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
        "7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1e\
         c184e206746fd82bda075af03711d3d5658fc84a76196b0fa8d1ebc92ef9f30b\
         b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
    ],
];

/// The same challenges, bound to this channel.
const CHANNEL: &str = "62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff";
const BOUND: [&str; 3] = [
    "9b6f41540c9b95b4b7b281c3042fa9c54cef43c842d62ea3fd6030fcb66e70b3\
     e80d49d44c29d1635da9348d02ec93f3ed1ef227dfb59a07b580095c2b82f80f\
     9d16ca518aa0c2b707f2b2a609edeca73bca8dd59817a633f35574ac6fd80d00",
    "305aaa3ac25e98f651427688b3fc43fe7d8a68a7ec1d7d61c61517c519bd4a42\
     7c3015599d83ca28b4c652333920223844ef0725eb5dc2febfd6af7677b73f01\
     d0852a29b460fc92ec943242ac638a053bbacc200512b18b30d15083cbdc9282",
    "ee3c7644fd8070532bc1fde3d70d742267da545d8c8f03e63bda63f1ad4214f4\
     d2c4bfdb4eb9526def42deeb7e31602a6ff99eba893e0a4ad4d45892ca75e608\
     d2b75e24a189a7f78ca776ba36fc53f6c3e31c32f251f2c524f0a44202f2902d",
];

fn bytes(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).unwrap();
    bytes
}

#[test]
fn the_vectors_of_the_specification_verify_with_and_without_a_channel_a_42() {
    for ([private, challenge, unbound], bound) in UNBOUND.into_iter().zip(BOUND) {
        let key = SigningKey::from_bytes(&bytes(private));
        let (challenge, channel) = (bytes(challenge), bytes(CHANNEL));
        let mixed = std::array::from_fn(|at| challenge[at] ^ channel[at]);
        for (message, signature) in [(challenge, unbound), (mixed, bound)] {
            let signed = [&key.sign(&message).to_bytes()[..], &message].concat();
            assert_eq!(hex::encode(signed), signature);
            assert!(verifies(&key.verifying_key(), signature, &message));
            assert!(verifies(&key.verifying_key(), &signature.to_uppercase(), &message));
        }
        // Refuses another message than the challenge: an old signature, or one that is bound to a
        // channel.
        assert!(!verifies(&key.verifying_key(), bound, &challenge));
        assert!(!verifies(&key.verifying_key(), unbound, &mixed));
    }
}

#[test]
fn the_public_key_of_the_second_vector_is_the_one_of_the_list() {
    let key = SigningKey::from_bytes(&bytes(UNBOUND[1][0])).verifying_key();
    let text = "6ed32739ff04a6074044ff0b0e3bfc7c856bc9d5f1d25efc57363bda0af3a8b0";
    assert_eq!(hex::encode(key.as_bytes()), text);
    assert_eq!(public_key(text), Some(key));
}

#[test]
fn what_is_no_signature_of_the_challenge_does_not_verify_a_42() {
    let [private, challenge, signature] = UNBOUND[1];
    let (key, message) =
        (SigningKey::from_bytes(&bytes(private)).verifying_key(), bytes(challenge));
    let other = SigningKey::from_bytes(&[7; 32]).verifying_key();
    assert!(!verifies(&other, signature, &message));
    for at in 0..signature.len() {
        let digit = if signature.as_bytes()[at] == b'0' { "1" } else { "0" };
        let mut forged = signature.to_owned();
        forged.replace_range(at..=at, digit);
        assert!(!verifies(&key, &forged, &message), "{at}");
    }
    // the signature alone is not enough.
    for wrong in [
        "",
        "zz",
        &signature[..128],
        &signature[..190],
        &format!("{signature}00"),
        &format!("0x{signature}"),
    ] {
        assert!(!verifies(&key, wrong, &message), "{wrong}");
    }
}

#[test]
fn what_is_no_point_of_the_curve_is_no_key_a_40() {
    for text in [
        "",
        "00",
        &"z".repeat(64),
        &"0".repeat(63),
        &format!("02{}", "0".repeat(62)),
        &"ab".repeat(33),
    ] {
        assert!(public_key(text).is_none(), "{text}");
    }
}

#[test]
fn a_key_of_small_order_verifies_nothing() {
    // With such a key, one signature is valid for many messages.
    let key = public_key(&format!("01{}", "0".repeat(62))).unwrap();
    let signature = format!("01{}{}", "0".repeat(126), "ab".repeat(32));
    assert!(!verifies(&key, &signature, &[0xab; 32]));
}
