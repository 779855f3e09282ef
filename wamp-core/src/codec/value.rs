//! Encoded values as data: their format, their bytes, and parts of them.

use std::ops::Range;

use bytes::Bytes;
use bytestring::ByteString;

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
    pub(crate) fn as_bytes(self) -> &'f [u8] {
        match self {
            Self::Json(text) | Self::PlainJson(text) => text.as_bytes(),
            Self::MsgPack(bytes) => bytes,
            Self::Cbor(bytes) => bytes,
        }
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
}
