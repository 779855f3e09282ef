//! Checks that a `Serialize` keeps serde's rules, so that its output is JSON.
//!
//! serde_json trusts each `Serialize`: a key without a value, a second element of a list declared
//! to be empty, or an error that is ignored leave a text that is not JSON. Here each of them is an
//! error.

use std::cell::Cell;
use std::fmt::{self, Display};

use serde::ser::{self, Error, Serialize, Serializer};

use crate::codec::ser::{JSON_TOKENS, NO_TEXT, Next};

/// A serializer around serde_json's that checks the order of calls.
pub(super) struct Careful<S>(pub(super) S);

/// A nested value, written through [`Careful`].
struct Value<'v, V: ?Sized>(&'v V);

impl<V: Serialize + ?Sized> Serialize for Value<'_, V> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Careful(serializer))
    }
}

/// A text whose `Display` may fail, which serde_json takes for impossible.
struct Shown<'v, V: ?Sized> {
    value: &'v V,
    has_failed: Cell<bool>,
}

impl<V: Display + ?Sized> Display for Shown<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.has_failed.set(self.value.fmt(f).is_err());
        Ok(())
    }
}

/// A list or dict that is being written.
pub(super) struct Items<I> {
    inside: I,
    next: Next,
    /// True for a struct named as one of [`JSON_TOKENS`], which has one field.
    is_raw: bool,
}

impl<I> Items<I> {
    #[inline]
    fn new(inside: I) -> Self {
        Self { inside, next: Next::Anything, is_raw: false }
    }

    #[inline]
    fn write<E: Error>(&mut self, write: impl FnOnce(&mut I) -> Result<(), E>) -> Result<(), E> {
        write(&mut self.inside).inspect_err(|_| self.next = Next::Nothing)
    }

    #[inline]
    fn field<E: Error>(&mut self, write: impl FnOnce(&mut I) -> Result<(), E>) -> Result<(), E> {
        if self.is_raw {
            self.next.value()?;
        }
        self.write(write)
    }

    #[inline]
    fn finish<E: Error>(self) -> Result<I, E> {
        self.next.end().map(|()| self.inside)
    }
}

macro_rules! scalars {
    ($($method:ident: $type:ty)*) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<S::Ok, S::Error> {
            self.0.$method(value)
        }
    )*};
}

// A length of 0 is never passed on: serde_json would end such a list at once, and accept further
// elements after it.
impl<S: Serializer> Serializer for Careful<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Items<S::SerializeSeq>;
    type SerializeTuple = Items<S::SerializeTuple>;
    type SerializeTupleStruct = Items<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Items<S::SerializeTupleVariant>;
    type SerializeMap = Items<S::SerializeMap>;
    type SerializeStruct = Items<S::SerializeStruct>;
    type SerializeStructVariant = Items<S::SerializeStructVariant>;

    scalars! {
        serialize_bool: bool
        serialize_i8: i8
        serialize_i16: i16
        serialize_i32: i32
        serialize_i64: i64
        serialize_i128: i128
        serialize_u8: u8
        serialize_u16: u16
        serialize_u32: u32
        serialize_u64: u64
        serialize_u128: u128
        serialize_f32: f32
        serialize_f64: f64
        serialize_char: char
        serialize_str: &str
        serialize_bytes: &[u8]
        serialize_unit_struct: &'static str
    }

    #[inline]
    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.0.serialize_none()
    }

    #[inline]
    fn serialize_some<V: Serialize + ?Sized>(self, value: &V) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&Value(value))
    }

    #[inline]
    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.0.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_unit_variant(name, index, variant)
    }

    #[inline]
    fn serialize_newtype_struct<V: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &V,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, &Value(value))
    }

    #[inline]
    fn serialize_newtype_variant<V: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &V,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_variant(name, index, variant, &Value(value))
    }

    #[inline]
    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.0.serialize_seq(length.filter(|length| *length > 0)).map(Items::new)
    }

    #[inline]
    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.0.serialize_tuple(length.max(1)).map(Items::new)
    }

    #[inline]
    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.0.serialize_tuple_struct(name, length.max(1)).map(Items::new)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.0.serialize_tuple_variant(name, index, variant, length.max(1)).map(Items::new)
    }

    #[inline]
    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.0.serialize_map(length.filter(|length| *length > 0)).map(Items::new)
    }

    #[inline]
    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        let is_raw = JSON_TOKENS.contains(&name);
        let items = Items::new(self.0.serialize_struct(name, length.max(1))?);
        Ok(if is_raw { Items { next: Next::Value, is_raw, ..items } } else { items })
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.0.serialize_struct_variant(name, index, variant, length.max(1)).map(Items::new)
    }

    #[inline]
    fn collect_str<V: Display + ?Sized>(self, value: &V) -> Result<S::Ok, S::Error> {
        let shown = Shown { value, has_failed: Cell::new(false) };
        let written = self.0.collect_str(&shown)?;
        match shown.has_failed.get() {
            true => Err(S::Error::custom(NO_TEXT)),
            false => Ok(written),
        }
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// Implements serde's several traits for lists.
macro_rules! lists {
    ($($trait:ident::$method:ident)*) => {$(
        impl<I: ser::$trait> ser::$trait for Items<I> {
            type Ok = I::Ok;
            type Error = I::Error;

            #[inline]
            fn $method<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), I::Error> {
                self.write(|list| list.$method(&Value(value)))
            }

            #[inline]
            fn end(self) -> Result<I::Ok, I::Error> {
                self.finish()?.end()
            }
        }
    )*};
}

lists! {
    SerializeSeq::serialize_element
    SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field
    SerializeTupleVariant::serialize_field
}

/// Implements serde's two traits for structs.
macro_rules! structs {
    ($($trait:ident)*) => {$(
        impl<I: ser::$trait> ser::$trait for Items<I> {
            type Ok = I::Ok;
            type Error = I::Error;

            #[inline]
            fn serialize_field<V: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &V,
            ) -> Result<(), I::Error> {
                self.field(|fields| fields.serialize_field(name, &Value(value)))
            }

            #[inline]
            fn end(self) -> Result<I::Ok, I::Error> {
                self.finish()?.end()
            }
        }
    )*};
}

structs! {
    SerializeStruct
    SerializeStructVariant
}

impl<I: ser::SerializeMap> ser::SerializeMap for Items<I> {
    type Ok = I::Ok;
    type Error = I::Error;

    #[inline]
    fn serialize_key<K: Serialize + ?Sized>(&mut self, key: &K) -> Result<(), I::Error> {
        self.next.key()?;
        self.write(|dict| dict.serialize_key(key))
    }

    #[inline]
    fn serialize_value<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), I::Error> {
        self.next.value()?;
        self.write(|dict| dict.serialize_value(&Value(value)))
    }

    #[inline]
    fn end(self) -> Result<I::Ok, I::Error> {
        self.finish()?.end()
    }
}
