//! The fast path for the head of a CALL, compared with reading it element by element.

use bumpalo::Bump;

use super::hex;
use crate::codec::cbor::Reader;
use crate::codec::cursor::Cursor as _;
use crate::codec::de::Malformed;

/// Reads a request, and returns whether the fast path took it, its id and its URI.
fn request(digits: &str) -> Result<(bool, u64, String), Malformed> {
    let (arena, bytes) = (Bump::new(), hex(digits));
    let mut reader = Reader::new(&bytes, &arena);
    let mut elements = reader.list()?;
    reader.element(&mut elements)?;
    reader.integer()?;
    let before = reader.offset();
    let (is_plain, id, uri) = match reader.call_head(&mut elements) {
        Some((id, uri)) => (true, id.get(), uri),
        None => {
            assert_eq!(reader.offset(), before, "{digits}");
            let mut next = |reader: &mut Reader<'_>| match reader.element(&mut elements)? {
                true => Ok(()),
                false => reader.fail("too few elements"),
            };
            next(&mut reader)?;
            let id = reader.integer()?;
            next(&mut reader)?;
            let mut dict = reader.dict()?;
            assert_eq!(reader.key(&mut dict)?, None);
            next(&mut reader)?;
            (false, id, reader.string()?)
        }
    };
    while reader.element(&mut elements)? {
        reader.skip()?;
    }
    reader.end().map(|()| (is_plain, id, uri.to_owned()))
}

#[test]
fn a_plain_call_head_says_what_its_elements_say() {
    for (digits, is_plain, id) in [
        ("84 1830 01 a0 6161", true, 1),
        ("85 1830 1a00010000 a0 6161 8101", true, 0x1_0000),
        ("86 1830 1b0020000000000000 a0 780161 80 a0", true, 1 << 53),
        // A number that is not an id, which the message has to judge (M-12).
        ("84 1830 00 a0 6161", false, 0),
        ("84 1830 1b0020000000000001 a0 6161", false, (1 << 53) + 1),
        // Not for the fast path: a float, options of indefinite or longer length, a string in
        // chunks, tags, a list of indefinite length.
        ("84 1830 f93c00 a0 6161", false, 1),
        ("84 1830 01 bfff 6161", false, 1),
        ("84 1830 01 b800 6161", false, 1),
        ("84 1830 01 a0 7f6161ff", false, 1),
        ("84 1830 01 a0 d9d9f76161", false, 1),
        ("9f 1830 01 a0 6161 ff", false, 1),
    ] {
        assert_eq!(request(digits).unwrap(), (is_plain, id, "a".to_owned()), "{digits}");
    }
}

#[test]
fn what_is_no_request_is_refused_either_way() {
    for digits in [
        "83 1830 01 a0 6161",
        "84 1830 01 01 6161",
        "84 1830 01 a0 6261",
        "84 1830 01 a0 61ff",
        "84 1830 01 a0 01",
        "84 1830 01 a0",
        "84 1830",
    ] {
        assert!(request(digits).is_err(), "{digits}");
    }
}
