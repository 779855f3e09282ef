//! WAMP's serializers: how messages are encoded, and how a number in one is read without decoding
//! the rest.

use serde_json::Value;

use crate::Result;
use crate::frame::{BINARY, TEXT};

/// A serializer of WAMP messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serializer {
    Json,
    MessagePack,
    Cbor,
}

impl Serializer {
    pub(crate) const ALL: [Self; 3] = [Self::Json, Self::MessagePack, Self::Cbor];

    /// As the command line and WAMP's subprotocol name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MessagePack => "msgpack",
            Self::Cbor => "cbor",
        }
    }

    pub(crate) fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "wamp.2.json",
            Self::MessagePack => "wamp.2.msgpack",
            Self::Cbor => "wamp.2.cbor",
        }
    }

    /// Of the frames that carry its messages.
    pub(crate) fn opcode(self) -> u8 {
        if self == Self::Json { TEXT } else { BINARY }
    }

    pub(crate) fn encode(self, message: &Value) -> Vec<u8> {
        const ENCODES: &str = "a JSON value can be encoded";
        match self {
            Self::Json => message.to_string().into_bytes(),
            Self::MessagePack => rmp_serde::to_vec(message).expect(ENCODES),
            Self::Cbor => {
                let mut bytes = Vec::new();
                ciborium::into_writer(message, &mut bytes).expect(ENCODES);
                bytes
            }
        }
    }

    pub(crate) fn decode(self, message: &[u8]) -> Result<Value> {
        Ok(match self {
            Self::Json => serde_json::from_slice(message)?,
            Self::MessagePack => rmp_serde::from_slice(message)?,
            Self::Cbor => ciborium::from_reader(message)?,
        })
    }

    /// The unsigned integer at the front, and what follows it.
    pub(crate) fn take_number(self, bytes: &[u8]) -> Option<(u64, &[u8])> {
        if self == Self::Json {
            return take_decimal(bytes);
        }
        let (&first, rest) = bytes.split_first()?;
        let width = match (self, first) {
            (Self::MessagePack, 0..=0x7f) | (Self::Cbor, 0..=0x17) => {
                return Some((first.into(), rest));
            }
            (Self::MessagePack, 0xcc) | (Self::Cbor, 0x18) => 1,
            (Self::MessagePack, 0xcd) | (Self::Cbor, 0x19) => 2,
            (Self::MessagePack, 0xce) | (Self::Cbor, 0x1a) => 4,
            (Self::MessagePack, 0xcf) | (Self::Cbor, 0x1b) => 8,
            _ => return None,
        };
        let (number, rest) = rest.split_at_checked(width)?;
        Some((number.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)), rest))
    }
}

/// The decimal number at the front, of at most 16 digits, and what follows it.
fn take_decimal(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let count = bytes.iter().take(17).take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || count > 16 {
        return None;
    }
    let (digits, rest) = bytes.split_at(count);
    Some((digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')), rest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_of_any_width_is_read_as_the_codec_wrote_it() {
        for serializer in Serializer::ALL {
            for number in
                [0, 1, 23, 24, 127, 128, 255, 256, 65_535, 65_536, u32::MAX.into(), 1 << 52]
            {
                let mut bytes = serializer.encode(&json!(number));
                bytes.extend(b",rest");
                let read = serializer.take_number(&bytes);
                assert_eq!(read, Some((number, &b",rest"[..])), "{serializer:?}");
            }
            assert_eq!(
                serializer.take_number(&serializer.encode(&json!("x"))),
                None,
                "{serializer:?}"
            );
            assert_eq!(serializer.take_number(b""), None, "{serializer:?}");
        }
    }
}
