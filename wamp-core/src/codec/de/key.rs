//! The serde deserializers of a dict's key and of a variant's name.

use bumpalo::Bump;
use serde::Deserializer;
use serde::de::{DeserializeSeed, EnumAccess, Error, Unexpected, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::{AtCursor, Malformed};
use crate::codec::cursor::{Cursor as _, Kind};
use crate::codec::json::Reader;

/// A dict's key. It is read as a number or boolean if the map's key type is one, because JSON has
/// no other keys and a type has one shape in all formats. Numbers in keys follow JSON's syntax.
#[derive(Clone, Copy)]
pub(crate) struct Key<'de> {
    pub(crate) text: &'de str,
    pub(crate) arena: &'de Bump,
}

impl<'de> Key<'de> {
    /// Visits the key as a number if the whole key is one, or else as a string, which the visitor
    /// may refuse.
    fn number<V: Visitor<'de>>(
        self,
        visitor: V,
        read: impl FnOnce(&mut Reader<'de>, V) -> Result<V::Value, Malformed>,
    ) -> Result<V::Value, Malformed> {
        let mut reader = Reader::new(self.text, self.arena);
        let numeric = reader.kind() == Kind::Number
            && reader.offset() == 0
            && reader.number().is_ok()
            && reader.offset() == self.text.len();
        if !numeric {
            return Err(Malformed::invalid_type(Unexpected::Str(self.text), &visitor));
        }
        read(&mut Reader::new(self.text, self.arena), visitor)
    }
}

/// Leaves it to the reader's own methods which numbers are accepted.
macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
            self.number(visitor, |reader, visitor| AtCursor(reader).$method(visitor))
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Malformed;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_borrowed_str(self.text)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self.text {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            text => Err(Malformed::invalid_type(Unexpected::Str(text), &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_enum(self)
    }
}

impl<'de> EnumAccess<'de> for Key<'de> {
    type Error = Malformed;
    type Variant = Unit;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Unit), Malformed> {
        Ok((seed.deserialize(self)?, Unit))
    }
}

/// The content of a variant that is only a name.
pub(crate) struct Unit;

impl<'de> VariantAccess<'de> for Unit {
    type Error = Malformed;

    fn unit_variant(self) -> Result<(), Malformed> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        _seed: T,
    ) -> Result<T::Value, Malformed> {
        Err(Malformed::invalid_type(Unexpected::UnitVariant, &"newtype variant"))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _length: usize,
        _visitor: V,
    ) -> Result<V::Value, Malformed> {
        Err(Malformed::invalid_type(Unexpected::UnitVariant, &"tuple variant"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Malformed> {
        Err(Malformed::invalid_type(Unexpected::UnitVariant, &"struct variant"))
    }
}
