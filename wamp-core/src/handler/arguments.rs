//! Reads a handler's parameters from a call: by position, else by keyword.

mod sources;

use std::fmt::Display;
use std::ops::Range;

use bumpalo::Bump;
use serde::Deserialize;
use serde::de;

use crate::codec::any::Reader;
use crate::codec::cursor::{BinaryAs, Elements};
use crate::codec::de::Malformed;
use crate::codec::payload::NO_KWARGS;
use crate::codec::value::Encoded;
use crate::error::{Error, shortened};
use crate::handler::context::Context;
use crate::handler::entry::Parameter;
use crate::uri;
use sources::{Absent, Component, RestOfArgs, RestOfKwargs};

/// Keeps the strings of a call that had to be unescaped as long as the handler's parameters borrow
/// them.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Arena(Bump);

/// The position of a capture in the URI.
#[doc(hidden)]
#[derive(Copy, Clone, Debug)]
pub enum Capture {
    /// A component, counted from 0.
    Component(usize),
    /// All text from this byte on.
    Rest(usize),
}

/// The arguments of one message, read in the order of the handler's parameters.
#[derive(Debug)]
pub struct Arguments<'c> {
    context: &'c Context,
    arena: &'c Bump,
    positional: Option<Positional<'c>>,
    taken: usize,
    keywords: Vec<Keyword<'c>>,
}

#[derive(Clone, Debug)]
struct Positional<'c> {
    reader: Reader<'c>,
    elements: Elements,
    /// True if the reader stands before a value that was not taken yet.
    waiting: bool,
    /// True if the reader stands behind the list, and must not be asked again.
    ended: bool,
}

#[derive(Debug)]
struct Keyword<'c> {
    key: &'c str,
    value: Range<usize>,
    taken: bool,
}

