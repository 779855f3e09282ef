//! serde on top of the cursor.

use serde::Deserializer;
use serde::de::{Error, Expected, Unexpected, Visitor};

use super::access::{Items, Variant};
use super::key::Key;
use super::{Malformed, RAW_TOKEN, Reader};

impl<'de> Reader<'de> {
    /// Runs what reads the next value; an error that has no position yet gets the value's.
    #[inline]
    fn located<T>(
        &mut self,
        read: impl FnOnce(&mut Self, Option<u8>) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        self.white_space();
        let start = self.at;
        let first = self.peek();
        read(self, first).map_err(|error| error.located(start))
    }

    /// The error for a value of the wrong type; it is still read, to be named or to be found malformed.
    #[cold]
    fn unexpected<T>(&mut self, expected: &dyn Expected) -> Result<T, Malformed> {
        let unexpected = match self.peek() {
            Some(b'"') => Unexpected::Str(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?.unexpected(),
            Some(b'[') => Unexpected::Seq,
            Some(b'{') => Unexpected::Map,
            Some(b'n') => self.word("null").map(|()| Unexpected::Unit)?,
            _ => Unexpected::Bool(self.boolean()?),
        };
        Err(Malformed::invalid_type(unexpected, expected))
    }

    #[inline]
    fn boolean(&mut self) -> Result<bool, Malformed> {
        let value = self.peek() == Some(b't');
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    fn sequence<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Malformed> {
        let elements = self.list()?;
        let mut items = Items::new(self, elements);
        let value = visitor.visit_seq(&mut items)?;
        items.end_list()?;
        Ok(value)
    }

    fn mapping<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Malformed> {
        let elements = self.dict()?;
        let mut items = Items::new(self, elements);
        let value = visitor.visit_map(&mut items)?;
        items.end_dict()?;
        Ok(value)
    }

    /// A variant with content is a dict whose only key is the variant's name.
    fn tagged<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Malformed> {
        let mut elements = self.dict()?;
        let Some(name) = self.key(&mut elements)? else {
            return self.fail("expected a variant's name");
        };
        let value = visitor.visit_enum(Variant { name, reader: self })?;
        match self.key(&mut elements)? {
            None => Ok(value),
            Some(_) => self.fail("more entries than expected"),
        }
    }
}

/// Integers of any width are one: the visitor checks the range, and [`Number`](super::number::Number) the notation.
macro_rules! integers {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
            self.located(|reader, _| match reader.at_number() {
                true => reader.number()?.visit_integer(visitor),
                false => reader.unexpected(&visitor),
            })
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Malformed;

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|reader, first| match first {
            Some(b'"') => visitor.visit_borrowed_str(reader.string()?),
            Some(b'-' | b'0'..=b'9') => reader.number()?.visit_any(visitor),
            Some(b'[') => reader.sequence(visitor),
            Some(b'{') => reader.mapping(visitor),
            Some(b'n') => reader.word("null").and_then(|()| visitor.visit_unit()),
            Some(b't' | b'f') => visitor.visit_bool(reader.boolean()?),
            _ => reader.fail("expected a value"),
        })
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|reader, first| match first {
            Some(b't' | b'f') => visitor.visit_bool(reader.boolean()?),
            _ => reader.unexpected(&visitor),
        })
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|reader, _| {
            if !reader.at_number() {
                return reader.unexpected(&visitor);
            }
            let start = reader.at;
            reader.number()?;
            // From the text and not by way of a f64: to round twice may miss the nearest f32.
            match reader.slice(start..reader.at).parse::<f32>() {
                Ok(value) if value.is_finite() => visitor.visit_f32(value),
                _ => Err(Malformed::new("number out of range", start)),
            }
        })
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|reader, _| match reader.at_number() {
            true => visitor.visit_f64(reader.number()?.float()),
            false => reader.unexpected(&visitor),
        })
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|reader, first| match first {
            Some(b'"') => visitor.visit_borrowed_str(reader.string()?),
            _ => reader.unexpected(&visitor),
        })
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|reader, first| match first {
            Some(b'"') => {
                let start = reader.at;
                if let Some(bytes) = reader.binary()? {
                    return visitor.visit_borrowed_bytes(bytes);
                }
                reader.at = start;
                reader.unexpected(&"binary")
            }
            Some(b'[') => reader.sequence(visitor),
            _ => reader.unexpected(&"binary"),
        })
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|reader, first| match first {
            Some(b'n') => reader.word("null").and_then(|()| visitor.visit_none()),
            _ => visitor.visit_some(reader),
        })
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|reader, first| match first {
            Some(b'n') => reader.word("null").and_then(|()| visitor.visit_unit()),
            _ => reader.unexpected(&visitor),
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
        if name == RAW_TOKEN {
            let range = self.skip()?;
            return visitor.visit_borrowed_str(self.slice(range));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.located(|reader, first| match first {
            Some(b'[') => reader.sequence(visitor),
            _ => reader.unexpected(&visitor),
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Malformed> {
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
        self.located(|reader, first| match first {
            Some(b'{') => reader.mapping(visitor),
            _ => reader.unexpected(&visitor),
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.located(|reader, first| match first {
            Some(b'{') => reader.mapping(visitor),
            Some(b'[') => reader.sequence(visitor),
            _ => reader.unexpected(&visitor),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.located(|reader, first| match first {
            Some(b'"') => {
                let key = Key { text: reader.string()?, arena: reader.arena };
                visitor.visit_enum(key)
            }
            Some(b'{') => reader.tagged(visitor),
            _ => reader.unexpected(&visitor),
        })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.skip()?;
        visitor.visit_unit()
    }
}
