//! The application's part of a message: positional and keyword arguments, kept encoded until a
//! handler reads them.

mod builder;

use std::fmt;
use std::ops::Range;

use bumpalo::Bump;
use bytestring::ByteString;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Visitor};

use crate::codec::any::Reader;
use crate::codec::cursor::Kind;
use crate::codec::de::Malformed;
use crate::codec::odd::Oddity;
use crate::codec::raw::Raw;
use crate::codec::serializer::EncodeError;
use crate::codec::value::{Encoded, Format, Shared};
pub use builder::PayloadBuilder;

/// `Arguments` and `ArgumentsKw` of a message.
///
/// It shares the frame that it arrived in, so cloning it only counts a reference. Absent and empty
/// arguments are the same (M-10).
///
/// Values that only some clients can read are never passed on. CBOR tags are left out, so that a
/// date is passed on as its text or number. An extension type of MessagePack, a key that is not a
/// string, a CBOR tag 25 or 29, an unassigned simple value, and a number beyond `f64` are errors
/// when they are read, and a message that would carry them to another client is refused with
/// `wamp.error.invalid_payload`. A lone surrogate in JSON is read as U+FFFD.
///
/// ```
/// use wamp_core::Payload;
///
/// let payload = Payload::builder().arg(1).arg("two").kwarg("three", 3).build()?;
/// assert_eq!(payload.args::<(u8, String)>()?, (1, "two".to_owned()));
/// assert_eq!(payload.to_string(), r#"[1,"two"] {"three":3}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Payload {
    frame: Shared,
    args: Range<usize>,
    kwargs: Range<usize>,
    /// The first positional argument's offset in `args` and its length; a length of 0 if it is not
    /// known. Small, because a CALL is moved several times on its way to the handler.
    first: [u32; 2],
    /// The reason why the payload must not be passed on to other clients.
    oddity: Option<Oddity>,
    /// Bytes of the original message that are not in `frame`, its options for instance. They stay
    /// in memory as long as the payload does.
    beside: u32,
}

/// An argument does not have the type that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DecodeError(String);

impl Payload {
    /// Creates a payload without arguments.
    #[must_use]
    pub fn empty() -> Self {
        Self::of_frame(Shared::Json(ByteString::new()), 0..0, 0..0)
    }

    /// Starts a payload that is written argument by argument.
    #[must_use]
    pub fn builder() -> PayloadBuilder {
        PayloadBuilder::default()
    }

    /// Creates a payload from two ranges of a received frame: a list and a dict, both validated, or
    /// empty ranges.
    #[inline]
    pub(crate) fn of_frame(frame: Shared, args: Range<usize>, kwargs: Range<usize>) -> Self {
        Self { frame, args, kwargs, first: [0; 2], oddity: None, beside: 0 }
    }

    /// Creates a payload as [`of_frame`](Self::of_frame) does, of which the range of the first
    /// positional argument in `args` is known, too.
    #[inline]
    pub(crate) fn of_message(
        frame: Shared,
        args: Range<usize>,
        first: Range<usize>,
        kwargs: Range<usize>,
    ) -> Self {
        let first = match u32::try_from(args.end) {
            Ok(_) => [first.start as u32, first.len() as u32],
            Err(_) => [0; 2],
        };
        Self { frame, args, kwargs, first, oddity: None, beside: 0 }
    }

    /// Writes the two parts of a received frame again, without values that only clients with the
    /// same serializer can read.
    #[cold]
    pub(crate) fn rewritten(
        frame: &Shared,
        args: Range<usize>,
        kwargs: Range<usize>,
    ) -> Result<Self, EncodeError> {
        let mut written = Vec::new();
        let mut append = |part: Range<usize>| {
            let part = frame.slice(part);
            if !part.as_bytes().is_empty() {
                part.format().write(&mut written, &part)?;
            }
            Ok::<_, EncodeError>(written.len())
        };
        let args_end = append(args)?;
        let end = append(kwargs)?;
        let format = frame.slice(0..0).format();
        let beside = u32::try_from(frame.len().saturating_sub(end)).unwrap_or(u32::MAX);
        let written = Shared::written(format, written, true)?;
        Ok(Self { beside, ..Self::of_frame(written, 0..args_end, args_end..end) })
    }

