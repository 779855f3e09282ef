//! One value that is left encoded.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use super::{DecodeError, read};
use crate::codec::encoded::Encoded;
use crate::codec::format::raw;

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
        raw::borrow(deserializer).map(Raw)
    }
}

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
