//! Types that the tests of all formats read.

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

#[derive(Debug, PartialEq, serde::Deserialize)]
pub(crate) struct Point {
    pub(crate) x: i32,
    pub(crate) y: Option<u8>,
    #[serde(default)]
    pub(crate) tags: Vec<(i64, f32)>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
pub(crate) enum Shape {
    Empty,
    Circle(u32),
    Line(i8, i8),
    Named { name: String },
}

/// Accepts the result of `deserialize_bytes`, borrowed or owned.
#[derive(Debug, PartialEq)]
pub(crate) enum Bytes {
    Borrowed(Vec<u8>),
    List(Vec<u8>),
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Bytes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Bytes, E> {
                Ok(Bytes::Borrowed(bytes.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Bytes, A::Error> {
                let mut list = Vec::new();
                while let Some(byte) = items.next_element()? {
                    list.push(byte);
                }
                Ok(Bytes::List(list))
            }
        }
        deserializer.deserialize_bytes(Either)
    }
}
