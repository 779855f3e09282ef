//! Lists and dicts that are being written.

use std::ops::Range;

use serde::ser::{self, Serialize};

use super::write::Writer;
use super::{Next, Tokens, WriteFault};

/// The kind of a value that is being written.
#[derive(Copy, Clone)]
pub(super) enum Open {
    List,
    Dict,
    /// A value that is JSON already, in the only field of a struct.
    Json,
}

impl Open {
    pub(super) fn write<T: Tokens>(
        self,
        out: &mut Vec<u8>,
        length: usize,
    ) -> Result<(), WriteFault> {
        match self {
            Self::List => T::list(out, length),
            Self::Dict => T::dict(out, length),
            Self::Json => Ok(()),
        }
    }
}

/// A list or dict that is being written.
pub(super) struct Items<'o, T> {
    pub(super) writer: Writer<'o, T>,
    pub(super) open: Open,
    /// The range of the header with the length.
    pub(super) header: Range<usize>,
    pub(super) declared: usize,
    pub(super) count: usize,
    pub(super) next: Next,
}

impl<T: Tokens> Items<'_, T> {
    fn write(
        &mut self,
        write: impl FnOnce(&mut Writer<'_, T>) -> Result<(), WriteFault>,
    ) -> Result<(), WriteFault> {
        write(&mut self.writer.again()).inspect_err(|_| self.next = Next::Nothing)
    }

    fn element(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), WriteFault> {
        self.count += 1;
        self.write(|writer| value.serialize(writer.again()))
    }

    fn field(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), WriteFault> {
        if matches!(self.open, Open::Json) {
            self.next.value()?;
            return self.write(|writer| writer.json(value));
        }
        self.count += 1;
        self.write(|writer| {
            T::string(writer.out, name)?;
            value.serialize(writer.again())
        })
    }

    /// Corrects the length in the header if it was unknown or wrong.
    fn finish(self) -> Result<(), WriteFault> {
        self.next.end()?;
        if self.count != self.declared {
            let mut header = Vec::new();
            self.open.write::<T>(&mut header, self.count)?;
            self.writer.out.splice(self.header, header);
        }
        Ok(())
    }
}

/// Implements serde's several traits for lists.
macro_rules! lists {
    ($($trait:ident::$method:ident)*) => {$(
        impl<T: Tokens> ser::$trait for Items<'_, T> {
            type Ok = ();
            type Error = WriteFault;

            fn $method<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), WriteFault> {
                self.element(value)
            }

            fn end(self) -> Result<(), WriteFault> {
                self.finish()
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

impl<T: Tokens> ser::SerializeMap for Items<'_, T> {
    type Ok = ();
    type Error = WriteFault;

    fn serialize_key<K: Serialize + ?Sized>(&mut self, key: &K) -> Result<(), WriteFault> {
        self.next.key()?;
        self.count += 1;
        self.write(|writer| writer.key(key))
    }

    fn serialize_value<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), WriteFault> {
        self.next.value()?;
        self.write(|writer| value.serialize(writer.again()))
    }

    fn end(self) -> Result<(), WriteFault> {
        self.finish()
    }
}

impl<T: Tokens> ser::SerializeStruct for Items<'_, T> {
    type Ok = ();
    type Error = WriteFault;

    fn serialize_field<V: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &V,
    ) -> Result<(), WriteFault> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), WriteFault> {
        self.finish()
    }
}

impl<T: Tokens> ser::SerializeStructVariant for Items<'_, T> {
    type Ok = ();
    type Error = WriteFault;

    fn serialize_field<V: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &V,
    ) -> Result<(), WriteFault> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), WriteFault> {
        self.finish()
    }
}
