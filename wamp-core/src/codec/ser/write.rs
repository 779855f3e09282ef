//! The serializer of binary formats, and the tokens that a format gives it.

use std::fmt::{Display, Write as _};
use std::marker::PhantomData;

use bumpalo::Bump;
use serde::ser::{self, Serialize, SerializeMap as _, Serializer};

use super::items::{Items, Open};
use super::{Next, transcode_json};
use crate::codec::cursor::{Cursor as _, Kind};
use crate::codec::json;
use crate::codec::value::EncodeError;

/// The tokens of a binary format.
pub(crate) trait Tokens {
    fn null(out: &mut Vec<u8>);
    fn boolean(out: &mut Vec<u8>, value: bool);
    fn unsigned(out: &mut Vec<u8>, value: u64);
    /// Writes an integer below zero.
    fn negative(out: &mut Vec<u8>, value: i64);
    fn f32(out: &mut Vec<u8>, value: f32);
    fn f64(out: &mut Vec<u8>, value: f64);
    fn string(out: &mut Vec<u8>, value: &str) -> Result<(), WriteFault>;
    fn bytes(out: &mut Vec<u8>, value: &[u8]) -> Result<(), WriteFault>;
    /// Writes the head of a list of so many elements.
    fn list(out: &mut Vec<u8>, length: usize) -> Result<(), WriteFault>;
    /// Writes the head of a dict of so many entries.
    fn dict(out: &mut Vec<u8>, length: usize) -> Result<(), WriteFault>;
}

/// Writes the head of a list or dict of so many elements or entries.
pub(crate) fn head<T: Tokens>(
    out: &mut Vec<u8>,
    kind: Kind,
    count: usize,
) -> Result<(), WriteFault> {
    match kind {
        Kind::List => T::list(out, count),
        _ => T::dict(out, count),
    }
}

/// The error text of a value whose `Display` failed.
pub(crate) const NO_TEXT: &str = "a text whose `Display` fails";

/// The reason why a value could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WriteFault(pub(crate) String);

impl ser::Error for WriteFault {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl From<WriteFault> for EncodeError {
    fn from(fault: WriteFault) -> Self {
        Self::new(fault.0)
    }
}

/// Appends the value to `out`; on an error `out` is unchanged, so that an ERROR can take the
/// frame's place.
pub(crate) fn write<T: Tokens>(
    out: &mut Vec<u8>,
    value: &(impl Serialize + ?Sized),
) -> Result<(), WriteFault> {
    let length = out.len();
    let result = value.serialize(Writer::<T> { out, reveal: true, tokens: PhantomData });
    if result.is_err() {
        out.truncate(length);
    }
    result
}

/// serde_json's name for a struct whose only field is JSON already, which its `RawValue` serialises
/// as.
pub(crate) const RAW_TOKEN: &str = "$serde_json::private::RawValue";

/// All such names of serde_json: with its feature `arbitrary_precision`, `Number` has one as well.
pub(crate) const JSON_TOKENS: [&str; 2] = [RAW_TOKEN, "$serde_json::private::Number"];

/// The name of a newtype around such a value, in which no string stands for bytes.
pub(crate) const PLAIN_TOKEN: &str = "$wamp::PlainJson";

/// Writes one value.
pub(super) struct Writer<'o, T> {
    pub(super) out: &'o mut Vec<u8>,
    /// True if strings in values that are JSON already may stand for bytes.
    reveal: bool,
    tokens: PhantomData<T>,
}

impl<'o, T: Tokens> Writer<'o, T> {
    pub(super) fn again(&mut self) -> Writer<'_, T> {
        Writer { out: self.out, reveal: self.reveal, tokens: PhantomData }
    }

    fn begin(self, open: Open, length: Option<usize>) -> Result<Items<'o, T>, WriteFault> {
        let start = self.out.len();
        let declared = length.unwrap_or(0);
        open.write::<T>(self.out, declared)?;
        let header = start..self.out.len();
        let next = if matches!(open, Open::Json) { Next::Value } else { Next::Anything };
        Ok(Items { writer: self, open, header, declared, count: 0, next })
    }

    /// Writes the start of a variant with content: a dict whose only key is the variant's name.
    fn variant(&mut self, name: &str) -> Result<(), WriteFault> {
        T::dict(self.out, 1)?;
        T::string(self.out, name)
    }

    /// Writes a key; what serde_json turns into a string is one here too.
    pub(super) fn key(&mut self, key: &(impl Serialize + ?Sized)) -> Result<(), WriteFault> {
        with_key_text(key, |text| T::string(self.out, text))
    }

    /// Writes a value that is JSON already.
    pub(super) fn json(&mut self, text: &(impl Serialize + ?Sized)) -> Result<(), WriteFault> {
        let (mut written, arena) = (Vec::new(), Bump::new());
        json::write(&mut written, text).map_err(ser::Error::custom)?;
        let written = std::str::from_utf8(&written).map_err(ser::Error::custom)?;
        let text = json::Reader::new(written, &arena).string().map_err(ser::Error::custom)?;
        transcode_json::<T>(self.out, text, self.reveal)
    }
}

