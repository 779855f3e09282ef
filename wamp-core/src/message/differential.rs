//! Differential tests: one value or message means the same in all three formats.

mod messages;
mod tree;

use std::collections::BTreeMap;
use std::fmt::Debug;

use bumpalo::Bump;
use proptest::prelude::*;
use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Serialize};

use crate::codec::value::{Encoded, Format};
use tree::{Tree, nearly_typed, tree};

const FORMATS: [Format; 3] = [Format::Json, Format::MsgPack, Format::Cbor];

fn written(format: Format, value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    format.write(&mut out, value).unwrap();
    out
}

fn encoded(format: Format, bytes: &[u8]) -> Encoded<'_> {
    match format {
        Format::Json => Encoded::Json(std::str::from_utf8(bytes).unwrap()),
        Format::MsgPack => Encoded::MsgPack(bytes),
        Format::Cbor => Encoded::Cbor(bytes),
    }
}

/// Reads a value, or returns the error without its offset.
fn read<T: DeserializeOwned>(format: Format, bytes: &[u8]) -> Result<T, String> {
    let arena = Bump::new();
    encoded(format, bytes).reader(&arena).read().map_err(|error| error.what().to_owned())
}

fn transcoded(from: Format, bytes: &[u8], into: Format) -> Vec<u8> {
    let mut out = Vec::new();
    encoded(from, bytes).write(into, &mut out).unwrap();
    out
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "shown")]
struct Record {
    a: u8,
    b: Option<i16>,
    #[serde(default)]
    c: Vec<f64>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "shown")]
enum Choice {
    A,
    B(u8),
    C(i8, String),
    D { a: bool },
}

fn same<T: DeserializeOwned + Debug>(tree: &Tree) -> Result<(), TestCaseError> {
    let [json, msgpack, cbor] =
        FORMATS.map(|format| format!("{:?}", read::<T>(format, &written(format, tree))));
    prop_assert_eq!(&json, &msgpack);
    prop_assert_eq!(&json, &cbor);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_m_16(tree in tree()) {
        for format in FORMATS {
            let bytes = written(format, &tree);
            prop_assert_eq!(read::<Tree>(format, &bytes).unwrap(), tree.clone().read_from(format));
            let arena = Bump::new();
            prop_assert_eq!(encoded(format, &bytes).reader(&arena).skip().unwrap(), 0..bytes.len());
        }
    }

    #[test]
    fn msgpack_and_cbor_become_each_other_without_a_change_m_16(tree in tree()) {
        let (msgpack, cbor) = (written(Format::MsgPack, &tree), written(Format::Cbor, &tree));
        prop_assert_eq!(&transcoded(Format::MsgPack, &msgpack, Format::Cbor), &cbor);
        prop_assert_eq!(&transcoded(Format::Cbor, &cbor, Format::MsgPack), &msgpack);
        let json = written(Format::Json, &tree);
        prop_assert_eq!(&transcoded(Format::MsgPack, &msgpack, Format::Json), &json);
        prop_assert_eq!(&transcoded(Format::Cbor, &cbor, Format::Json), &json);
    }

    #[test]
    fn there_and_back_by_way_of_json_nothing_is_lost_x_06(tree in tree()) {
        let tree = tree.survives_json();
        let json = written(Format::Json, &tree);
        for format in [Format::MsgPack, Format::Cbor] {
            let binary = written(format, &tree);
            prop_assert_eq!(&transcoded(Format::Json, &json, format), &binary);
            let there = transcoded(Format::Json, &json, format);
            prop_assert_eq!(&transcoded(format, &there, Format::Json), &json);
        }
    }

    #[test]
    fn a_type_is_read_alike_from_all_formats(tree in nearly_typed()) {
        same::<Tree>(&tree)?;
        same::<u8>(&tree)?;
        same::<i64>(&tree)?;
        same::<f64>(&tree)?;
        same::<bool>(&tree)?;
        same::<char>(&tree)?;
        same::<Option<String>>(&tree)?;
        same::<Vec<Option<u64>>>(&tree)?;
        same::<(i8, f64)>(&tree)?;
        same::<Record>(&tree)?;
        same::<Choice>(&tree)?;
        same::<BTreeMap<String, Choice>>(&tree)?;
        same::<BTreeMap<i8, Option<bool>>>(&tree)?;
        same::<BTreeMap<bool, de::IgnoredAny>>(&tree)?;
        same::<serde_json::Value>(&tree)?;
    }
}
