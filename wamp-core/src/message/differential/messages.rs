//! One message means the same in all three formats.

use bumpalo::Bump;
use bytes::Bytes;
use proptest::prelude::*;

use super::tree::{Tree, nearly_typed, tree};
use super::{FORMATS, encoded, written};
use crate::codec::cursor::MAX_ELEMENTS;
use crate::codec::de::MAX_INTEGRAL;
use crate::codec::payload::Payload;
use crate::codec::value::{Format, Shared};
use crate::message::{Message, decode};

fn shared(format: Format, bytes: Vec<u8>) -> Shared {
    match format {
        Format::Json => Shared::Json(String::from_utf8(bytes).unwrap().into()),
        Format::MsgPack => Shared::MsgPack(Bytes::from(bytes)),
        Format::Cbor => Shared::Cbor(Bytes::from(bytes)),
    }
}

/// Generates elements that are nearly those of a message.
fn message() -> impl Strategy<Value = Tree> {
    let code =
        prop::sample::select(vec![1_u64, 2, 3, 5, 6, 8, 16, 32, 34, 48, 49, 64, 66, 70, 7, 337]);
    let id = prop_oneof![
        Just(Tree::Unsigned(1)),
        Just(Tree::Float(1.0_f64.to_bits())),
        Just(Tree::Unsigned(MAX_INTEGRAL)),
        Just(Tree::Unsigned(MAX_INTEGRAL + 1)),
        Just(Tree::Float(1.5_f64.to_bits())),
        Just(Tree::Unsigned(0)),
    ];
    let option = prop::sample::select(vec![
        "acknowledge",
        "exclude_me",
        "exclude",
        "eligible_authid",
        "match",
        "mode",
        "timeout",
        "receive_progress",
        "roles",
        "caller",
        "authmethods",
        "_mine",
    ]);
    let value = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        Just(Tree::Unsigned(7)),
        Just(Tree::Float(7.0_f64.to_bits())),
        Just(Tree::Text("prefix".to_owned())),
        Just(Tree::Text("kill".to_owned())),
        Just(Tree::List(vec![Tree::Unsigned(7)])),
        Just(Tree::List(vec![Tree::Text("joe".to_owned())])),
        Just(Tree::Dict(vec![("caller".to_owned(), Tree::Dict(vec![]))])),
    ];
    let options = || {
        prop::collection::vec((option.clone().prop_map(str::to_owned), value.clone()), 0..3)
            .prop_map(Tree::Dict)
    };
    let element = prop_oneof![
        3 => id,
        3 => options(),
        3 => Just(Tree::Text("com.example.uri".to_owned())),
        2 => prop::collection::vec(nearly_typed(), 0..3).prop_map(Tree::List),
        1 => nearly_typed(),
    ];
    let anything = (code.clone(), prop::collection::vec(element, 0..7))
        .prop_map(|(code, elements)| Tree::List([vec![Tree::Unsigned(code)], elements].concat()));
    let uri = || Tree::Text("com.example.uri".to_owned());
    let likely = (
        prop::sample::select(vec![16_u64, 32, 48, 64]),
        options(),
        prop::collection::vec(nearly_typed(), 0..3),
    )
        .prop_map(move |(code, options, args)| {
            let mut elements = vec![Tree::Unsigned(code), Tree::Unsigned(1), options, uri()];
            if matches!(code, 16 | 48) {
                elements.push(Tree::List(args));
            }
            Tree::List(elements)
        });
    prop_oneof![anything, likely]
}

/// Decodes the message, and returns it or the error as a text, without offsets and without the
/// frame.
fn understood(format: Format, tree: &Tree) -> String {
    let frame = shared(format, written(format, tree));
    let arena = Bump::new();
    match decode(&frame, &arena) {
        Ok(message) => shown(&format!("{message:?}")),
        Err(violation) => {
            violation.to_string().split(" at byte ").next().unwrap_or_default().to_owned()
        }
    }
}

/// Cuts the payload off, because it shows its frame.
fn shown(message: &str) -> String {
    message.split("payload: ").next().unwrap_or_default().to_owned()
}

/// Returns the payload of a CALL with these arguments, if it is a valid message.
fn called(format: Format, args: &[Tree]) -> Option<Payload> {
    let head =
        [Tree::Unsigned(48), Tree::Unsigned(1), Tree::Dict(Vec::new()), Tree::Text("a.b".into())];
    let message = Tree::List(head.into_iter().chain([Tree::List(args.to_vec())]).collect());
    let (frame, arena) = (shared(format, written(format, &message)), Bump::new());
    match decode(&frame, &arena) {
        Ok(Message::Call { payload, .. }) => Some(payload),
        _ => None,
    }
}

#[test]
fn the_arguments_of_a_message_have_together_no_more_values_than_one_value_may() {
    let zeros = |count| Tree::List(vec![Tree::Unsigned(0); count]);
    for format in FORMATS {
        let is_taken = |args: &[Tree]| called(format, args).is_some();
        assert!(is_taken(&vec![Tree::Unsigned(0); MAX_ELEMENTS - 1]), "{format:?}");
        assert!(!is_taken(&vec![Tree::Unsigned(0); MAX_ELEMENTS]), "{format:?}");
        assert!(is_taken(&[zeros(MAX_ELEMENTS / 2), zeros(MAX_ELEMENTS / 2 - 3)]), "{format:?}");
        assert!(!is_taken(&[zeros(MAX_ELEMENTS / 2), zeros(MAX_ELEMENTS / 2 - 2)]), "{format:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_message_is_understood_alike_in_all_serializers(message in message()) {
        let [json, msgpack, cbor] = FORMATS.map(|format| understood(format, &message));
        prop_assert_eq!(&json, &msgpack);
        prop_assert_eq!(&json, &cbor);
    }

    #[test]
    fn a_message_knows_where_its_first_argument_stands(
        args in prop::collection::vec(tree(), 0..4),
    ) {
        for format in FORMATS {
            let payload = called(format, &args).unwrap();
            let first = payload.encoded_args().map(|list| list.slice(payload.first_arg()));
            let expected = args.first().map(|tree| written(format, tree));
            prop_assert_eq!(first, expected.as_deref().map(|bytes| encoded(format, bytes)));
        }
    }
}