impl<'c> Arguments<'c> {
    /// Creates the arguments of a context, to be [opened](Self::open) before any is taken.
    // In two steps, so that they stay where they were made: copying what was just written stalls
    // the processor.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn of(context: &'c Context, arena: &'c Arena) -> Self {
        let payload = context.payload();
        let arena = &arena.0;
        let positional = payload
            .encoded_args()
            .map(|args| Positional::new(args.reader(arena), payload.first_arg()));
        Self { context, arena, positional, taken: 0, keywords: Vec::new() }
    }

    /// Enters the list and finds the keywords.
    ///
    /// # Errors
    /// `wamp.error.invalid_argument`: a keyword cannot be read.
    #[doc(hidden)]
    pub fn open(&mut self) -> Result<(), Error> {
        if let Some(positional) = &mut self.positional {
            positional.enter().map_err(Error::invalid_argument)?;
        }
        if let Some(dict) = self.context.payload().encoded_kwargs() {
            self.keywords = keywords(dict, self.arena).map_err(Error::invalid_argument)?;
        }
        Ok(())
    }

    /// Returns the context of the message.
    #[must_use]
    pub fn context(&self) -> &'c Context {
        self.context
    }

    /// Reads the next argument by position, unless the parameter is read by keyword only, else by
    /// keyword. An absent one is read like a missing
    /// field in serde: an `Option` is `None`, any other type is an error.
    ///
    /// # Errors
    /// `wamp.error.invalid_argument`: missing, given twice, or not a `T`; the text names the
    /// parameter.
    #[doc(hidden)]
    pub fn take<T: Deserialize<'c>>(&mut self, parameter: &Parameter) -> Result<T, Error> {
        let keyword = self.keyword(parameter)?;
        if !parameter.is_keyword && self.at_positional()? {
            self.taken += 1;
            if keyword.is_some() {
                return Err(self.fault(parameter, "given by position and by keyword"));
            }
            return self.read_positional().map_err(|error| self.fault(parameter, error.what()));
        }
        let Some(value) = keyword else {
            return T::deserialize(Absent).map_err(|_| self.missing(parameter));
        };
        let dict = self.context.payload().encoded_kwargs().unwrap_or(NO_KWARGS);
        let checked = if self.context.payload().oddity().is_none() { 0..value.len() } else { 0..0 };
        let mut reader = dict.slice(value).reader(self.arena);
        reader.trust(checked);
        reader.read().map_err(|error: Malformed| named_fault(parameter, &error.what()))
    }

    /// Reads an argument that may be absent or null, in which case `default` returns the value.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    #[doc(hidden)]
    pub fn take_or<T: Deserialize<'c>>(
        &mut self,
        parameter: &Parameter,
        default: impl FnOnce() -> T,
    ) -> Result<T, Error> {
        Ok(self.take::<Option<T>>(parameter)?.unwrap_or_else(default))
    }

    /// Reads all remaining positional arguments: `#[args]`.
    ///
    /// # Errors
    /// `wamp.error.invalid_argument`: one of them does not fit.
    #[doc(hidden)]
    pub fn take_args<T: Deserialize<'c>>(&mut self, parameter: &Parameter) -> Result<T, Error> {
        let (before, mut failed) = ((self.positional.clone(), self.taken), false);
        self.give_binary_as(BinaryAs::Bytes);
        let mut value = T::deserialize(RestOfArgs { arguments: self, failed: &mut failed });
        let given = self.positional.as_mut().map(|positional| *positional.reader.binary());
        if value.is_err() && given == Some(BinaryAs::Given) {
            (self.positional, self.taken) = before;
            self.give_binary_as(BinaryAs::String);
            value = T::deserialize(RestOfArgs { arguments: self, failed: &mut failed });
        }
        value.map_err(|error| match failed {
            true => self.fault(parameter, error.what()),
            false => named_fault(parameter, &error.what()),
        })
    }

    /// Reads all remaining keyword arguments: `#[kwargs]`.
    ///
    /// # Errors
    /// `wamp.error.invalid_argument`: they do not make a `T`.
    #[doc(hidden)]
    pub fn take_kwargs<T: Deserialize<'c>>(&mut self, parameter: &Parameter) -> Result<T, Error> {
        let dict = self.context.payload().encoded_kwargs().unwrap_or(NO_KWARGS);
        let left: Vec<_> = self.keywords.iter_mut().filter(|keyword| !keyword.taken).collect();
        let (mut binary, mut failed) = (BinaryAs::Bytes, None);
        let mut read = |binary: &mut BinaryAs| {
            let (arena, left, failed) = (self.arena, left.iter(), &mut failed);
            T::deserialize(RestOfKwargs { dict, arena, left, value: None, failed, binary })
        };
        let mut value = read(&mut binary);
        if value.is_err() && binary == BinaryAs::Given {
            value = read(&mut BinaryAs::String);
        }
        for keyword in left {
            keyword.taken = true;
        }
        value.map_err(|error: Malformed| match failed {
            Some(key) => {
                let fault = format_args!("`{}`: {}", shortened(key), error.what());
                named_fault(parameter, &fault)
            }
            None => named_fault(parameter, &error.what()),
        })
    }

    /// Reads a component of the URI. If a client's pattern leaves it open, as `rooms..events` does
    /// for `"rooms.{room}.events"`, an `Option` is `None` and any other type is an error: a
    /// decision about one room is not a decision about all.
    ///
    /// # Errors
    /// `wamp.error.invalid_argument`: it is not a `T`, or the client's pattern leaves it open.
    #[doc(hidden)]
    pub fn capture<T: Deserialize<'c>>(
        &self,
        parameter: &Parameter,
        capture: Capture,
    ) -> Result<T, Error> {
        let named: &'c str = self.context.uri();
        let component = match capture {
            Capture::Component(at) => named.split('.').nth(at),
            Capture::Rest(from) => named.get(from..),
        };
        let component = component.unwrap_or_default();
        // A component of a topic or a procedure is never empty, so the client named a pattern.
        if !uri::is_valid(component) {
            return T::deserialize(Absent)
                .map_err(|_| named_fault(parameter, &"the pattern leaves it open"));
        }
        T::deserialize(Component(component)).map_err(|error| named_fault(parameter, &error))
    }

    /// Refuses arguments that no parameter took. For a handler with `Chunks`, the remaining
    /// positional arguments are the first chunk.
    ///
    /// # Errors
    /// `wamp.error.invalid_argument`: an argument is left.
    #[doc(hidden)]
    pub fn finish(&mut self) -> Result<(), Error> {
        let chunks = self.context.as_call().and_then(|call| call.chunks.as_deref());
        if let Some(chunks) = chunks {
            chunks.skip(self.taken);
        } else if self.at_positional()? {
            let taken = self.taken;
            return Err(Error::invalid_argument(format_args!(
                "too many positional arguments: {taken} expected"
            )));
        }
        match self.keywords.iter().find(|keyword| !keyword.taken) {
            Some(Keyword { key, .. }) => Err(Error::invalid_argument(format_args!(
                "unknown keyword argument `{}`",
                shortened(key)
            ))),
            None => Ok(()),
        }
    }

    fn give_binary_as(&mut self, binary: BinaryAs) {
        if let Some(positional) = &mut self.positional {
            *positional.reader.binary() = binary;
        }
    }

    fn at_positional(&mut self) -> Result<bool, Error> {
        self.positional
            .as_mut()
            .map_or(Ok(false), Positional::at_value)
            .map_err(Error::invalid_argument)
    }

    fn read_positional<T: Deserialize<'c>>(&mut self) -> Result<T, Malformed> {
        let positional =
            self.positional.as_mut().ok_or_else(|| de::Error::custom("no positional argument"))?;
        positional.waiting = false;
        positional.reader.read()
    }

    /// Returns the value under either of the parameter's names; the last one wins if a key occurs
    /// twice (M-14).
    #[inline]
    fn keyword(&mut self, parameter: &Parameter) -> Result<Option<Range<usize>>, Error> {
        if self.keywords.is_empty() { Ok(None) } else { self.find_keyword(parameter) }
    }

    fn find_keyword(&mut self, parameter: &Parameter) -> Result<Option<Range<usize>>, Error> {
        let mut found: Option<(&str, Range<usize>)> = None;
        for keyword in &mut self.keywords {
            if keyword.key == parameter.name || keyword.key == parameter.camel {
                keyword.taken = true;
                if found.as_ref().is_some_and(|(key, _)| *key != keyword.key) {
                    let Parameter { name, camel, .. } = parameter;
                    return Err(Error::invalid_argument(format_args!(
                        "`{name}` is given twice, also as `{camel}`"
                    )));
                }
                found = Some((keyword.key, keyword.value.clone()));
            }
        }
        Ok(found.map(|(_, value)| value))
    }

    /// Returns the error for a missing argument. It names the argument's position, unless earlier
    /// parameters were read from keywords.
    fn missing(&self, parameter: &Parameter) -> Error {
        let (position, name) = (self.taken + 1, parameter.name);
        if parameter.is_keyword {
            return Error::invalid_argument(format_args!("keyword argument `{name}` is missing"));
        }
        match self.keywords.iter().any(|keyword| keyword.taken) {
            true => Error::invalid_argument(format_args!("argument `{name}` is missing")),
            false => {
                Error::invalid_argument(format_args!("argument {position} `{name}` is missing"))
            }
        }
    }

    /// Returns the error for the positional argument that was read last.
    fn fault(&self, parameter: &Parameter, fault: &str) -> Error {
        let (position, name) = (self.taken, parameter.name);
        Error::invalid_argument(format_args!("argument {position} `{name}`: {fault}"))
    }
}

