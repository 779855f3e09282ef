//! Differential tests: we and serde_json agree on every text, except where we deviate on purpose.

use bumpalo::Bump;
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{read, skip};
use crate::codec::cursor::Cursor as _;
use crate::codec::json::Reader;

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-1e18..1e18).prop_map(|float: f64| Value::from(float.trunc())),
        (-1000_i32..1000).prop_map(|integral| Value::from(f64::from(integral))),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let text = || prop_oneof![any::<String>(), "[a-z\\\\\"\n\0é😀/]{0,20}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        text().prop_map(Value::from)
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..8)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Converts the floats of a value as decision 6 has it: integral ones become integers.
fn with_integral_floats(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap();
            let negative_zero = float == 0.0 && float.is_sign_negative();
            if float.trunc() != float || float.abs() > 9_007_199_254_740_992.0 || negative_zero {
                return Value::Number(number);
            }
            Value::from(float as i64)
        }
        Value::Array(list) => list.into_iter().map(with_integral_floats).collect(),
        Value::Object(dict) => {
            dict.into_iter().map(|(key, value)| (key, with_integral_floats(value))).collect()
        }
        other => other,
    }
}

/// Joins pieces of JSON in any order, because mistakes are likeliest in texts that are nearly
/// right.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"a\":",
        "\\",
        "\\u",
        "\\n",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "d83d",
        "de00",
        "0",
        "1",
        "-",
        "+",
        ".",
        "e",
        "E",
        "12",
        "1.0",
        "1.5e3",
        "true",
        "false",
        "null",
        "nul",
        " ",
        "\n",
        "\t",
        "\u{b}",
        "é",
        "\0",
        "[]",
        "{}",
        "[1,",
        "{\"b\":",
        "\"\\u0000",
        "AAAA\"",
        "99999999999999999999",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Damages a valid text at one place.
fn damaged() -> impl Strategy<Value = String> {
    (
        value(),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        any::<char>(),
        any::<bool>(),
    )
        .prop_map(|(value, at, piece, other, insert)| {
            let mut text: Vec<char> = value.to_string().chars().collect();
            let at = at.index(text.len());
            let pieces =
                ['[', ']', '{', '}', ',', ':', '"', '\\', '0', '-', '.', 'e', ' ', '\u{1f}', other];
            let piece = pieces[piece.index(pieces.len())];
            if insert {
                text.insert(at, piece);
            } else {
                text[at] = piece;
            }
            text.into_iter().collect()
        })
}

/// Returns whether serde_json finds the text well-formed. Its skipping accepts lone surrogates, its
/// reading refuses the range of numbers: well-formed is what both accept, or what only the range
/// speaks against.
fn well_formed(text: &str) -> Option<bool> {
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Some(false);
    }
    match serde_json::from_str::<Value>(text) {
        Ok(_) => Some(true),
        Err(error) if error.to_string().starts_with("number out of range") => None,
        Err(_) => Some(false),
    }
}

fn agrees(text: &str) -> Result<(), TestCaseError> {
    let Some(well_formed) = well_formed(text) else {
        prop_assert!(read::<Value>(text).is_err());
        return Ok(());
    };
    prop_assert_eq!(skip(text).is_ok(), well_formed, "skip {:?}", text);
    prop_assert_eq!(read::<IgnoredAny>(text).is_ok(), well_formed, "ignore {:?}", text);
    prop_assert_eq!(read::<Value>(text).is_ok(), well_formed, "read {:?}", text);
    Ok(())
}

/// Calls every method on the text, which must return.
fn survives(text: &str) {
    let arena = Bump::new();
    let reader = || Reader::new(text, &arena);
    let _ = reader().integer();
    let _ = reader().string();
    let _ = reader().read::<&[u8]>();
    let _ = reader().read::<Vec<(u64, f32)>>();
    let _ = reader().read::<std::collections::BTreeMap<i64, Option<&str>>>();
    let mut reader = reader();
    // After errors as well, though no caller should do that.
    for _ in 0..8 {
        let _ = reader.list().and_then(|mut list| reader.element(&mut list));
        let _ = reader.dict().and_then(|mut dict| reader.key(&mut dict).map(|_| ()));
        let _ = reader.integer();
        let _ = reader.string();
        let _ = reader.skip();
        let _ = reader.read::<&[u8]>();
        let _ = reader.end();
        assert!(reader.offset() <= text.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_is_read_as_it_was_written(value in value()) {
        let expected = with_integral_floats(value.clone());
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(read::<Value>(&text).unwrap(), expected.clone());
        }
    }

    #[test]
    fn skipping_covers_exactly_the_value(
        value in value(),
        before in "[ \n\r\t]{0,3}",
        after in "[ \n\r\t]{0,3}",
    ) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let padded = format!("{before}{text}{after}");
            prop_assert_eq!(skip(&padded).unwrap(), before.len()..before.len() + text.len());
            let element = format!("[0,{padded},1]");
            let arena = Bump::new();
            let mut reader = Reader::new(&element, &arena);
            let mut list = reader.list().unwrap();
            prop_assert!(reader.element(&mut list).unwrap());
            prop_assert_eq!(reader.integer().unwrap(), 0);
            prop_assert!(reader.element(&mut list).unwrap());
            prop_assert_eq!(&element[reader.skip().unwrap()], &text);
            prop_assert!(reader.element(&mut list).unwrap());
        }
    }

    #[test]
    fn floats_are_the_nearest(float in any::<f64>(), digits in 0_usize..20) {
        for text in [format!("{float:.digits$e}"), Value::from(float).to_string()] {
            prop_assert_eq!(read::<f64>(&text).unwrap(), text.parse::<f64>().unwrap());
            let single = Some(text.parse::<f32>().unwrap());
            prop_assert_eq!(read::<f32>(&text).ok(), single.filter(|single| single.is_finite()));
        }
    }

    #[test]
    fn integral_floats_are_the_integers_they_are(
        integer in -(1_i64 << 53)..=1 << 53,
        zeros in 0_usize..30,
    ) {
        for text in [
            format!("{integer}.0{}", "0".repeat(zeros)),
            format!("{integer}{}e-{zeros}", "0".repeat(zeros)),
            format!("{integer}{}E-0{}", "0".repeat(zeros), zeros),
            format!("{integer:e}"),
        ] {
            prop_assert_eq!(read::<i64>(&text).unwrap(), integer, "{}", text);
        }
        let fraction = format!("{integer}.{}5", "0".repeat(zeros));
        prop_assert!(read::<i64>(&fraction).is_err());
    }

    #[test]
    fn any_text_is_judged_as_serde_json_judges_it(text in any::<String>()) {
        survives(&text);
        agrees(&text)?;
    }

    #[test]
    fn nearly_json_is_judged_as_serde_json_judges_it(text in nearly_json()) {
        survives(&text);
        agrees(&text)?;
    }

    #[test]
    fn damaged_json_is_judged_as_serde_json_judges_it(text in damaged()) {
        survives(&text);
        agrees(&text)?;
    }

    #[test]
    fn strings_of_any_escapes_are_read_as_serde_json_reads_them(
        inside in "([a-zé\"]|\\\\[\"\\\\/bfnrtux]|\\\\u(d8|dc|00|dbf|0)[0-9a-fA-F]{2,3}){0,8}"
    ) {
        let text = format!("\"{inside}\"");
        let arena = Bump::new();
        let mut reader = Reader::new(&text, &arena);
        let ours = reader.string().and_then(|string| reader.end().map(|()| string.to_owned()));
        prop_assert_eq!(ours.ok(), serde_json::from_str::<String>(&text).ok());
    }
}
