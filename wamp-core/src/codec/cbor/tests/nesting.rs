//! Values inside of each other, and many of them: the bounds on both.

use bumpalo::Bump;
use ciborium::Value;
use serde::de::IgnoredAny;

use super::{hex, nested, read, skip};
use crate::codec::cbor::Reader;
use crate::codec::cursor::{Cursor as _, MAX_DEPTH, MAX_ELEMENTS};

const DEPTH: usize = MAX_DEPTH as usize;

#[test]
fn tags_inside_each_other_count_to_the_depth() {
    let tags = |depth| nested("c1", "00", "", depth);
    assert!(skip(&tags(DEPTH)).is_ok());
    assert!(read::<Value>(&tags(DEPTH)).is_ok());
    assert!(skip(&tags(DEPTH + 1)).is_err());
    assert!(read::<Value>(&tags(DEPTH + 1)).is_err());
    let in_lists = |tags: usize| nested("81", &("c1".repeat(tags) + "00"), "", DEPTH - 2);
    assert!(skip(&in_lists(2)).is_ok());
    assert!(read::<Value>(&in_lists(2)).is_ok());
    assert!(skip(&in_lists(3)).is_err());
    assert!(read::<Value>(&in_lists(3)).is_err());
}

#[test]
fn sixty_four_levels_are_accepted_and_sixty_five_refused() {
    for (open, inside, close) in
        [("81", "80", ""), ("9f", "9fff", "ff"), ("a16161", "a0", ""), ("bf6161", "bfff", "ff")]
    {
        let text = nested(open, inside, close, DEPTH - 1);
        assert_eq!(skip(&text).unwrap(), 0..text.len());
        assert!(read::<Value>(&text).is_ok());
        assert!(read::<IgnoredAny>(&text).is_ok());
        let text = nested(open, inside, close, DEPTH);
        assert!(skip(&text).is_err());
        assert!(read::<Value>(&text).is_err());
        assert!(read::<IgnoredAny>(&text).is_err());
    }
}

#[test]
fn what_is_open_around_a_value_counts_to_its_depth() {
    let arena = Bump::new();
    let enter = |bytes: &'static [u8]| {
        let mut reader = Reader::new(bytes, &arena);
        let mut list = reader.list().unwrap();
        reader.element(&mut list).unwrap();
        reader
    };
    let fits: &'static [u8] = nested("81", "80", "", DEPTH - 1).leak();
    let deeper: &'static [u8] = nested("81", "80", "", DEPTH).leak();
    assert!(enter(fits).skip().is_ok());
    assert!(enter(fits).read::<Value>().is_ok());
    assert!(enter(deeper).skip().is_err());
    assert!(enter(deeper).read::<Value>().is_err());
}

#[test]
fn lists_beside_each_other_are_not_inside_each_other() {
    for (open, close) in [("821903e8", ""), ("9f1903e8", "ff")] {
        let bytes = hex(&format!("{open}9903e8{}{close}", "a1616180".repeat(1000)));
        assert_eq!(skip(&bytes).unwrap(), 0..bytes.len());
        assert!(read::<Value>(&bytes).is_ok());
    }
}

#[test]
fn mixed_nesting_is_remembered_to_the_last_level() {
    let level =
        |level: usize| [("81", ""), ("9f", "ff"), ("a1616b", ""), ("bf616b", "ff")][level % 4];
    let whole = |damage: Option<usize>| {
        let (mut opening, mut closing) = (String::new(), String::new());
        for at in 0..DEPTH {
            opening += level(at).0;
            // A break where none is allowed, and none where one is required.
            let damaged =
                if damage == Some(at) { ["ff", ""][usize::from(at % 2 == 1)] } else { level(at).1 };
            closing.insert_str(0, damaged);
        }
        hex(&(opening + "01" + &closing))
    };
    assert!(skip(&whole(None)).is_ok());
    for wrong in 0..DEPTH {
        assert!(skip(&whole(Some(wrong))).is_err(), "{wrong}");
        assert!(read::<Value>(&whole(Some(wrong))).is_err(), "{wrong}");
    }
}

#[test]
fn endless_nesting_is_an_error_and_no_stack_overflow() {
    for open in [
        "81",
        "9f",
        "a16161",
        "bf6161",
        "5f",
        "7f",
        "c1",
        "c2",
        "c25f",
        "d9d9f7",
        "9f80",
        "bf616181",
        "82c180",
        "ff",
        "9bffffffffffffffff",
    ] {
        let bytes = hex(&open.repeat(1_000_000 / open.len()));
        assert!(skip(&bytes).is_err(), "{open}");
        assert!(read::<Value>(&bytes).is_err(), "{open}");
        assert!(read::<IgnoredAny>(&bytes).is_err(), "{open}");
    }
}

#[test]
fn a_hundred_thousand_values_are_accepted_and_one_more_refused() {
    let list = |elements: usize| hex(&format!("9a{elements:08x}{}", "00".repeat(elements)));
    let until_break = |elements: usize| hex(&format!("9f{}ff", "00".repeat(elements)));
    let dict = |entries: usize| hex(&format!("ba{entries:08x}{}", "616100".repeat(entries)));
    for many in [list, until_break, dict] {
        assert!(skip(&many(MAX_ELEMENTS - 1)).is_ok());
        assert!(skip(&many(MAX_ELEMENTS)).is_err());
        assert!(read::<IgnoredAny>(&many(MAX_ELEMENTS)).is_err());
    }
}