/// Returns the error for a value without a position: a keyword argument, or a part of the URI.
fn named_fault(parameter: &Parameter, fault: &dyn Display) -> Error {
    Error::invalid_argument(format_args!("`{}`: {fault}", parameter.name))
}

impl<'c> Positional<'c> {
    fn new(mut reader: Reader<'c>, first: Range<usize>) -> Self {
        reader.trust(first);
        // No argument can be taken before the list is entered.
        Self { reader, elements: Elements(0), waiting: false, ended: true }
    }

    fn enter(&mut self) -> Result<(), Malformed> {
        self.elements = self.reader.list()?;
        self.ended = false;
        Ok(())
    }

    fn at_value(&mut self) -> Result<bool, Malformed> {
        if !self.waiting && !self.ended {
            self.waiting = self.reader.element(&mut self.elements)?;
            self.ended = !self.waiting;
        }
        Ok(self.waiting)
    }
}

fn keywords<'c>(dict: Encoded<'c>, arena: &'c Bump) -> Result<Vec<Keyword<'c>>, Malformed> {
    let mut reader = dict.reader(arena);
    let mut elements = reader.dict()?;
    let mut keywords = Vec::new();
    while let Some(key) = reader.key(&mut elements)? {
        keywords.push(Keyword { key, value: reader.skip()?, taken: false });
    }
    Ok(keywords)
}
