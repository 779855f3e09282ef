//! Encoded values of any of the formats: choosing the format, reading, writing, and transcoding.

use std::fmt;
use std::ops::Range;

use bumpalo::Bump;
use bytes::Bytes;
use bytestring::ByteString;
use serde::Serialize;
use serde::de::{Deserialize, DeserializeSeed};
use serde::ser::SerializeStruct as _;

use crate::codec::cbor::{self, Cbor};
use crate::codec::format::{AtCursor, BinaryAs, Cursor, Elements, Kind, Malformed, Odd, Owner};
use crate::codec::format::{
    transcode::{Transcoded, transcode_json},
    write::{self, PLAIN_TOKEN, RAW_TOKEN},
};
use crate::codec::json;
use crate::codec::msgpack::{self, MsgPack};

/// The encoding of values. A serializer is a format plus the way in which it delimits messages.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    Json,
    MsgPack,
    Cbor,
}

/// An encoded value, or a range that holds several.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Encoded<'f> {
    Json(&'f str),
    /// JSON in which no string stands for bytes, whatever it begins with.
    PlainJson(&'f str),
    MsgPack(&'f [u8]),
    Cbor(&'f [u8]),
}

/// An encoded value, shared by reference count.
#[derive(Clone, Debug)]
pub(crate) enum Shared {
    Json(ByteString),
    PlainJson(ByteString),
    MsgPack(Bytes),
    Cbor(Bytes),
}

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

/// A value cannot be written in a serializer: a map whose keys are not strings, or a `Serialize`
/// that fails.
#[derive(Debug, thiserror::Error)]
#[error("cannot be serialised: {0}")]
pub struct EncodeError(String);

impl EncodeError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl From<crate::codec::format::write::WriteFault> for EncodeError {
    fn from(fault: crate::codec::format::write::WriteFault) -> Self {
        Self(fault.to_string())
    }
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
            Self::MsgPack => Ok(write::write::<MsgPack>(out, value)?),
            Self::Cbor => Ok(write::write::<Cbor>(out, value)?),
        }
    }

    /// Returns the head that binary formats write before the elements of a list or the entries of a
    /// dict; empty in JSON, which counts nothing.
    pub(crate) fn head(self, kind: Kind, count: usize) -> Result<Vec<u8>, EncodeError> {
        let mut head = Vec::new();
        match self {
            Self::Json => {}
            Self::MsgPack => write::head::<MsgPack>(&mut head, kind, count)?,
            Self::Cbor => write::head::<Cbor>(&mut head, kind, count)?,
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

impl Shared {
    /// Wraps bytes that were written in `format`; `hides_bytes` tells whether strings in JSON may
    /// stand for bytes.
    pub(crate) fn written(
        format: Format,
        bytes: Vec<u8>,
        hides_bytes: bool,
    ) -> Result<Self, EncodeError> {
        Ok(match format {
            Format::Json => {
                let text = ByteString::try_from(bytes)
                    .map_err(|error| EncodeError::new(error.to_string()))?;
                if hides_bytes { Self::Json(text) } else { Self::PlainJson(text) }
            }
            Format::MsgPack => Self::MsgPack(bytes.into()),
            Format::Cbor => Self::Cbor(bytes.into()),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.as_bytes().len()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Json(text) | Self::PlainJson(text) => text.as_bytes(),
            Self::MsgPack(bytes) => bytes,
            Self::Cbor(bytes) => bytes,
        }
    }

    /// Returns a part whose ends are character boundaries: `shared` with the whole, or copied into
    /// its own allocation.
    pub(crate) fn take(&self, range: Range<usize>, shared: bool) -> Self {
        match self {
            Self::Json(text) => Self::Json(take_text(text, range, shared)),
            Self::PlainJson(text) => Self::PlainJson(take_text(text, range, shared)),
            Self::MsgPack(bytes) => Self::MsgPack(take(bytes, range, shared)),
            Self::Cbor(bytes) => Self::Cbor(take(bytes, range, shared)),
        }
    }

    /// Returns the part in `range`, both ends of which are ends of values.
    #[inline]
    pub(crate) fn slice(&self, range: Range<usize>) -> Encoded<'_> {
        match self {
            Self::Json(text) => Encoded::Json(&text[range]),
            Self::PlainJson(text) => Encoded::PlainJson(&text[range]),
            Self::MsgPack(bytes) => Encoded::MsgPack(&bytes[range]),
            Self::Cbor(bytes) => Encoded::Cbor(&bytes[range]),
        }
    }
}

fn take_text(text: &ByteString, range: Range<usize>, shared: bool) -> ByteString {
    match shared {
        true => text.slice_ref(&text[range]),
        false => text[range].into(),
    }
}

fn take(bytes: &Bytes, range: Range<usize>, shared: bool) -> Bytes {
    match shared {
        true => bytes.slice(range),
        false => Bytes::copy_from_slice(&bytes[range]),
    }
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

    pub(crate) fn as_bytes(self) -> &'f [u8] {
        match self {
            Self::Json(text) | Self::PlainJson(text) => text.as_bytes(),
            Self::MsgPack(bytes) => bytes,
            Self::Cbor(bytes) => bytes,
        }
    }

    /// Returns the kind of the value, and whether it is an empty list or dict.
    pub(crate) fn describe(self) -> (Kind, bool) {
        let arena = Bump::new();
        each!(Reader, self.reader(&arena), cursor => describe(cursor))
    }

    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Json(_) | Self::PlainJson(_) => Format::Json,
            Self::MsgPack(_) => Format::MsgPack,
            Self::Cbor(_) => Format::Cbor,
        }
    }

    /// Returns the part in `range`, both ends of which are ends of values.
    pub(crate) fn slice(self, range: Range<usize>) -> Self {
        match self {
            Self::Json(text) => Self::Json(&text[range]),
            Self::PlainJson(text) => Self::PlainJson(&text[range]),
            Self::MsgPack(bytes) => Self::MsgPack(&bytes[range]),
            Self::Cbor(bytes) => Self::Cbor(&bytes[range]),
        }
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
