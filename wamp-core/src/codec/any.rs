//! Reads, writes and transcodes values of any format: the format is chosen here.

use std::fmt;
use std::ops::Range;

use bumpalo::Bump;
use serde::Serialize;
use serde::de::{Deserialize, DeserializeSeed};
use serde::ser::SerializeStruct as _;

use crate::codec::cbor::{self, Cbor};
use crate::codec::cursor::{BinaryAs, Cursor, Elements, Kind};
use crate::codec::de::{AtCursor, Malformed};
use crate::codec::json;
use crate::codec::msgpack::{self, MsgPack};
use crate::codec::odd::{Odd, Owner};
use crate::codec::ser::{self, PLAIN_TOKEN, RAW_TOKEN, Transcoded, transcode_json};
use crate::codec::value::{EncodeError, Encoded, Format};

/// A cursor over a value of any format.
#[derive(Clone, Debug)]
pub(crate) enum Reader<'de> {
    Json(json::Reader<'de>),
    MsgPack(msgpack::Reader<'de>),
    Cbor(cbor::Reader<'de>),
}

/// Applies one expression to the content of every variant.
macro_rules! each {
    ($of:ident, $value:expr, $inside:ident => $then:expr) => {
        match $value {
            $of::Json($inside) => $then,
            $of::MsgPack($inside) => $then,
            $of::Cbor($inside) => $then,
        }
    };
}

impl Format {
    /// Appends the value to `out`; on an error `out` is unchanged.
    pub(crate) fn write<T: Serialize + ?Sized>(
        self,
        out: &mut Vec<u8>,
        value: &T,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Json => json::write(out, value)
                .map(drop)
                .map_err(|error| EncodeError::new(error.to_string())),
            Self::MsgPack => Ok(ser::write::<MsgPack>(out, value)?),
            Self::Cbor => Ok(ser::write::<Cbor>(out, value)?),
        }
    }

    /// Returns the head that binary formats write before the elements of a list or the entries of a
    /// dict; empty in JSON, which counts nothing.
    pub(crate) fn head(self, kind: Kind, count: usize) -> Result<Vec<u8>, EncodeError> {
        let mut head = Vec::new();
        match self {
            Self::Json => {}
            Self::MsgPack => ser::head::<MsgPack>(&mut head, kind, count)?,
            Self::Cbor => ser::head::<Cbor>(&mut head, kind, count)?,
        }
        Ok(head)
    }

    /// Returns the kind of the value in `written`, and whether it is an empty list or dict.
    pub(crate) fn describe(self, written: &[u8]) -> (Kind, bool) {
        match self {
            Self::Json => match written {
                [b'[', ..] => (Kind::List, written.len() == 2),
                [b'{', ..] => (Kind::Dict, written.len() == 2),
                _ => (Kind::Unknown, false),
            },
            Self::MsgPack => describe(msgpack::Reader::new(written, &Bump::new())),
            Self::Cbor => describe(cbor::Reader::new(written, &Bump::new())),
        }
    }
}

fn describe<'de>(mut cursor: impl Cursor<'de>) -> (Kind, bool) {
    let kind = cursor.kind();
    (kind, matches!(kind, Kind::List | Kind::Dict) && cursor.is_empty().unwrap_or(false))
}

