//! Passes an undecoded value from a cursor to [`Raw`](crate::Raw) through serde, which has no method for that.

use std::cell::Cell;

use serde::de::{Deserializer, Error, Visitor};

use super::Malformed;
use crate::codec::encoded::Encoded;

/// The name of a newtype whose deserializer is given its value undecoded.
pub(super) const TOKEN: &str = "$wamp::Raw";

thread_local! {
    /// The variant of the encoded value that a visitor is being given. A visitor cannot tell from a string or bytes alone: any
    /// deserializer may pass them, also one over values that serde has buffered, and a client chose them. Only while this is set are they an encoded value.
    static LENT: Cell<Option<Lent>> = const { Cell::new(None) };
}

#[derive(Copy, Clone)]
enum Lent {
    Json,
    PlainJson,
    MsgPack,
    Cbor,
}

/// Passes an encoded value to the visitor that asked for it.
pub(super) fn lend<'de, V: Visitor<'de>>(value: Encoded<'de>, visitor: V) -> Result<V::Value, Malformed> {
    let announce = |lent| LENT.set(Some(lent));
    let taken = match value {
        Encoded::Json(text) => {
            announce(Lent::Json);
            visitor.visit_borrowed_str(text)
        }
        Encoded::PlainJson(text) => {
            announce(Lent::PlainJson);
            visitor.visit_borrowed_str(text)
        }
        Encoded::MsgPack(bytes) => {
            announce(Lent::MsgPack);
            visitor.visit_borrowed_bytes(bytes)
        }
        Encoded::Cbor(bytes) => {
            announce(Lent::Cbor);
            visitor.visit_borrowed_bytes(bytes)
        }
    };
    // Another crate's newtype of the same name does not take the value.
    LENT.set(None);
    taken
}

/// Returns the encoded value at the deserializer; an error if it does not read a message of ours.
pub(crate) fn borrow<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Encoded<'de>, D::Error> {
    struct Borrower;
    impl<'de> Visitor<'de> for Borrower {
        type Value = Encoded<'de>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a value where it stands in a message, not one that serde has taken apart for an untagged, a tagged or a flattened type")
        }

        fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Encoded<'de>, E> {
            match LENT.take() {
                Some(Lent::Json) => Ok(Encoded::Json(text)),
                Some(Lent::PlainJson) => Ok(Encoded::PlainJson(text)),
                _ => self.visit_str(text),
            }
        }

        fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Encoded<'de>, E> {
            match LENT.take() {
                Some(Lent::MsgPack) => Ok(Encoded::MsgPack(bytes)),
                Some(Lent::Cbor) => Ok(Encoded::Cbor(bytes)),
                Some(Lent::Json | Lent::PlainJson) | None => self.visit_bytes(bytes),
            }
        }
    }
    deserializer.deserialize_newtype_struct(TOKEN, Borrower)
}