    /// Creates a payload from an encoded list and an encoded dict of one message, either of them
    /// null if absent. Returns `None` if they are anything else.
    pub(crate) fn of_parts(args: Raw<'_>, kwargs: Raw<'_>) -> Option<Self> {
        let mut frame = Vec::new();
        let mut append = |part: Encoded<'_>, kind| {
            let (found, is_empty) = part.describe();
            if found == kind && !is_empty {
                frame.extend_from_slice(part.as_bytes());
            }
            (found == kind || found == Kind::Null).then_some(frame.len())
        };
        let args_end = append(args.0, Kind::List)?;
        let end = append(kwargs.0, Kind::Dict)?;
        let frame = Shared::written(args.0.format(), frame, true).ok()?;
        Some(Self::of_frame(frame, 0..args_end, args_end..end))
    }

    /// Marks the payload as one that must not be passed on to other clients. Its values do not
    /// count as checked.
    pub(crate) fn with_oddity(self, oddity: Oddity) -> Self {
        Self { oddity: Some(oddity), ..self }
    }

    /// Returns the reason why the payload must not be passed on to other clients, if there is one.
    #[inline]
    pub(crate) fn oddity(&self) -> Option<Oddity> {
        self.oddity
    }

    /// Returns the range of the first positional argument in [`encoded_args`](Self::encoded_args),
    /// or an empty range.
    pub(crate) fn first_arg(&self) -> Range<usize> {
        let [offset, length] = self.first.map(|number| number as usize);
        offset..offset + length
    }

    /// Returns whether the payload has neither positional nor keyword arguments.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.args.is_empty() && self.kwargs.is_empty()
    }

    /// Reads all positional arguments as a list: a tuple or a `Vec`.
    ///
    /// # Errors
    /// The arguments have other types, or their number is not the tuple's.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        read(self.encoded_args().unwrap_or(NO_ARGS))
    }

    /// Reads all keyword arguments as a dict: a struct or a map.
    ///
    /// # Errors
    /// The arguments have other types, or a field of the struct is missing.
    pub fn kwargs<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        read(self.encoded_kwargs().unwrap_or(NO_KWARGS))
    }

    /// Reads the positional argument after the first `skipped` ones; `Ok(None)` if there is not
    /// exactly one.
    pub(crate) fn only_arg<T: DeserializeOwned>(
        &self,
        skipped: usize,
    ) -> Result<Option<T>, DecodeError> {
        let Some(args) = self.encoded_args() else { return Ok(None) };
        let arena = Bump::new();
        let mut reader = args.reader(&arena);
        let read = |reader: &mut Reader<'_>| {
            let mut elements = reader.list()?;
            for _ in 0..skipped {
                if !reader.element(&mut elements)? {
                    return Ok(None);
                }
                reader.skip()?;
            }
            if !reader.element(&mut elements)? {
                return Ok(None);
            }
            let value = reader.read()?;
            if reader.element(&mut elements)? {
                return Err(serde::de::Error::custom(
                    "too many positional arguments: one expected",
                ));
            }
            Ok(Some(value))
        };
        read(&mut reader).map_err(|error: Malformed| DecodeError(error.to_string()))
    }

    /// Returns whether the payload is one binary argument, as passthru mode demands (X-04).
    pub(crate) fn is_one_binary(&self) -> bool {
        self.kwargs.is_empty() && matches!(self.only_arg::<AnyBinary>(0), Ok(Some(AnyBinary)))
    }

    /// Copies the payload into its own allocation, so that keeping it does not pin the receive
    /// buffer, which other messages may share.
    pub(crate) fn detached(&self) -> Self {
        Self { frame: self.frame.take(0..self.frame.len(), false), ..self.clone() }
    }

    /// Returns whether the payload is written in this format.
    pub(crate) fn is_in(&self, format: Format) -> bool {
        self.is_empty() || self.frame.slice(0..0).format() == format
    }

    /// Transcodes the payload to another format.
    pub(crate) fn transcoded(&self, format: Format) -> Result<Self, EncodeError> {
        let mut frame = Vec::new();
        let mut append = |part: Option<Encoded<'_>>| {
            part.map_or(Ok(()), |part| part.write(format, &mut frame)).map(|()| frame.len())
        };
        let args_end = append(self.encoded_args())?;
        let end = append(self.encoded_kwargs())?;
        let frame = Shared::written(format, frame, true)?;
        Ok(Self::of_frame(frame, 0..args_end, args_end..end))
    }

    /// Returns the number of bytes that the payload keeps in memory: those of its whole message.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.frame.len() + self.beside as usize
    }

    /// Returns the positional arguments as one value.
    pub(crate) fn raw_args(&self) -> Option<Raw<'_>> {
        self.encoded_args().map(Raw)
    }

    /// Returns the keyword arguments as one value.
    pub(crate) fn raw_kwargs(&self) -> Option<Raw<'_>> {
        self.encoded_kwargs().map(Raw)
    }

    /// Returns the list of positional arguments, unless it is empty.
    pub(crate) fn encoded_args(&self) -> Option<Encoded<'_>> {
        (!self.args.is_empty()).then(|| self.frame.slice(self.args.clone()))
    }

    /// Returns the dict of keyword arguments, unless it is empty.
    pub(crate) fn encoded_kwargs(&self) -> Option<Encoded<'_>> {
        (!self.kwargs.is_empty()).then(|| self.frame.slice(self.kwargs.clone()))
    }
}

