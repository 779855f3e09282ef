//! Differential tests against rmp-serde and serde_json, and damaged messages.

use bumpalo::Bump;
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{read, skip, written};
use crate::codec::cursor::Cursor as _;
use crate::codec::msgpack::Reader;

/// Generates any value whose floats are not integral: how those are read is tested elsewhere.
fn value() -> impl Strategy<Value = Value> {
    let text = || prop_oneof![any::<String>(), "[a-z\\\\\"\n\0é😀/]{0,40}"];
    let fraction = any::<f64>().prop_filter("integral", |float| float.trunc() != *float);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-200_i64..70_000).prop_map(Value::from),
        fraction.prop_map(Value::from),
        text().prop_map(Value::from)
    ];
    leaf.prop_recursive(6, 64, 20, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..20)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Calls every method on the message, which must return and stay inside of it.
fn survives(bytes: &[u8]) {
    let arena = Bump::new();
    let reader = || Reader::new(bytes, &arena);
    let _ = reader().integer();
    let _ = reader().read::<&[u8]>();
    let _ = reader().read::<Value>();
    let _ = reader().read::<Vec<(u64, f32)>>();
    let _ = reader().read::<std::collections::BTreeMap<i64, Option<&str>>>();
    let mut reader = reader();
    // After errors as well, though no caller should do that.
    for _ in 0..8 {
        let _ = reader.list().and_then(|mut list| reader.element(&mut list));
        let _ = reader.dict().and_then(|mut dict| reader.key(&mut dict).map(|_| ()));
        let _ = reader.integer();
        let _ = reader.string();
        let _ = reader.bytes();
        let _ = reader.null();
        let _ = reader.skip();
        let _ = reader.end();
        assert!(reader.offset() <= bytes.len());
    }
}

/// Checks that skipping accepts exactly the values that reading accepts.
fn agrees(bytes: &[u8]) -> Result<(), TestCaseError> {
    let skipped = skip(bytes).is_ok();
    prop_assert_eq!(read::<IgnoredAny>(bytes).is_ok(), skipped);
    if let Ok(theirs) = rmp_serde::from_slice::<Value>(bytes)
        && skipped
        && rmp_serde::to_vec(&theirs).is_ok_and(|again| again == bytes)
    {
        prop_assert!(read::<Value>(bytes).is_ok(), "{:02x?}", bytes);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_is_written_as_rmp_serde_writes_it_and_read_as_it_was(value in value()) {
        let bytes = written(&value);
        prop_assert_eq!(&bytes, &rmp_serde::to_vec_named(&value).unwrap());
        prop_assert_eq!(read::<Value>(&bytes).unwrap(), value.clone());
        prop_assert_eq!(rmp_serde::from_slice::<Value>(&bytes).unwrap(), value);
        prop_assert_eq!(skip(&bytes).unwrap(), 0..bytes.len());
    }

    #[test]
    fn skipping_covers_exactly_the_value(value in value()) {
        let inside = written(&value);
        let element = [&[0x93, 0x00][..], &inside, &[0x01]].concat();
        let arena = Bump::new();
        let mut reader = Reader::new(&element, &arena);
        let mut list = reader.list().unwrap();
        prop_assert!(reader.element(&mut list).unwrap());
        prop_assert_eq!(reader.integer().unwrap(), 0);
        prop_assert!(reader.element(&mut list).unwrap());
        prop_assert_eq!(&element[reader.skip().unwrap()], &inside[..]);
        prop_assert!(reader.element(&mut list).unwrap());
    }

    #[test]
    fn a_message_that_is_cut_is_refused(value in value(), at in any::<prop::sample::Index>()) {
        let bytes = written(&value);
        let cut = &bytes[..at.index(bytes.len())];
        survives(cut);
        prop_assert!(skip(cut).is_err());
        prop_assert!(read::<Value>(cut).is_err());
    }

    #[test]
    fn a_message_that_is_damaged_is_judged_alike_by_reading_and_skipping(
        value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let mut bytes = written(&value);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        survives(&bytes);
        agrees(&bytes)?;
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        survives(&bytes);
        agrees(&bytes)?;
    }
}