impl<'f> Encoded<'f> {
    /// Creates a cursor over a value of the application; strings that must be unescaped or joined
    /// are kept in `arena`.
    #[inline]
    pub(crate) fn reader(self, arena: &'f Bump) -> Reader<'f> {
        let mut reader = match self {
            Self::Json(text) => Reader::Json(json::Reader::new(text, arena)),
            Self::PlainJson(text) => Reader::Json(json::Reader::plain(text, arena)),
            Self::MsgPack(bytes) => Reader::MsgPack(msgpack::Reader::new(bytes, arena)),
            Self::Cbor(bytes) => Reader::Cbor(cbor::Reader::new(bytes, arena)),
        };
        *reader.owner() = Owner::Application(Odd::Nothing);
        reader
    }

    /// Returns the kind of the value, and whether it is an empty list or dict.
    pub(crate) fn describe(self) -> (Kind, bool) {
        let arena = Bump::new();
        each!(Reader, self.reader(&arena), cursor => describe(cursor))
    }

    /// Appends the value in `format`: copied if it is in that format already, otherwise transcoded.
    pub(crate) fn write(&self, format: Format, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match (*self, format) {
            (Self::Json(text) | Self::PlainJson(text), Format::Json) => {
                // Reserves room for the brackets and the separator that follow: growing the buffer
                // for them would copy a long value once more, 7 % of 64 KiB.
                out.reserve(text.len() + 3);
                out.extend_from_slice(text.as_bytes());
            }
            (Self::MsgPack(bytes), Format::MsgPack) => out.extend_from_slice(bytes),
            (Self::Cbor(bytes), Format::Cbor) => out.extend_from_slice(bytes),
            (Self::Json(text), Format::MsgPack) => transcode_json::<MsgPack>(out, text, true)?,
            (Self::PlainJson(text), Format::MsgPack) => {
                transcode_json::<MsgPack>(out, text, false)?;
            }
            (Self::Json(text), Format::Cbor) => transcode_json::<Cbor>(out, text, true)?,
            (Self::PlainJson(text), Format::Cbor) => transcode_json::<Cbor>(out, text, false)?,
            (Self::MsgPack(bytes), _) => {
                let arena = Bump::new();
                format.write(out, &Transcoded::new(msgpack::Reader::new(bytes, &arena)))?;
            }
            (Self::Cbor(bytes), _) => {
                let arena = Bump::new();
                format.write(out, &Transcoded::new(cbor::Reader::new(bytes, &arena)))?;
            }
        }
        Ok(())
    }
}

/// Writes the value as JSON, for the log and for tests, or the reason why JSON cannot express it:
/// the value may come from a client, and `to_string` panics if `fmt` returns an error.
impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Json(text) | Self::PlainJson(text) = self {
            return f.write_str(text);
        }
        let mut out = Vec::new();
        match self.write(Format::Json, &mut out) {
            Ok(()) => f.write_str(&String::from_utf8_lossy(&out)),
            Err(error) => write!(f, "({error})"),
        }
    }
}

/// Copies the value; one of another format than the serializer's is transcoded.
impl Serialize for Encoded<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Json(text) => RawJson(text).serialize(serializer),
            Self::PlainJson(text) => {
                serializer.serialize_newtype_struct(PLAIN_TOKEN, &RawJson(text))
            }
            Self::MsgPack(bytes) => {
                let arena = Bump::new();
                Transcoded::new(msgpack::Reader::new(bytes, &arena)).serialize(serializer)
            }
            Self::Cbor(bytes) => {
                let arena = Bump::new();
                Transcoded::new(cbor::Reader::new(bytes, &arena)).serialize(serializer)
            }
        }
    }
}

/// Serialises as serde_json's `RawValue` does, which can only be made by parsing the text once
/// more.
struct RawJson<'f>(&'f str);

impl Serialize for RawJson<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut raw = serializer.serialize_struct(RAW_TOKEN, 1)?;
        raw.serialize_field(RAW_TOKEN, self.0)?;
        raw.end()
    }
}

/// The methods of [`Cursor`]. The format is chosen once for a whole value.
impl<'de> Reader<'de> {
    pub(crate) fn list(&mut self) -> Result<Elements, Malformed> {
        each!(Self, self, reader => reader.list())
    }

    pub(crate) fn dict(&mut self) -> Result<Elements, Malformed> {
        each!(Self, self, reader => reader.dict())
    }

    pub(crate) fn element(&mut self, elements: &mut Elements) -> Result<bool, Malformed> {
        each!(Self, self, reader => reader.element(elements))
    }

    pub(crate) fn key(&mut self, elements: &mut Elements) -> Result<Option<&'de str>, Malformed> {
        each!(Self, self, reader => reader.key(elements))
    }

    pub(crate) fn skip(&mut self) -> Result<Range<usize>, Malformed> {
        each!(Self, self, reader => reader.skip())
    }

    pub(crate) fn binary(&mut self) -> &mut BinaryAs {
        each!(Self, self, reader => reader.binary())
    }

    #[inline]
    pub(crate) fn owner(&mut self) -> &mut Owner {
        each!(Self, self, reader => reader.owner())
    }

    /// Marks this value as checked, so that [`Raw`](crate::Raw) does not check it once more.
    pub(crate) fn trust(&mut self, value: Range<usize>) {
        each!(Self, self, reader => reader.trust(value));
    }

    pub(crate) fn read<T: Deserialize<'de>>(&mut self) -> Result<T, Malformed> {
        each!(Self, self, reader => reader.read())
    }

    pub(crate) fn seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Malformed> {
        each!(Self, self, reader => seed.deserialize(AtCursor(reader)))
    }
}
