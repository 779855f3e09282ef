//! Keys of dicts, as serde_json writes them.

use bumpalo::Bump;
use serde::ser::{Error, Serialize, SerializeMap as _, Serializer};

use super::WriteFault;
use crate::codec::format::Cursor as _;
use crate::codec::json;

/// Passes the text of the key in JSON to `then`.
pub(super) fn with_text<R>(
    key: &(impl Serialize + ?Sized),
    then: impl FnOnce(&str) -> Result<R, WriteFault>,
) -> Result<R, WriteFault> {
    let (mut dict, arena) = (Vec::new(), Bump::new());
    json::write(&mut dict, &OneKey(key)).map_err(Error::custom)?;
    let dict = std::str::from_utf8(&dict).map_err(Error::custom)?;
    let mut reader = json::Reader::new(dict, &arena);
    let text = reader.dict().and_then(|mut entries| reader.key(&mut entries)).map_err(Error::custom)?;
    then(text.unwrap_or_default())
}

/// A dict with this key only: serde_json decides which keys are possible.
struct OneKey<'k, K: ?Sized>(&'k K);

impl<K: Serialize + ?Sized> Serialize for OneKey<'_, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut dict = serializer.serialize_map(Some(1))?;
        dict.serialize_entry(self.0, &())?;
        dict.end()
    }
}
