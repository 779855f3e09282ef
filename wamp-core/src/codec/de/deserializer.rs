//! A serde deserializer on top of any cursor.

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::Deserializer;
use serde::de::{Error, Expected, Unexpected, Visitor};

use super::access::{Items, Variant};
use super::{Key, Malformed};
use crate::codec::cursor::{BinaryAs, Cursor, Kind};
use crate::codec::raw;

/// A deserializer of the value at the cursor.
pub(crate) struct AtCursor<'r, C>(pub(crate) &'r mut C);

impl<'r, 'de, C: Cursor<'de>> AtCursor<'r, C> {
    /// Runs `read`, and adds the value's offset to an error that has none yet.
    #[inline]
    fn located<T>(
        self,
        read: impl FnOnce(&mut C, Kind) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        let kind = self.0.kind();
        let start = self.0.offset();
        read(self.0, kind).map_err(|error| error.located(start))
    }
}

/// Returns the error for a value of the wrong type. The value is still read, so that the error
/// names it or finds it malformed.
#[cold]
fn unexpected<'de, T>(
    cursor: &mut impl Cursor<'de>,
    expected: &dyn Expected,
) -> Result<T, Malformed> {
    let unexpected = match cursor.kind() {
        Kind::String => Unexpected::Str(cursor.string()?),
        Kind::Bytes => cursor.bytes().map(|bytes| Unexpected::Bytes(bytes.unwrap_or_default()))?,
        Kind::Number => cursor.number()?.unexpected(),
        Kind::List => Unexpected::Seq,
        Kind::Dict => Unexpected::Map,
        Kind::Null => cursor.null().map(|()| Unexpected::Unit)?,
        Kind::Boolean => Unexpected::Bool(cursor.boolean()?),
        Kind::Unknown => return unknown(cursor),
    };
    Err(Malformed::invalid_type(unexpected, expected))
}

/// Returns the error for a value that is not a list. For a binary value it names the types that
/// accept one.
#[cold]
fn no_list<'de, T>(cursor: &mut impl Cursor<'de>, expected: &dyn Expected) -> Result<T, Malformed> {
    match (cursor.kind(), cursor.offset()) {
        (Kind::String | Kind::Bytes, start) if cursor.bytes()?.is_some() => Err(Malformed::new(
            "invalid type: binary, expected a list (a handler takes binary as `Binary` or `&[u8]`)",
            start,
        )),
        _ => unexpected(cursor, expected),
    }
}

#[cold]
fn unknown<'de, T>(cursor: &mut impl Cursor<'de>) -> Result<T, Malformed> {
    cursor.skip_sound()?;
    cursor.fail("expected a value")
}

fn sequence<'de, C: Cursor<'de>, V: Visitor<'de>>(
    cursor: &mut C,
    visitor: V,
) -> Result<V::Value, Malformed> {
    let elements = cursor.list()?;
    let mut items = Items::new(cursor, elements);
    let value = visitor.visit_seq(&mut items)?;
    items.end_list()?;
    Ok(value)
}

fn mapping<'de, C: Cursor<'de>, V: Visitor<'de>>(
    cursor: &mut C,
    visitor: V,
) -> Result<V::Value, Malformed> {
    let elements = cursor.dict()?;
    let mut items = Items::new(cursor, elements);
    let value = visitor.visit_map(&mut items)?;
    items.end_dict()?;
    Ok(value)
}

/// Reads a variant with content: a dict whose only key is the variant's name.
fn tagged<'de, C: Cursor<'de>, V: Visitor<'de>>(
    cursor: &mut C,
    visitor: V,
) -> Result<V::Value, Malformed> {
    let start = cursor.offset();
    let mut elements = cursor.dict()?;
    let Some(name) = cursor.key(&mut elements)? else {
        return Err(Malformed::new("expected a variant's name", start));
    };
    let value = visitor.visit_enum(Variant { name, cursor })?;
    match cursor.key(&mut elements)? {
        None => Ok(value),
        Some(_) => cursor.fail("more entries than expected"),
    }
}

