//! Elements, entries and variants, as serde asks for them.

use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::key::Key;
use super::{Elements, Malformed, Reader};

/// The rest of a list or dict.
pub(super) struct Items<'r, 'de> {
    reader: &'r mut Reader<'de>,
    elements: Elements,
    /// A visitor may ask again after the end, and must not be given what follows it.
    open: bool,
}

impl<'r, 'de> Items<'r, 'de> {
    #[inline]
    pub(super) fn new(reader: &'r mut Reader<'de>, elements: Elements) -> Self {
        Self { reader, elements, open: true }
    }

    /// A visitor may stop early: what it leaves behind is one value too many.
    #[inline]
    pub(super) fn end_list(mut self) -> Result<(), Malformed> {
        match self.element()? {
            true => self.reader.fail("more elements than expected"),
            false => Ok(()),
        }
    }

    /// As [`end_list`](Self::end_list).
    #[inline]
    pub(super) fn end_dict(mut self) -> Result<(), Malformed> {
        match self.key()? {
            Some(_) => self.reader.fail("more entries than expected"),
            None => Ok(()),
        }
    }

    #[inline]
    fn element(&mut self) -> Result<bool, Malformed> {
        self.open = self.open && self.reader.element(&mut self.elements)?;
        Ok(self.open)
    }

    #[inline]
    fn key(&mut self) -> Result<Option<&'de str>, Malformed> {
        if !self.open {
            return Ok(None);
        }
        let key = self.reader.key(&mut self.elements)?;
        self.open = key.is_some();
        Ok(key)
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = Malformed;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Malformed> {
        match self.element()? {
            true => seed.deserialize(&mut *self.reader).map(Some),
            false => Ok(None),
        }
    }
}

impl<'de> MapAccess<'de> for &mut Items<'_, 'de> {
    type Error = Malformed;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        let at = self.reader.at();
        let Some(text) = self.key()? else {
            return Ok(None);
        };
        let key = Key { text, arena: self.reader.arena };
        seed.deserialize(key).map(Some).map_err(|error| error.located(at))
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Malformed> {
        seed.deserialize(&mut *self.reader)
    }
}

/// A variant with content: the cursor stands at it.
pub(super) struct Variant<'r, 'de> {
    pub(super) name: &'de str,
    pub(super) reader: &'r mut Reader<'de>,
}

impl<'r, 'de> EnumAccess<'de> for Variant<'r, 'de> {
    type Error = Malformed;
    type Variant = &'r mut Reader<'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self::Variant), Malformed> {
        let key = Key { text: self.name, arena: self.reader.arena };
        Ok((seed.deserialize(key)?, self.reader))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Malformed;

    fn unit_variant(self) -> Result<(), Malformed> {
        Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Malformed> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Malformed> {
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
