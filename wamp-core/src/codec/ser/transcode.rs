//! Transcodes from one format to another, without a tree of values in between.

use std::cell::RefCell;

use bumpalo::Bump;
use serde::ser::{Error, Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use super::{Tokens, WriteFault, write};
use crate::codec::cursor::{Cursor, Kind};
use crate::codec::de::{Malformed, Number};
use crate::codec::json;
use crate::codec::odd::{Odd, Owner};

/// The value at a cursor, as a `Serialize` that writes it in another format. It can be written
/// once.
///
/// Every value keeps its type: integers stay integers, floats floats, strings strings and bytes
/// bytes (M-16), which are written as strings in JSON.
pub(crate) struct Transcoded<C> {
    cursor: RefCell<C>,
    /// True if strings are searched for hidden bytes, which is not needed from JSON to JSON.
    reveal: bool,
}

impl<'de, C: Cursor<'de>> Transcoded<C> {
    /// Creates a value over the cursor of a format that has bytes.
    pub(crate) fn new(cursor: C) -> Self {
        Self { cursor: RefCell::new(cursor), reveal: false }
    }
}

/// Appends a JSON text, which is one value, in a binary format; with `reveal`, strings in it may
/// stand for bytes.
pub(crate) fn transcode_json<T: Tokens>(
    out: &mut Vec<u8>,
    text: &str,
    reveal: bool,
) -> Result<(), WriteFault> {
    let (length, arena) = (out.len(), Bump::new());
    let mut cursor = json::Reader::new(text, &arena);
    *cursor.owner() = Owner::Application(Odd::Nothing);
    let value = Transcoded { cursor: RefCell::new(cursor), reveal };
    write::<T>(out, &value)?;
    value.cursor.into_inner().end().map_err(|error| {
        out.truncate(length);
        WriteFault::custom(error)
    })
}

impl<'de, C: Cursor<'de>> Serialize for Transcoded<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The `RefCell` is borrowed for a step and not for the whole value, because nested values
        // borrow it too.
        let kind = self.cursor.borrow_mut().kind();
        match kind {
            Kind::String if self.reveal => match self.step(C::bytes)? {
                Some(bytes) => serializer.serialize_bytes(bytes),
                None => serializer.serialize_str(self.step(C::string)?),
            },
            Kind::String => serializer.serialize_str(self.step(C::string)?),
            Kind::Bytes => serializer.serialize_bytes(self.step(C::bytes)?.unwrap_or_default()),
            Kind::Number => match self.step(C::exact_number)? {
                Number::Unsigned(value) => serializer.serialize_u64(value),
                Number::Negative(value) => serializer.serialize_i64(value),
                Number::NegativeZero => serializer.serialize_f64(-0.0),
                Number::Float(value) => serializer.serialize_f64(value),
            },
            Kind::Boolean => serializer.serialize_bool(self.step(C::boolean)?),
            Kind::Null => {
                self.step(C::null)?;
                serializer.serialize_unit()
            }
            Kind::List => self.list(serializer),
            Kind::Dict => self.dict(serializer),
            Kind::Unknown => Err(Error::custom(match self.step(C::skip_sound) {
                Err::<_, S::Error>(error) => error.to_string(),
                Ok(_) => "expected a value".to_owned(),
            })),
        }
    }
}

impl<'de, C: Cursor<'de>> Transcoded<C> {
    fn step<T, E: Error>(&self, step: impl FnOnce(&mut C) -> Result<T, Malformed>) -> Result<T, E> {
        step(&mut self.cursor.borrow_mut()).map_err(E::custom)
    }

    fn list<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut elements = self.step(C::list)?;
        let mut list = serializer.serialize_seq(C::length(&elements))?;
        while self.step(|cursor| cursor.element(&mut elements))? {
            list.serialize_element(self)?;
        }
        list.end()
    }

    fn dict<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut elements = self.step(C::dict)?;
        let mut dict = serializer.serialize_map(C::length(&elements))?;
        while let Some(key) = self.step(|cursor| cursor.key(&mut elements))? {
            dict.serialize_entry(key, self)?;
        }
        dict.end()
    }
}
