//! Strings: borrowed, or joined from their chunks.

use bumpalo::Bump;

use super::{encoded, hex, read, refused_by_all, skip};
use crate::codec::cbor::Reader;
use crate::codec::cursor::Cursor as _;

fn string(digits: &str) -> Option<String> {
    let (arena, bytes) = (Bump::new(), hex(digits));
    let mut reader = Reader::new(&bytes, &arena);
    let value = reader.string().ok()?;
    reader.end().ok().map(|()| value.to_owned())
}

fn binary(digits: &str) -> Option<Vec<u8>> {
    let (arena, bytes) = (Bump::new(), hex(digits));
    let mut reader = Reader::new(&bytes, &arena);
    let value = reader.bytes().ok()??;
    reader.end().ok().map(|()| value.to_vec())
}

#[test]
fn a_string_of_definite_length_is_borrowed_from_the_frame() {
    let (arena, bytes) = (Bump::new(), encoded(&"héllo, wörld of 16+ bytes"));
    let string = Reader::new(&bytes, &arena).string().unwrap();
    assert_eq!(string, "héllo, wörld of 16+ bytes");
    assert!(bytes.as_ptr_range().contains(&string.as_ptr()));
    let bytes = hex("4401020304");
    let binary = Reader::new(&bytes, &arena).bytes().unwrap().unwrap();
    assert_eq!(binary, [1, 2, 3, 4]);
    assert!(bytes.as_ptr_range().contains(&binary.as_ptr()));
    assert_eq!(arena.allocated_bytes(), 0);
}

#[test]
fn chunks_are_joined() {
    for (digits, value) in [
        ("7fff", ""),
        ("7f60ff", ""),
        ("7f6568656c6c6fff", "hello"),
        ("7f6268656 0636c6c6fff", "hello"),
        ("7f 62c3a9 7801 21 ff", "é!"),
        ("c17f6161ff", "a"),
    ] {
        assert_eq!(string(digits).as_deref(), Some(value), "{digits}");
        assert!(skip(&hex(digits)).is_ok(), "{digits}");
    }
    for (digits, value) in [
        ("5fff", &[][..]),
        ("5f40ff", &[]),
        ("5f4101 420203ff", &[1, 2, 3]),
        ("5f5801ffff", &[255]),
    ] {
        assert_eq!(binary(digits).as_deref(), Some(value), "{digits}");
        assert!(skip(&hex(digits)).is_ok(), "{digits}");
    }
}

#[test]
fn a_chunk_is_a_whole_string_of_the_same_type() {
    for digits in [
        "7f41 61ff",    // bytes in text
        "5f6161ff",     // text in bytes
        "7f7f6161ffff", // chunks in chunks
        "5f5f4101ffff",
        "7f01ff",
        "5f80ff",
        "7fc16161ff",    // a tag on a chunk
        "7f61c3 61a9ff", // half a character
        "7f6161",        // no end
        "5f4101",
        "7f",
        "5f",
        "7f62 61ff",
    ] {
        refused_by_all(digits);
        assert_eq!(string(digits), None, "{digits}");
        assert_eq!(binary(digits), None, "{digits}");
    }
}

#[test]
fn text_is_utf_8_also_where_it_is_skipped() {
    for digits in
        ["61ff", "62c328", "63eda080", "64f4908080", "62c080", "61c3", "63e282ff", "7f61ffff"]
    {
        refused_by_all(digits);
        assert_eq!(string(digits), None, "{digits}");
        refused_by_all(&format!("a1{digits}00"));
        refused_by_all(&format!("a16161{digits}"));
    }
    assert!(skip(&hex("61 00")).is_ok());
    assert!(skip(&hex("42c328")).is_ok(), "binary is anything");
}

#[test]
fn many_chunks_are_joined_in_linear_time() {
    let chunks = 1_000_000;
    let bytes = hex(&format!("7f{}ff", "6161".repeat(chunks)));
    assert_eq!(read::<String>(&bytes).unwrap(), "a".repeat(chunks));
    assert!(skip(&bytes).is_ok());
    assert!(skip(&hex(&format!("5f{}ff", "40".repeat(chunks)))).is_ok());
}
