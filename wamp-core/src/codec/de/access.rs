//! serde's access to elements, entries and variants.

use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{AtCursor, Key, Malformed};
use crate::codec::cursor::{Cursor, Elements};

/// The remaining elements of a list, or entries of a dict.
pub(super) struct Items<'r, C> {
    cursor: &'r mut C,
    elements: Elements,
    /// False once the end was reached: a visitor may ask again, and must not be given what follows
    /// the list or dict.
    open: bool,
}

impl<'r, 'de, C: Cursor<'de>> Items<'r, C> {
    #[inline]
    pub(super) fn new(cursor: &'r mut C, elements: Elements) -> Self {
        Self { cursor, elements, open: true }
    }

    /// Checks that the list is at its end. A visitor may stop early, and then the list has too many
    /// elements.
    #[inline]
    pub(super) fn end_list(mut self) -> Result<(), Malformed> {
        match self.element()? {
            true => self.cursor.fail("more elements than expected"),
            false => Ok(()),
        }
    }

    /// Checks that the dict is at its end; otherwise as [`end_list`](Self::end_list).
    #[inline]
    pub(super) fn end_dict(mut self) -> Result<(), Malformed> {
        match self.key()? {
            Some(_) => self.cursor.fail("more entries than expected"),
            None => Ok(()),
        }
    }

    #[inline]
    fn element(&mut self) -> Result<bool, Malformed> {
        self.open = self.open && self.cursor.element(&mut self.elements)?;
        Ok(self.open)
    }

    #[inline]
    fn key(&mut self) -> Result<Option<&'de str>, Malformed> {
        if !self.open {
            return Ok(None);
        }
        let key = self.cursor.key(&mut self.elements)?;
        self.open = key.is_some();
        Ok(key)
    }
}

impl<'de, C: Cursor<'de>> SeqAccess<'de> for &mut Items<'_, C> {
    type Error = Malformed;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Malformed> {
        match self.element()? {
            true => seed.deserialize(AtCursor(self.cursor)).map(Some),
            false => Ok(None),
        }
    }
}

impl<'de, C: Cursor<'de>> MapAccess<'de> for &mut Items<'_, C> {
    type Error = Malformed;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Malformed> {
        let at = self.cursor.offset();
        let Some(text) = self.key()? else {
            return Ok(None);
        };
        let key = Key { text, arena: self.cursor.arena() };
        seed.deserialize(key).map(Some).map_err(|error| error.located(at))
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Malformed> {
        seed.deserialize(AtCursor(self.cursor))
    }
}

/// A variant with content, at which the cursor stands.
pub(super) struct Variant<'r, 'de, C> {
    pub(super) name: &'de str,
    pub(super) cursor: &'r mut C,
}

impl<'r, 'de, C: Cursor<'de>> EnumAccess<'de> for Variant<'r, 'de, C> {
    type Error = Malformed;
    type Variant = AtCursor<'r, C>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), Malformed> {
        let key = Key { text: self.name, arena: self.cursor.arena() };
        Ok((seed.deserialize(key)?, AtCursor(self.cursor)))
    }
}

impl<'de, C: Cursor<'de>> VariantAccess<'de> for AtCursor<'_, C> {
    type Error = Malformed;

    fn unit_variant(self) -> Result<(), Malformed> {
        Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Malformed> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_struct("", fields, visitor)
    }
}
