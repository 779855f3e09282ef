//! The beginning of a request in one go, and element by element.

use bumpalo::Bump;

use crate::format::{Cursor as _, Malformed};
use crate::json::Reader;

/// The id and the URI of a request, all of which is read.
fn request(text: &str) -> Result<(u64, String), Malformed> {
    let arena = Bump::new();
    let mut reader = Reader::new(text, &arena);
    let mut elements = reader.list()?;
    reader.element(&mut elements)?;
    reader.integer()?;
    let before = reader.at();
    let plain = reader.plain_request(&mut elements);
    if plain.is_none() {
        assert_eq!(reader.at(), before, "{text}");
    }
    let (id, uri) = match plain {
        Some((id, uri)) => (id.get(), uri),
        None => {
            reader.element(&mut elements)?;
            let id = reader.integer()?;
            reader.element(&mut elements)?;
            let mut dict = reader.dict()?;
            assert_eq!(reader.key(&mut dict)?, None);
            reader.element(&mut elements)?;
            (id, reader.string()?)
        }
    };
    while reader.element(&mut elements)? {
        reader.skip()?;
    }
    reader.end().map(|()| (id, uri.to_owned()))
}

#[test]
fn the_plain_beginning_of_a_request_says_what_its_elements_say() {
    for (plain, spaced) in [
        (r#"[48,1,{},"a"]"#, r#"[48, 1,{},"a"]"#),
        (
            r#"[48,999999999999999,{},"a.bc.defg.é",[1],{"k":2}]"#,
            r#"[48,999999999999999 ,{},"a.bc.defg.é",[1],{"k":2}]"#,
        ),
        (r#"[48,7,{},"",[]]"#, r#"[48,7,{ },"",[]]"#),
    ] {
        let (arena, text) = (Bump::new(), plain);
        let mut reader = Reader::new(text, &arena);
        let mut elements = reader.list().unwrap();
        assert!(reader.element(&mut elements).unwrap());
        reader.integer().unwrap();
        assert!(reader.plain_request(&mut elements).is_some(), "{plain}");
        assert_eq!(request(plain).unwrap(), request(spaced).unwrap());
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_elements() {
    for (text, id, uri) in [
        (r#"[48,9007199254740992,{},"a"]"#, 9_007_199_254_740_992, "a"),
        (r#"[48,1.0,{},"a"]"#, 1, "a"),
        (r#"[48,0,{},"a"]"#, 0, "a"),
        (r#"[48,18446744073709551615,{},"a"]"#, u64::MAX, "a"),
        (r#"[48,1,{},"\u0061b"]"#, 1, "ab"),
        (r#"[48,1,{}, "a"]"#, 1, "a"),
    ] {
        assert_eq!(request(text).unwrap(), (id, uri.to_owned()), "{text}");
    }
    for text in [
        r#"[48,,{},"a"]"#,
        r#"[48,01,{},"a"]"#,
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
