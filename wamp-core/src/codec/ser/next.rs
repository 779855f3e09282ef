//! The order in which the parts of a value are written.

use serde::ser;

/// The part that may come next in a list, a dict, or a struct. serde leaves it to each `Serialize`
/// to keep to the order.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Anything,
    /// The value of the latest key.
    Value,
    /// A part could not be written, and the `Serialize` may have ignored the error.
    Nothing,
}

impl Next {
    pub(crate) fn key<E: ser::Error>(&mut self) -> Result<(), E> {
        self.turn(Self::Anything, Self::Value)
    }

    pub(crate) fn value<E: ser::Error>(&mut self) -> Result<(), E> {
        self.turn(Self::Value, Self::Anything)
    }

    pub(crate) fn end<E: ser::Error>(self) -> Result<(), E> {
        match self {
            Self::Anything => Ok(()),
            Self::Value => Err(E::custom("a key without a value")),
            Self::Nothing => Err(E::custom("a part of the value could not be written")),
        }
    }

    #[inline]
    fn turn<E: ser::Error>(&mut self, from: Self, to: Self) -> Result<(), E> {
        if *self == from {
            *self = to;
            return Ok(());
        }
        let first = std::mem::replace(self, Self::Nothing);
        first.end()?;
        Err(E::custom("a value without a key"))
    }
}