/// Returns `Arguments` and `ArgumentsKw` of a message that is given as JSON, which begin at this
/// element; for the hosts' test clients.
#[must_use]
pub fn payload_of(message: &str, at: usize) -> Payload {
    let arena = Bump::new();
    let elements: Vec<Raw<'_>> = Encoded::Json(message).reader(&arena).read().unwrap_or_default();
    let part = |at: usize, absent| elements.get(at).copied().unwrap_or(Raw(absent));
    Payload::of_parts(part(at, NO_ARGS), part(at + 1, NO_KWARGS)).unwrap_or_else(Payload::empty)
}

/// Deserializes from any binary value and discards it.
struct AnyBinary;

impl<'de> Deserialize<'de> for AnyBinary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = AnyBinary;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a binary value")
            }

            fn visit_bytes<E>(self, _: &[u8]) -> Result<AnyBinary, E> {
                Ok(AnyBinary)
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// The empty list and dict from which absent arguments are read.
pub(crate) const NO_ARGS: Encoded<'_> = Encoded::Json("[]");
pub(crate) const NO_KWARGS: Encoded<'_> = Encoded::Json("{}");

pub(super) fn read<T: DeserializeOwned>(value: Encoded<'_>) -> Result<T, DecodeError> {
    let arena = Bump::new();
    value.reader(&arena).read().map_err(|error| DecodeError(error.to_string()))
}

/// Writes the payload as JSON; a part that JSON cannot express (a number beyond `f64`) as the
/// reason in brackets.
impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.encoded_args(), self.encoded_kwargs()) {
            (None, None) => Ok(()),
            (Some(args), None) => args.fmt(f),
            (args, Some(kwargs)) => write!(f, "{} {kwargs}", args.unwrap_or(NO_ARGS)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_builder_wrote_as_text_is_text_to_its_reader_too() {
        let payload = Payload::builder().arg("\0YWJj").build().unwrap();
        let arena = Bump::new();
        let mut reader = payload.encoded_args().unwrap().reader(&arena);
        let raw: Vec<Raw<'_>> = reader.read().unwrap();
        assert_eq!(raw, [Raw(Encoded::PlainJson(r#""\u0000YWJj""#))]);
        assert_eq!(payload.args::<(serde_json::Value,)>().unwrap().0, "\0YWJj");
        assert!(!payload.is_one_binary());
    }
}
