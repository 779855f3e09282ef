//! Builds a payload argument by argument.

use serde::Serialize;

use super::Payload;
use crate::codec::cursor::Kind;
use crate::codec::json;
use crate::codec::serializer::EncodeError;
use crate::codec::value::{Format, Shared};

/// Builds a payload argument by argument; [`build`](Self::build) reports the first value that
/// cannot be serialised.
///
/// The payload is JSON, and is transcoded for other serializers, where bytes become bytes again.
/// Non-finite floats are null in every serializer.
#[derive(Clone, Debug, Default)]
pub struct PayloadBuilder {
    format: Format,
    args: Part,
    kwargs: Part,
    /// True if a string in the payload may stand for bytes.
    hides_bytes: bool,
    fault: Option<String>,
}

/// The elements of a list, or the entries of a dict.
#[derive(Clone, Debug, Default)]
struct Part {
    written: Vec<u8>,
    count: usize,
}

impl PayloadBuilder {
    /// Creates a builder that writes in `format`, for receivers that all use it: such a payload is
    /// never transcoded.
    pub(crate) fn in_format(format: Format) -> Self {
        Self { format, ..Self::default() }
    }

    /// Appends a positional argument.
    #[must_use]
    pub fn arg(mut self, value: impl Serialize) -> Self {
        self.args.begin(self.format, b'[');
        let written = write(self.format, &mut self.args.written, &value);
        self.note(written);
        self
    }

    /// Adds a keyword argument.
    #[must_use]
    pub fn kwarg(mut self, key: &str, value: impl Serialize) -> Self {
        self.kwargs.begin(self.format, b'{');
        let out = &mut self.kwargs.written;
        let written = write(self.format, out, key).and_then(|_| {
            if self.format == Format::Json {
                out.push(b':');
            }
            write(self.format, out, &value)
        });
        self.note(written);
        self
    }

    fn note(&mut self, written: Result<bool, EncodeError>) {
        match written {
            Ok(hides_bytes) => self.hides_bytes |= hides_bytes,
            Err(error) => {
                self.fault.get_or_insert(error.to_string());
            }
        }
    }

    /// Returns the finished payload.
    ///
    /// # Errors
    /// A value could not be serialised, for instance a map with keys that are not strings.
    pub fn build(self) -> Result<Payload, EncodeError> {
        if let Some(fault) = self.fault {
            return Err(EncodeError::new(fault));
        }
        let mut frame = self.args.end(self.format, Kind::List)?;
        let args = 0..frame.len();
        frame.append(&mut self.kwargs.end(self.format, Kind::Dict)?);
        let kwargs = args.end..frame.len();
        Ok(Payload::of_frame(Shared::written(self.format, frame, self.hides_bytes)?, args, kwargs))
    }
}

/// Appends a value. Returns whether strings in it may stand for bytes.
fn write(
    format: Format,
    out: &mut Vec<u8>,
    value: &(impl Serialize + ?Sized),
) -> Result<bool, EncodeError> {
    match format {
        Format::Json => {
            json::write(out, value).map_err(|error| EncodeError::new(error.to_string()))
        }
        _ => format.write(out, value).map(|()| false),
    }
}

impl Part {
    fn begin(&mut self, format: Format, opening: u8) {
        if format == Format::Json {
            self.written.push(if self.count == 0 { opening } else { b',' });
        }
        self.count += 1;
    }

    /// Completes the list or dict; if it has no elements, nothing is written.
    fn end(mut self, format: Format, kind: Kind) -> Result<Vec<u8>, EncodeError> {
        if self.count == 0 {
            return Ok(self.written);
        }
        match format {
            Format::Json => self.written.push(if kind == Kind::List { b']' } else { b'}' }),
            _ => drop(self.written.splice(0..0, format.head(kind, self.count)?)),
        }
        Ok(self.written)
    }
}
