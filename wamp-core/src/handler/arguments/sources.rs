//! Deserializers for parameters that are not a single argument.

use std::ops::Range;

use bumpalo::Bump;
use serde::de::{
    self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Arguments, Keyword};
use crate::codec::cursor::BinaryAs;
use crate::codec::de::{Key, Malformed};
use crate::codec::value::Encoded;

/// Defines how an `Option` or a newtype is read from a value that always exists.
macro_rules! present {
    () => {
        fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            visitor.visit_some(self)
        }

        fn deserialize_newtype_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            visitor: V,
        ) -> Result<V::Value, Self::Error> {
            visitor.visit_newtype_struct(self)
        }
    };
}

/// A missing argument: `Option` reads `None` from it, all other types fail.
pub(super) struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("missing"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The remaining positional arguments, as a list.
pub(super) struct RestOfArgs<'a, 'c> {
    pub(super) arguments: &'a mut Arguments<'c>,
    /// Set if the argument that was read last is invalid.
    pub(super) failed: &'a mut bool,
}

impl<'de> Deserializer<'de> for RestOfArgs<'_, 'de> {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_seq(self)
    }

    // Also if the rest is empty.
    present!();

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for RestOfArgs<'_, 'de> {
    type Error = Malformed;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Malformed> {
        let Some(positional) = &mut self.arguments.positional else {
            return Ok(None);
        };
        if !positional.at_value()? {
            return Ok(None);
        }
        self.arguments.taken += 1;
        positional.waiting = false;
        let value = positional.reader.seed(seed);
        *self.failed = value.is_err();
        value.map(Some)
    }
}

/// The remaining keyword arguments, as a dict.
pub(super) struct RestOfKwargs<'a, 'c> {
    pub(super) dict: Encoded<'c>,
    pub(super) arena: &'c Bump,
    pub(super) left: std::slice::Iter<'a, &'a mut Keyword<'c>>,
    pub(super) value: Option<(&'c str, Range<usize>)>,
    /// The keyword whose value is invalid.
    pub(super) failed: &'a mut Option<&'c str>,
    pub(super) binary: &'a mut BinaryAs,
}

impl<'de> Deserializer<'de> for RestOfKwargs<'_, 'de> {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_map(self)
    }

    // Also if the rest is empty.
    present!();

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for RestOfKwargs<'_, 'de> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Malformed> {
        let Some(keyword) = self.left.next() else {
            return Ok(None);
        };
        self.value = Some((keyword.key, keyword.value.clone()));
        seed.deserialize(Key { text: keyword.key, arena: self.arena }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Malformed> {
        let (key, value) =
            self.value.take().ok_or_else(|| de::Error::custom("a value without its key"))?;
        let mut reader = self.dict.slice(value).reader(self.arena);
        *reader.binary() = *self.binary;
        let value = reader.seed(seed);
        *self.failed = value.is_err().then_some(key);
        *self.binary = *reader.binary();
        value
    }
}

/// A component of a URI: text, or the value parsed from it, as in actix's `Path`.
pub(super) struct Component<'c>(pub(super) &'c str);

macro_rules! parse_component {
    ($($method:ident => $visit:ident,)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            let Self(text) = self;
            let invalid =
                |_| de::Error::invalid_value(de::Unexpected::Str(text), &visitor);
            let value = text.parse().map_err(invalid)?;
            visitor.$visit(value)
        }
    )+};
}

impl<'de> Deserializer<'de> for Component<'de> {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_str(self.0)
    }

    present!();

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    parse_component! {
        deserialize_bool => visit_bool,
        deserialize_i8 => visit_i8,
        deserialize_i16 => visit_i16,
        deserialize_i32 => visit_i32,
        deserialize_i64 => visit_i64,
        deserialize_i128 => visit_i128,
        deserialize_u8 => visit_u8,
        deserialize_u16 => visit_u16,
        deserialize_u32 => visit_u32,
        deserialize_u64 => visit_u64,
        deserialize_u128 => visit_u128,
        deserialize_f32 => visit_f32,
        deserialize_f64 => visit_f64,
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}