macro_rules! integers {
    ($($method:ident: $type:ty => $token:ident)*) => {$(
        fn $method(self, value: $type) -> Result<(), WriteFault> {
            $token::<T>(self.out, value.into())
        }
    )*};
}

fn unsigned<T: Tokens>(out: &mut Vec<u8>, value: u128) -> Result<(), WriteFault> {
    let value = u64::try_from(value).map_err(|_| WriteFault("an integer beyond 64 bits".into()))?;
    T::unsigned(out, value);
    Ok(())
}

fn signed<T: Tokens>(out: &mut Vec<u8>, value: i128) -> Result<(), WriteFault> {
    if let Ok(value) = u128::try_from(value) {
        return unsigned::<T>(out, value);
    }
    T::negative(
        out,
        i64::try_from(value).map_err(|_| WriteFault("an integer beyond 64 bits".into()))?,
    );
    Ok(())
}

impl<'o, T: Tokens> Serializer for Writer<'o, T> {
    type Ok = ();
    type Error = WriteFault;
    type SerializeSeq = Items<'o, T>;
    type SerializeTuple = Items<'o, T>;
    type SerializeTupleStruct = Items<'o, T>;
    type SerializeTupleVariant = Items<'o, T>;
    type SerializeMap = Items<'o, T>;
    type SerializeStruct = Items<'o, T>;
    type SerializeStructVariant = Items<'o, T>;

    integers! {
        serialize_i8: i8 => signed
        serialize_i16: i16 => signed
        serialize_i32: i32 => signed
        serialize_i64: i64 => signed
        serialize_i128: i128 => signed
        serialize_u8: u8 => unsigned
        serialize_u16: u16 => unsigned
        serialize_u32: u32 => unsigned
        serialize_u64: u64 => unsigned
        serialize_u128: u128 => unsigned
    }

    fn serialize_bool(self, value: bool) -> Result<(), WriteFault> {
        T::boolean(self.out, value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), WriteFault> {
        T::f32(self.out, value);
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), WriteFault> {
        T::f64(self.out, value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), WriteFault> {
        T::string(self.out, value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), WriteFault> {
        T::string(self.out, value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), WriteFault> {
        T::bytes(self.out, value)
    }

    fn serialize_none(self) -> Result<(), WriteFault> {
        self.serialize_unit()
    }

    fn serialize_some<V: Serialize + ?Sized>(self, value: &V) -> Result<(), WriteFault> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), WriteFault> {
        T::null(self.out);
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), WriteFault> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), WriteFault> {
        T::string(self.out, variant)
    }

    fn serialize_newtype_struct<V: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        value: &V,
    ) -> Result<(), WriteFault> {
        self.reveal &= name != PLAIN_TOKEN;
        value.serialize(self)
    }

    fn serialize_newtype_variant<V: Serialize + ?Sized>(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &V,
    ) -> Result<(), WriteFault> {
        self.variant(variant)?;
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items<'o, T>, WriteFault> {
        self.begin(Open::List, length)
    }

    fn serialize_tuple(self, length: usize) -> Result<Items<'o, T>, WriteFault> {
        self.begin(Open::List, Some(length))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        length: usize,
    ) -> Result<Items<'o, T>, WriteFault> {
        self.begin(Open::List, Some(length))
    }

    fn serialize_tuple_variant(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items<'o, T>, WriteFault> {
        self.variant(variant)?;
        self.begin(Open::List, Some(length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Items<'o, T>, WriteFault> {
        self.begin(Open::Dict, length)
    }

    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Items<'o, T>, WriteFault> {
        match JSON_TOKENS.contains(&name) {
            true => self.begin(Open::Json, None),
            false => self.begin(Open::Dict, Some(length)),
        }
    }

    fn serialize_struct_variant(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items<'o, T>, WriteFault> {
        self.variant(variant)?;
        self.begin(Open::Dict, Some(length))
    }

    fn collect_str<V: Display + ?Sized>(self, value: &V) -> Result<(), WriteFault> {
        let mut text = String::new();
        write!(text, "{value}").map_err(|_| WriteFault(NO_TEXT.into()))?;
        T::string(self.out, &text)
    }
}

/// Passes the text of the key in JSON to `then`.
fn with_key_text<R>(
    key: &(impl Serialize + ?Sized),
    then: impl FnOnce(&str) -> Result<R, WriteFault>,
) -> Result<R, WriteFault> {
    let (mut dict, arena) = (Vec::new(), Bump::new());
    json::write(&mut dict, &OneKey(key)).map_err(ser::Error::custom)?;
    let dict = std::str::from_utf8(&dict).map_err(ser::Error::custom)?;
    let mut reader = json::Reader::new(dict, &arena);
    let text = reader
        .dict()
        .and_then(|mut entries| reader.key(&mut entries))
        .map_err(ser::Error::custom)?;
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
