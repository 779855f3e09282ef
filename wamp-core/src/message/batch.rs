//! Several messages in one frame, and how they are delimited (T-15 … T-18).

use std::ops::Range;

use crate::codec::serializer::{RawMessage, Serializer};
use crate::codec::value::{EncodeError, Encoded, Format, Shared};
use crate::error::{Breach, Violation};
use crate::message::unframe;

/// The octet that ends a JSON message by the specification (T-15).
const SEPARATOR: u8 = 0x1e;

/// The octet that autobahn and Bondy use instead: the specification's "\30", read as octal (D-01).
const OTHER_SEPARATOR: u8 = 0x18;

/// The way in which messages are delimited inside a frame. The server sends batches of one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delimiter {
    /// None: the frame is the message.
    None,
    /// An octet after each message, which cannot occur in JSON.
    Separator(u8),
    /// The length before each message, in four bytes, most significant first.
    Length,
}

impl Delimiter {
    pub(crate) fn of(serializer: Serializer) -> Self {
        match (serializer.is_batched(), serializer.format()) {
            (false, _) => Self::None,
            (true, Format::Json) => Self::Separator(SEPARATOR),
            (true, _) => Self::Length,
        }
    }

    /// Returns the number of bytes to leave free before a message is written.
    pub(crate) fn reserve(self) -> usize {
        match self {
            Self::None | Self::Separator(_) => 0,
            Self::Length => 4,
        }
    }

    /// Delimits the message that was written from `start` on, after the bytes that were left free.
    pub(crate) fn complete(self, out: &mut Vec<u8>, start: usize) {
        match self {
            Self::None => {}
            Self::Separator(separator) => out.push(separator),
            Self::Length => {
                let length =
                    u32::try_from(out.len() - start).expect("a message is shorter than 4 GiB");
                out[start - 4..start].copy_from_slice(&length.to_be_bytes());
            }
        }
    }
}

/// The remaining messages of a batch.
#[derive(Debug)]
pub(crate) struct Batch {
    frame: Shared,
    at: usize,
    delimiter: Delimiter,
}

impl Batch {
    pub(crate) fn new(serializer: Serializer, frame: Shared) -> Self {
        Self { frame, at: 0, delimiter: Delimiter::of(serializer) }
    }

    /// Returns how the latest message was delimited.
    pub(crate) fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// Returns whether no message is left.
    pub(crate) fn is_done(&self) -> bool {
        self.at == self.frame.len()
    }

    /// Returns the next message.
    pub(crate) fn next(&mut self) -> Result<Shared, Violation> {
        if self.is_done() {
            return Err(Breach::EmptyBatch.into());
        }
        let rest = &self.frame.as_bytes()[self.at..];
        let (message, end) = match self.delimiter {
            Delimiter::Length => prefixed(rest)?,
            Delimiter::None | Delimiter::Separator(_) => {
                let (length, separator) = separated(rest)?;
                self.delimiter = Delimiter::Separator(separator);
                (0..length, length + 1)
            }
        };
        // Copied out of a batch of several, so that a message that is kept does not keep the others
        // in memory.
        let alone = end == self.frame.len();
        let message = self.frame.take(self.at + message.start..self.at + message.end, alone);
        self.at += end;
        Ok(message)
    }
}

/// Returns the range of the first message, and the offset of the next (T-16).
fn prefixed(rest: &[u8]) -> Result<(Range<usize>, usize), Violation> {
    let (length, rest) = rest.split_first_chunk().ok_or(Breach::NoLength)?;
    let length = u32::from_be_bytes(*length) as usize;
    if length > rest.len() {
        return Err(Breach::LongerThanBatch.into());
    }
    Ok((4..4 + length, 4 + length))
}

/// Returns the first message's length, and the octet that ends it.
fn separated(rest: &[u8]) -> Result<(usize, u8), Violation> {
    let end = rest.iter().position(|octet| matches!(*octet, SEPARATOR | OTHER_SEPARATOR));
    let end = end.ok_or(Breach::NoSeparator)?;
    Ok((end, rest[end]))
}

/// Returns a client's frame with one message, which is given as JSON; for the hosts' test clients.
///
/// # Errors
/// The message is not JSON, or its serializer cannot express it.
pub fn encode(serializer: Serializer, json: &str) -> Result<Vec<u8>, EncodeError> {
    let delimiter = Delimiter::of(serializer);
    let mut out = vec![0; delimiter.reserve()];
    Encoded::Json(json).write(serializer.format(), &mut out)?;
    delimiter.complete(&mut out, delimiter.reserve());
    Ok(out)
}

/// Returns the message of a frame as JSON, or `None` if the frame does not hold exactly one; the
/// reverse of [`encode`].
#[must_use]
pub fn decode(serializer: Serializer, frame: RawMessage) -> Option<String> {
    let frame = unframe(serializer, frame).ok()?;
    let message = if serializer.is_batched() {
        let mut batch = Batch::new(serializer, frame);
        batch.next().ok().filter(|_| batch.is_done())?
    } else {
        frame
    };
    Some(message.slice(0..message.len()).to_string())
}
