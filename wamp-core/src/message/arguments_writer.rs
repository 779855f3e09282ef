//! Writes `Arguments` and `ArgumentsKw` at the end of a message.

use serde::Serialize;

use crate::codec::cursor::Kind;
use crate::codec::payload::{NO_ARGS, Payload};
use crate::codec::serializer::{EncodeError, Serializer};
use crate::codec::value::{Encoded, Format};

type Written = Result<(), EncodeError>;

/// Writes `Arguments` and `ArgumentsKw` at the end of a message; empty ones are left out (M-09).
#[derive(Debug)]
pub struct ArgumentsWriter<'o> {
    format: Format,
    out: &'o mut Vec<u8>,
    /// The offset at which the message begins.
    start: usize,
}

impl ArgumentsWriter<'_> {
    /// Writes the list `head`, and the elements that `write` adds to it.
    pub(super) fn of<F>(
        serializer: Serializer,
        out: &mut Vec<u8>,
        head: &impl Serialize,
        write: F,
    ) -> Written
    where
        F: FnOnce(&mut ArgumentsWriter<'_>) -> Written,
    {
        let (format, start) = (serializer.format(), out.len());
        format.write(out, head)?;
        if format != Format::Json {
            return write(&mut ArgumentsWriter { format, out, start });
        }
        // The head was written as a complete list, and is opened again.
        out.pop();
        write(&mut ArgumentsWriter { format, out, start })?;
        out.push(b']');
        Ok(())
    }

    /// Begins another element of the message.
    fn element(&mut self) {
        if self.format == Format::Json {
            self.out.push(b',');
        } else {
            // A short list's length is in the low bits of its first byte, and no message has more
            // elements than fit there.
            self.out[self.start] += 1;
        }
    }

    /// Writes one positional argument.
    pub(crate) fn one<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.list_of_one(|format, out| format.write(out, value))
    }

    /// Writes one positional argument that is encoded already.
    pub(crate) fn verbatim(&mut self, value: Encoded<'_>) -> Written {
        self.list_of_one(|format, out| value.write(format, out))
    }

    #[inline]
    fn list_of_one(&mut self, write: impl FnOnce(Format, &mut Vec<u8>) -> Written) -> Written {
        self.element();
        self.out.push(match self.format {
            Format::Json => b'[',
            Format::MsgPack => 0x91,
            Format::Cbor => 0x81,
        });
        write(self.format, self.out)?;
        if self.format == Format::Json {
            self.out.push(b']');
        }
        Ok(())
    }

    /// Writes the positional arguments: a value that serialises as a list.
    pub(crate) fn args<T: Serialize + ?Sized>(&mut self, list: &T) -> Written {
        let start = self.out.len();
        self.element();
        match self.part(list)? {
            (Kind::List, true) => self.take_back(start, 1),
            (Kind::List, false) => {}
            _ => return Err(EncodeError::new("Args wants a tuple or a list")),
        }
        Ok(())
    }

    /// Writes the keyword arguments without positional ones: a value that serialises as a dict.
    pub(crate) fn kwargs<T: Serialize + ?Sized>(&mut self, dict: &T) -> Written {
        let start = self.out.len();
        self.element();
        self.empty_list()?;
        self.element();
        match self.part(dict)? {
            (Kind::Dict, true) => self.take_back(start, 2),
            (Kind::Dict, false) => {}
            _ => return Err(EncodeError::new("Kwargs wants a struct or a map")),
        }
        Ok(())
    }

    /// Writes arguments that are encoded already.
    pub(crate) fn payload(&mut self, payload: &Payload) -> Written {
        let (args, kwargs) = (payload.encoded_args(), payload.encoded_kwargs());
        if let Some(args) = args.or(kwargs.map(|_| NO_ARGS)) {
            self.element();
            args.write(self.format, self.out)?;
        }
        if let Some(kwargs) = kwargs {
            self.element();
            kwargs.write(self.format, self.out)?;
        }
        Ok(())
    }

    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(Kind, bool), EncodeError> {
        let start = self.out.len();
        self.format.write(self.out, value)?;
        Ok(self.format.describe(&self.out[start..]))
    }

    fn empty_list(&mut self) -> Written {
        NO_ARGS.write(self.format, self.out)
    }

    /// Removes the last elements, the first of which begins at `start`.
    fn take_back(&mut self, start: usize, elements: u8) {
        self.out.truncate(start);
        if self.format != Format::Json {
            self.out[self.start] -= elements;
        }
    }
}
