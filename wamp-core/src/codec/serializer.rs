//! The serializers, their WebSocket subprotocols, and raw messages of the transport.

use bytes::Bytes;
use bytestring::ByteString;
use serde::Serialize;

pub use crate::codec::value::EncodeError;
use crate::codec::value::Format;

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
    /// `wamp.2.json.batched`: JSON texts with a separator after each (T-15).
    JsonBatched,
    /// `wamp.2.msgpack`: one MessagePack value in a binary frame (T-08).
    MsgPack,
    /// `wamp.2.msgpack.batched`: MessagePack values with their length before each (T-16).
    MsgPackBatched,
    /// `wamp.2.cbor`: one CBOR data item in a binary frame (T-08).
    Cbor,
    /// `wamp.2.cbor.batched`: CBOR data items, delimited like MessagePack (T-17).
    CborBatched,
}

impl Serializer {
    /// Every serializer of this build, in the order in which error texts list them.
    pub const ALL: &'static [Self] = &[
        Self::Json,
        Self::MsgPack,
        Self::Cbor,
        Self::JsonBatched,
        Self::MsgPackBatched,
        Self::CborBatched,
    ];

    /// Returns the serializer's name in `Sec-WebSocket-Protocol`.
    #[must_use]
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "wamp.2.json",
            Self::JsonBatched => "wamp.2.json.batched",
            Self::MsgPack => "wamp.2.msgpack",
            Self::MsgPackBatched => "wamp.2.msgpack.batched",
            Self::Cbor => "wamp.2.cbor",
            Self::CborBatched => "wamp.2.cbor.batched",
        }
    }

    /// Returns the serializer that this subprotocol selects.
    #[must_use]
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|serializer| serializer.subprotocol() == name)
    }

    /// Returns whether messages travel in binary frames (T-08) instead of text frames (T-07).
    #[must_use]
    pub const fn is_binary(self) -> bool {
        !matches!(self, Self::Json | Self::JsonBatched)
    }

    /// Returns whether one frame may hold several messages.
    #[must_use]
    pub const fn is_batched(self) -> bool {
        match self {
            Self::Json => false,
            Self::JsonBatched => true,
            Self::MsgPack => false,
            Self::MsgPackBatched => true,
            Self::Cbor => false,
            Self::CborBatched => true,
        }
    }

    pub(crate) const fn format(self) -> Format {
        match self {
            Self::Json | Self::JsonBatched => Format::Json,
            Self::MsgPack | Self::MsgPackBatched => Format::MsgPack,
            Self::Cbor | Self::CborBatched => Format::Cbor,
        }
    }

    /// Appends the value to `out`; on an error `out` is unchanged.
    pub(crate) fn write<T: Serialize + ?Sized>(
        self,
        out: &mut Vec<u8>,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.format().write(out, value)
    }
}

/// One message as the transport delivered it.
#[derive(Clone, Debug)]
pub enum RawMessage {
    /// A text frame; its UTF-8 was checked by the transport (T-14).
    Text(ByteString),
    /// A binary frame.
    Binary(Bytes),
}

impl From<&'static str> for RawMessage {
    fn from(text: &'static str) -> Self {
        Self::Text(ByteString::from_static(text))
    }
}

impl From<String> for RawMessage {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}
