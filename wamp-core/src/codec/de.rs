//! serde on top of any cursor, written once, so that a type has one shape in all formats.

mod access;
mod deserializer;
mod error;
mod key;
mod number;

pub(crate) use deserializer::AtCursor;
pub(crate) use error::Malformed;
pub(crate) use key::Key;
pub(crate) use number::{MAX_INTEGRAL, Number};
