//! Writing JSON.

use std::io;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use bumpalo::Bump;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::careful::Careful;
use super::{Reader, number};
use crate::codec::cursor::Cursor as _;
use crate::codec::odd::{Odd, Owner};

/// Appends the value to `out`; on an error `out` is unchanged, so that an ERROR can take the
/// frame's place.
///
/// Returns whether strings in it may stand for bytes.
pub(crate) fn write<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    value: &T,
) -> Result<bool, serde_json::Error> {
    let (length, mut hides_bytes) = (out.len(), false);
    let format = BinaryText { hides_bytes: &mut hides_bytes };
    if let Err(error) = value.serialize(Careful(&mut Serializer::with_formatter(&mut *out, format)))
    {
        out.truncate(length);
        return Err(error);
    }
    Ok(hides_bytes)
}

/// A formatter for compact JSON in which bytes are strings (X-06).
struct BinaryText<'w> {
    hides_bytes: &'w mut bool,
}

impl Formatter for BinaryText<'_> {
    fn write_byte_array<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        value: &[u8],
    ) -> io::Result<()> {
        *self.hides_bytes = true;
        write!(writer, r#""\u0000{}""#, Base64Display::new(value, &STANDARD))
    }

    fn write_raw_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if !is_one_value(fragment) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "raw JSON that is no JSON"));
        }
        *self.hides_bytes = true; // The writer of the raw JSON may have used such strings.
        writer.write_all(fragment.as_bytes())
    }

    fn write_number_str<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        value: &str,
    ) -> io::Result<()> {
        if number::end(value.as_bytes(), 0).ok() != Some(value.len()) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "digits that are no number"));
        }
        writer.write_all(value.as_bytes())
    }
}

/// Returns whether the text is one JSON value. A `Serialize` can write raw JSON through a private
/// name of serde_json.
fn is_one_value(text: &str) -> bool {
    let arena = Bump::new();
    let mut reader = Reader::new(text, &arena);
    *reader.owner() = Owner::Application(Odd::Nothing);
    let is_well_formed = reader.skip_counted(&mut { usize::MAX }).is_ok() && reader.end().is_ok();
    is_well_formed && reader.owner().odd() == Odd::Nothing
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use serde::{Serialize, Serializer};

    use super::write;
    use crate::codec::cursor::Cursor as _;
    use crate::codec::json::Reader;

    struct Bytes<'a>(&'a [u8]);

    impl Serialize for Bytes<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }

    fn written<T: Serialize>(value: &T) -> String {
        let mut out = b"[".to_vec();
        write(&mut out, value).unwrap();
        String::from_utf8(out.split_off(1)).unwrap()
    }

    #[test]
    fn bytes_are_a_nul_and_base64_x_06() {
        let bytes = [
            0x10, 0xe3, 0xff, 0x90, 0x53, 0x07, 0x5c, 0x52, 0x6f, 0x5f, 0xc0, 0x6d, 0x4f, 0xe3,
            0x7c, 0xdb,
        ];
        assert_eq!(written(&Bytes(&bytes)), r#""\u0000EOP/kFMHXFJvX8BtT+N82w==""#);
        assert_eq!(written(&(1, [Bytes(b"")])), r#"[1,["\u0000"]]"#);
    }

    #[test]
    fn bytes_of_every_length_are_read_back() {
        let arena = Bump::new();
        let bytes: Vec<u8> = (0..=255).rev().cycle().take(3000).collect();
        for length in (0..70).chain([1023, 1024, 1025, 3000]) {
            let text = written(&Bytes(&bytes[..length]));
            assert_eq!(Reader::new(&text, &arena).read::<&[u8]>().unwrap(), &bytes[..length]);
        }
    }

    #[test]
    fn everything_else_is_compact_json() {
        let value = serde_json::json!({"a": [1, -1, 1.5, null, true, "\0é\n"], "b": {}});
        assert_eq!(written(&value), value.to_string());
    }

    #[test]
    fn a_failed_value_leaves_nothing_behind() {
        let mut out = b"[50,1,{},".to_vec();
        let keys = std::collections::BTreeMap::from([(vec![1], 1)]);
        assert!(write(&mut out, &("begun", keys)).is_err());
        assert_eq!(out, b"[50,1,{},");
    }
}
