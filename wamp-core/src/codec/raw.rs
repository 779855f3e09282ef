//! One value that is left encoded, and its way from a cursor through serde, which has no method for
//! that.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::codec::de::Malformed;
use crate::codec::payload::{DecodeError, read};
use crate::codec::value::Encoded;

/// Any one value, left encoded: as a parameter it borrows from the frame, as a result it is copied
/// verbatim. `Display` writes it as JSON or, if JSON cannot express it, writes the reason in
/// brackets.
///
/// `Raw` may stand anywhere in a parameter's type except where serde buffers a value before it
/// knows its type: untagged, internally tagged and adjacently tagged enums and flattened fields
/// refuse it.
///
/// ```
/// use wamp_core::Raw;
///
/// /// Returns the caller's argument unchanged, whatever its type.
/// async fn echo(value: Raw<'_>) -> Raw<'_> {
///     value
/// }
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Raw<'f>(pub(super) Encoded<'f>);

impl<'f> Raw<'f> {
    pub(crate) fn encoded(self) -> Encoded<'f> {
        self.0
    }

    /// Reads the value.
    ///
    /// # Errors
    /// The value is not a `T`.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, DecodeError> {
        read(self.0)
    }
}

impl fmt::Display for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de: 'f, 'f> Deserialize<'de> for Raw<'f> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        borrow(deserializer).map(Raw)
    }
}

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The name of a newtype whose deserializer is given its value undecoded.
pub(super) const TOKEN: &str = "$wamp::Raw";

thread_local! {
    /// The variant of the encoded value that a visitor is being given. A visitor cannot tell from a
    /// string or bytes alone: any deserializer may pass them, also one over values that serde has
    /// buffered, and a client chose them. Only while this is set are they an encoded value.
    static PASSED: Cell<Option<Passed>> = const { Cell::new(None) };
}

#[derive(Copy, Clone)]
enum Passed {
    Json,
    PlainJson,
    MsgPack,
    Cbor,
}

/// Passes an encoded value to the visitor that asked for it.
pub(super) fn visit<'de, V: Visitor<'de>>(
    value: Encoded<'de>,
    visitor: V,
) -> Result<V::Value, Malformed> {
    let announce = |passed| PASSED.set(Some(passed));
    let taken = match value {
        Encoded::Json(text) => {
            announce(Passed::Json);
            visitor.visit_borrowed_str(text)
        }
        Encoded::PlainJson(text) => {
            announce(Passed::PlainJson);
            visitor.visit_borrowed_str(text)
        }
        Encoded::MsgPack(bytes) => {
            announce(Passed::MsgPack);
            visitor.visit_borrowed_bytes(bytes)
        }
        Encoded::Cbor(bytes) => {
            announce(Passed::Cbor);
            visitor.visit_borrowed_bytes(bytes)
        }
    };
    // Another crate's newtype of the same name does not take the value.
    PASSED.set(None);
    taken
}

/// Returns the encoded value at the deserializer; an error if it does not read a message of ours.
pub(crate) fn borrow<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Encoded<'de>, D::Error> {
    struct Borrower;
    impl<'de> Visitor<'de> for Borrower {
        type Value = Encoded<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(
                "a value where it stands in a message, not one that serde has taken apart for an \
                 untagged, a tagged or a flattened type",
            )
        }

        fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Encoded<'de>, E> {
            match PASSED.take() {
                Some(Passed::Json) => Ok(Encoded::Json(text)),
                Some(Passed::PlainJson) => Ok(Encoded::PlainJson(text)),
                _ => self.visit_str(text),
            }
        }

        fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Encoded<'de>, E> {
            match PASSED.take() {
                Some(Passed::MsgPack) => Ok(Encoded::MsgPack(bytes)),
                Some(Passed::Cbor) => Ok(Encoded::Cbor(bytes)),
                Some(Passed::Json | Passed::PlainJson) | None => self.visit_bytes(bytes),
            }
        }
    }
    deserializer.deserialize_newtype_struct(TOKEN, Borrower)
}
