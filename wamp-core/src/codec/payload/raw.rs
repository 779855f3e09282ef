//! One value that is left encoded.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use super::{DecodeError, read};
use crate::codec::encoded::Encoded;
use crate::codec::format::lend;

/// Any one value, undecoded: borrowed from the frame as a parameter, copied verbatim as a result. Displayed, it is JSON, or in
/// brackets the reason why JSON cannot express it.
///
/// `Raw` may stand anywhere in a parameter's type but where serde reads a value before it knows its type: inside untagged,
/// internally or adjacently tagged enums and flattened fields it is refused.
///
/// ```
/// use wamp_core::Raw;
///
/// /// Hands back what the caller sent, whatever it is.
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
        lend::borrow(deserializer).map(Raw)
    }
}

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
