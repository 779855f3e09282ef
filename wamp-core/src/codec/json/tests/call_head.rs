//! The fast path for the head of a CALL, compared with reading it element by element.

use bumpalo::Bump;

use crate::codec::cursor::Cursor as _;
use crate::codec::de::Malformed;
use crate::codec::json::Reader;

/// Reads a request, and returns whether the fast path took it, its id and its URI.
fn request(text: &str) -> Result<(bool, u64, String), Malformed> {
    let arena = Bump::new();
    let mut reader = Reader::new(text, &arena);
    let mut elements = reader.list()?;
    reader.element(&mut elements)?;
    reader.integer()?;
    let before = reader.offset();
    let (is_plain, id, uri) = match reader.call_head(&mut elements) {
        Some((id, uri)) => (true, id.get(), uri),
        None => {
            assert_eq!(reader.offset(), before, "{text}");
            reader.element(&mut elements)?;
            let id = reader.integer()?;
            reader.element(&mut elements)?;
            let mut dict = reader.dict()?;
            assert_eq!(reader.key(&mut dict)?, None);
            reader.element(&mut elements)?;
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
    for (text, is_plain, id, uri) in [
        (r#"[48,1,{},"a"]"#, true, 1, "a"),
        (
            r#"[48,999999999999999,{},"a.bc.defg.é",[1],{"k":2}]"#,
            true,
            999_999_999_999_999,
            "a.bc.defg.é",
        ),
        (r#"[48,7,{},"",[]]"#, true, 7, ""),
        // White space, options and escapes are not for the fast path.
        (r#"[48 ,1,{},"a"]"#, false, 1, "a"),
        (r#"[48, 1,{},"a"]"#, false, 1, "a"),
        (r#"[48,7,{ },"",[]]"#, false, 7, ""),
        (r#"[48,1,{}, "a"]"#, false, 1, "a"),
        (r#"[48,9007199254740992,{},"a"]"#, false, 9_007_199_254_740_992, "a"),
        (r#"[48,1.0,{},"a"]"#, false, 1, "a"),
        (r#"[48,1,{},"\u0061b"]"#, false, 1, "ab"),
        // A number that is not an id, which the message has to judge (M-12).
        (r#"[48,0,{},"a"]"#, false, 0, "a"),
        (r#"[48,18446744073709551615,{},"a"]"#, false, u64::MAX, "a"),
    ] {
        assert_eq!(request(text).unwrap(), (is_plain, id, uri.to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_request_is_refused_either_way() {
    for text in [
        r#"[48,,{},"a"]"#,
        r#"[48,01,{},"a"]"#,
        r#"[48,1,1,"a"]"#,
        r#"[48,1,{},a]"#,
        r#"[48,1,{},]"#,
        r#"[48,1,{},"#,
        r#"[48,1,{},"a"#,
        r#"[48,1,{},"a""#,
        r#"[48,1,{},"a"b]"#,
        "[48,1,{},\"a\u{1}\"]",
        "[48,1,",
        "[48",
    ] {
        assert!(request(text).is_err(), "{text}");
    }
}