/// Reads a string or bytes for a type that accepts either; in JSON a string that begins with U+0000
/// may be bytes.
fn text_or_binary<'de, C: Cursor<'de>, V: Visitor<'de>>(
    cursor: &mut C,
    kind: Kind,
    visitor: V,
) -> Result<V::Value, Malformed> {
    let as_string = *cursor.binary() == BinaryAs::String;
    let bytes = if as_string && kind == Kind::String { None } else { cursor.bytes()? };
    match bytes {
        None => visitor.visit_borrowed_str(cursor.string()?),
        Some(bytes) if as_string => {
            let hidden = format!("\0{}", Base64Display::new(bytes, &STANDARD));
            visitor.visit_borrowed_str(cursor.arena().alloc_str(&hidden))
        }
        Some(bytes) => {
            *cursor.binary() = BinaryAs::Given;
            visitor.visit_borrowed_bytes(bytes)
        }
    }
}

/// Reads integers of every width in the same way: the visitor checks the range, and
/// [`Number`](super::Number) the notation.
macro_rules! integers {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
            self.located(|cursor, kind| match kind {
                Kind::Number => cursor.number()?.visit_integer(visitor),
                _ => unexpected(cursor, &visitor),
            })
        }
    )*};
}

impl<'de, C: Cursor<'de>> Deserializer<'de> for AtCursor<'_, C> {
    type Error = Malformed;

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|cursor, kind| match kind {
            Kind::String | Kind::Bytes => text_or_binary(cursor, kind, visitor),
            Kind::Number => cursor.number()?.visit_any(visitor),
            Kind::List => sequence(cursor, visitor),
            Kind::Dict => mapping(cursor, visitor),
            Kind::Null => cursor.null().and_then(|()| visitor.visit_unit()),
            Kind::Boolean => visitor.visit_bool(cursor.boolean()?),
            Kind::Unknown => unknown(cursor),
        })
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|cursor, kind| match kind {
            Kind::Boolean => visitor.visit_bool(cursor.boolean()?),
            _ => unexpected(cursor, &visitor),
        })
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|cursor, kind| match kind {
            Kind::Number => visitor.visit_f32(cursor.f32()?),
            _ => unexpected(cursor, &visitor),
        })
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|cursor, kind| match kind {
            Kind::Number => visitor.visit_f64(cursor.number()?.float()),
            _ => unexpected(cursor, &visitor),
        })
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|cursor, kind| match kind {
            Kind::String => visitor.visit_borrowed_str(cursor.string()?),
            _ => unexpected(cursor, &visitor),
        })
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|cursor, kind| match kind {
            Kind::Bytes | Kind::String => match cursor.bytes()? {
                Some(bytes) => visitor.visit_borrowed_bytes(bytes),
                None => unexpected(cursor, &"binary"),
            },
            Kind::List => sequence(cursor, visitor),
            _ => unexpected(cursor, &"binary"),
        })
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|cursor, kind| match kind {
            Kind::Null => cursor.null().and_then(|()| visitor.visit_none()),
            _ => visitor.visit_some(AtCursor(cursor)),
        })
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|cursor, kind| match kind {
            Kind::Null => cursor.null().and_then(|()| visitor.visit_unit()),
            _ => unexpected(cursor, &visitor),
        })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        if name == raw::TOKEN {
            return raw::visit(self.0.undecoded()?, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|cursor, kind| match kind {
            Kind::List => sequence(cursor, visitor),
            _ => no_list(cursor, &visitor),
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|cursor, kind| match kind {
            Kind::Dict => mapping(cursor, visitor),
            _ => unexpected(cursor, &visitor),
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.located(|cursor, kind| match kind {
            Kind::Dict => mapping(cursor, visitor),
            Kind::List => sequence(cursor, visitor),
            _ => unexpected(cursor, &visitor),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.located(|cursor, kind| match kind {
            Kind::String => {
                let key = Key { text: cursor.string()?, arena: cursor.arena() };
                visitor.visit_enum(key)
            }
            Kind::Dict => tagged(cursor, visitor),
            _ => unexpected(cursor, &visitor),
        })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.0.skip()?;
        visitor.visit_unit()
    }
}
