//! How messages become bytes: the serializers, their subprotocols, and frames of the transport.

use bumpalo::Bump;
use bytes::Bytes;
use bytestring::ByteString;
use serde::Serialize;

use crate::json::{self, Reader};

/// A serializer, named by the WebSocket subprotocol that selects it.
///
/// ```
/// use wamp_core::Serializer;
/// assert_eq!(Serializer::from_subprotocol("wamp.2.json"), Some(Serializer::Json));
/// assert_eq!(Serializer::Json.subprotocol(), "wamp.2.json");
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Serializer {
    /// `wamp.2.json`: one JSON text in a text frame (T-07).
    Json,
}

/// The value could not be written in a serializer: a map with keys that are no strings, or a failing `Serialize`.
#[derive(Debug, thiserror::Error)]
#[error("cannot be serialised: {0}")]
pub struct EncodeError(String);

impl Serializer {
    /// Every serializer of this build, in the order in which error texts list them.
    pub const ALL: &'static [Self] = &[Self::Json];

    /// The name in `Sec-WebSocket-Protocol`.
    #[must_use]
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "wamp.2.json",
        }
    }

    /// The serializer that this subprotocol selects.
    #[must_use]
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|serializer| serializer.subprotocol() == name)
    }

    /// Whether messages travel in binary frames (T-08) instead of text frames (T-07).
    #[must_use]
    pub const fn is_binary(self) -> bool {
        match self {
            Self::Json => false,
        }
    }

    /// Appends the value to `out`, or leaves `out` as it was.
    pub(crate) fn write<T: Serialize + ?Sized>(
        self,
        out: &mut Vec<u8>,
        value: &T,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Json => json::write(out, value).map_err(|error| EncodeError(error.to_string())),
        }
    }
}

impl EncodeError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// One message as the transport delivered it.
#[derive(Clone, Debug)]
pub enum Frame {
    /// A text frame; its UTF-8 was checked by the transport (T-14).
    Text(ByteString),
    /// A binary frame.
    Binary(Bytes),
}

impl From<&'static str> for Frame {
    fn from(text: &'static str) -> Self {
        Self::Text(ByteString::from_static(text))
    }
}

impl From<String> for Frame {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

/// A cursor over `text`; what must be unescaped is kept in `arena`.
pub(crate) fn reader<'de>(text: &'de str, arena: &'de Bump) -> Reader<'de> {
    Reader::new(text, arena)
}
