//! Errors of reading an encoded value.

use std::fmt::{self, Display, Write};

use serde::de::{self, Expected, Unexpected};

/// The number of characters of a client's input that an error text may repeat, because the text
/// goes into answers and logs.
const MAX_ECHO: usize = 64;

/// The longest error text as a whole; a type's own message may repeat the input at places that we
/// do not know.
const MAX_MESSAGE: usize = 256;

/// The reason why an encoded value is malformed, and the offset of the byte.
// Boxed, because it travels in the results of functions that otherwise return a word or two.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(Box<ReadFault>);

#[derive(Debug, Clone)]
struct ReadFault {
    what: Box<str>,
    at: Option<usize>,
}

impl Malformed {
    /// Creates an error; cold and out of line, so that the checks that lead here stay small.
    #[cold]
    pub(crate) fn new(what: &str, at: usize) -> Self {
        Self(Box::new(ReadFault { what: what.into(), at: Some(at) }))
    }

    /// Returns the reason without the offset: a caller knows arguments, not bytes.
    pub(crate) fn what(&self) -> &str {
        &self.0.what
    }

    /// Adds the offset, which serde's constructors do not know; if it is called for nested values,
    /// the innermost one wins.
    #[cold]
    pub(crate) fn located(mut self, at: usize) -> Self {
        self.0.at.get_or_insert(at);
        self
    }
}

impl Display for ReadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.at.map_or(Ok(()), |at| write!(f, " at byte {at}"))
    }
}

// Overrides only the constructors whose arguments repeat the input. serde's own error does the
// wording.
impl de::Error for Malformed {
    fn custom<T: Display>(message: T) -> Self {
        Self(Box::new(ReadFault { what: cut(message, MAX_MESSAGE).into(), at: None }))
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let unexpected = match unexpected {
            // JSON's word, which serde_json uses too.
            Unexpected::Unit => "null".to_owned(),
            other => cut(other, MAX_ECHO),
        };
        // A caller cannot know whether the handler borrows a string.
        let expected = expected.to_string().replace("a borrowed string", "a string");
        Self::custom(de::value::Error::invalid_type(
            Unexpected::Other(&unexpected),
            &expected.as_str(),
        ))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let unexpected = cut(unexpected, MAX_ECHO);
        Self::custom(de::value::Error::invalid_value(Unexpected::Other(&unexpected), expected))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(de::value::Error::unknown_variant(&cut(variant, MAX_ECHO), expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(de::value::Error::unknown_field(&cut(field, MAX_ECHO), expected))
    }
}

/// Returns the first `room` characters of what is displayed, without formatting the rest.
fn cut(message: impl Display, room: usize) -> String {
    let mut short = Short { text: String::new(), room };
    if write!(short, "{message}").is_err() {
        short.text.push('…');
    }
    short.text
}

/// A writer that fails after `room` characters.
struct Short {
    text: String,
    room: usize,
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.room = self.room.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(character);
        }
        Ok(())
    }
}
