//! The fields of a message, in order: ids, strings, dicts, and the application's arguments, which
//! stay encoded.

use std::ops::Range;

use serde::Deserialize;

use super::extras::Extras;
use super::passthru::{Passthru, PassthruOptions};
use super::trace::Trace;
use crate::codec::cursor::{Cursor, Elements, Kind, MAX_ELEMENTS};
use crate::codec::odd::{Odd, Owner};
use crate::codec::payload::Payload;
use crate::codec::value::Shared;
use crate::error::{Breach, Violation};
use crate::id::RequestId;

/// The elements of the outermost list, read one after the other.
pub(super) struct Fields<'f, C> {
    frame: &'f Shared,
    pub(super) reader: C,
    elements: Elements,
}

impl<'f, C: Cursor<'f>> Fields<'f, C> {
    pub(super) fn open(frame: &'f Shared, mut reader: C) -> Result<Self, Violation> {
        let elements = reader.list()?;
        Ok(Self { frame, reader, elements })
    }

    pub(super) fn element(&mut self, name: &'static str) -> Result<(), Violation> {
        if self.reader.element(&mut self.elements)? {
            Ok(())
        } else {
            Err(Breach::Missing(name).into())
        }
    }

    pub(super) fn request(&mut self, name: &'static str) -> Result<RequestId, Violation> {
        self.element(name)?;
        let id = RequestId::new(self.reader.integer()?);
        id.ok_or_else(|| Breach::WrongField { field: name, expected: "an id" }.into())
    }

    /// Reads a request's id, empty options and a URI on the fast path, if they are written as most
    /// clients write them.
    pub(super) fn call_head(&mut self) -> Option<(RequestId, &'f str)> {
        self.reader.call_head(&mut self.elements)
    }

    pub(super) fn string(&mut self, name: &'static str) -> Result<&'f str, Violation> {
        self.element(name)?;
        self.reader.string().map_err(|fault| Breach::MalformedField { field: name, fault }.into())
    }

    /// Reads a dict and returns its range; `None` for null, which counts as absent.
    pub(super) fn dict(&mut self, name: &'static str) -> Result<Option<Range<usize>>, Violation> {
        self.element(name)?;
        if self.reader.is_dict() {
            Ok(Some(self.reader.skip()?))
        } else {
            self.absent(name, "a dict").map(|()| None)
        }
    }

    /// Reads a dict that must be present.
    pub(super) fn details<T: Deserialize<'f>>(
        &mut self,
        name: &'static str,
    ) -> Result<T, Violation> {
        self.element(name)?;
        if !self.reader.is_dict() {
            return Err(Breach::WrongField { field: name, expected: "a dict" }.into());
        }
        self.entries(name).map(|(details, _)| details)
    }

    /// Reads a dict, or null, which counts as absent.
    pub(super) fn options<T: Deserialize<'f> + Default>(
        &mut self,
        name: &'static str,
    ) -> Result<T, Violation> {
        self.options_at(name).map(|(options, _)| options)
    }

    /// Reads options as [`options`](Self::options) does, and returns the dict's range too, which is
    /// empty if there is no dict.
    pub(super) fn options_at<T: Deserialize<'f> + Default>(
        &mut self,
        name: &'static str,
    ) -> Result<(T, Range<usize>), Violation> {
        self.element(name)?;
        if self.reader.is_dict() {
            return self.entries(name);
        }
        self.absent(name, "a dict").map(|()| (T::default(), 0..0))
    }

    fn entries<T: Deserialize<'f>>(
        &mut self,
        name: &'static str,
    ) -> Result<(T, Range<usize>), Violation> {
        let start = self.reader.offset();
        match self.reader.read() {
            Ok(options) => Ok((options, start..self.reader.offset())),
            Err(fault) => Err(Breach::MalformedField { field: name, fault }.into()),
        }
    }

    pub(super) fn passthru(&self, dict: Range<usize>) -> Result<Option<Box<Passthru>>, Violation> {
        let options: PassthruOptions<'_> = self.read(dict)?;
        Ok(options.passthru())
    }

    /// Reads the options that few requests have, in the dict that has at least one of them.
    #[cold]
    pub(super) fn extras(
        &self,
        dict: Range<usize>,
        has_scheme: bool,
        has_trace: bool,
    ) -> Result<Option<Box<Extras>>, Violation> {
        let passthru = if has_scheme { self.passthru(dict.clone())? } else { None };
        let trace = if has_trace { self.trace(dict)? } else { None };
        let is_any = passthru.is_some() || trace.is_some();
        Ok(is_any.then(|| Box::new(Extras { passthru: passthru.map(|boxed| *boxed), trace })))
    }

    /// Reads the trace context of a dict. A value that is no string counts as absent (TC-02).
    fn trace(&self, dict: Range<usize>) -> Result<Option<Trace>, Violation> {
        let (mut reader, mut parent, mut state) = (self.reader.slice(dict), None, None);
        let mut entries = reader.dict()?;
        while let Some(key) = reader.key(&mut entries)? {
            let is_string = reader.kind() == Kind::String;
            match key {
                "_traceparent" if is_string => parent = Some(reader.string()?),
                "_tracestate" if is_string => state = Some(reader.string()?),
                _ => {
                    reader.skip()?;
                }
            }
        }
        Ok(parent.and_then(|parent| Trace::new(parent, state)))
    }

    pub(super) fn read<T: Deserialize<'f>>(&self, dict: Range<usize>) -> Result<T, Violation> {
        let options = self.reader.slice(dict).read();
        options.map_err(|fault| Breach::MalformedField { field: "Options", fault }.into())
    }

    /// Skips null in place of a list or a dict, which clients write for an absent one, nexus' Go
    /// client for instance.
    fn absent(&mut self, name: &'static str, expected: &'static str) -> Result<(), Violation> {
        if self.reader.kind() == Kind::Null {
            Ok(self.reader.null()?)
        } else {
            Err(Breach::WrongField { field: name, expected }.into())
        }
    }

    pub(super) fn optional_dict(mut self, name: &'static str) -> Result<(), Violation> {
        if !self.reader.element(&mut self.elements)? {
            return Ok(self.reader.end()?);
        }
        if self.reader.is_dict() {
            self.reader.skip()?;
        } else {
            self.absent(name, "a dict")?;
        }
        self.end()
    }

    /// Reads `Arguments` and `ArgumentsKw`, which may be absent or null, and then the end (M-01,
    /// M-02). Odd values in them are not violations, unlike those in the rest of the message.
    pub(super) fn payload(mut self) -> Result<Payload, Violation> {
        *self.reader.owner() = Owner::Application(Odd::Nothing);
        let (mut args, mut first, mut kwargs) = (0..0, 0..0, 0..0);
        if self.reader.element(&mut self.elements)? {
            if self.reader.is_list() {
                (args, first) = self.arguments()?;
            } else {
                self.absent("Arguments", "a list")?;
            }
            if self.reader.element(&mut self.elements)? {
                if self.reader.is_dict() {
                    kwargs = self.keywords()?;
                } else {
                    self.absent("ArgumentsKw", "a dict")?;
                }
                if self.reader.element(&mut self.elements)? {
                    return Err(Breach::TooManyElements.into());
                }
            }
        }
        self.reader.end()?;
        match self.reader.owner().odd() {
            Odd::Nothing => Ok(Payload::of_message(self.frame.clone(), args, first, kwargs)),
            Odd::Dressed => Ok(Payload::rewritten(self.frame, args, kwargs)?),
            Odd::Refused(oddity) => {
                Ok(Payload::of_frame(self.frame.clone(), args, kwargs).with_oddity(oddity))
            }
        }
    }

    /// Reads a list, and returns its range and that of its first element; both are empty for an
    /// empty list, so that absent and empty are the same (M-10).
    fn arguments(&mut self) -> Result<(Range<usize>, Range<usize>), Violation> {
        let start = self.reader.offset();
        let (mut elements, mut left) = (self.reader.list()?, MAX_ELEMENTS - 1);
        if !self.reader.element(&mut elements)? {
            return Ok((0..0, 0..0));
        }
        let first = self.reader.skip_counted(&mut left)?;
        while self.reader.element(&mut elements)? {
            self.reader.skip_counted(&mut left)?;
        }
        Ok((start..self.reader.offset(), first.start - start..first.end - start))
    }

    /// Reads a dict and returns its range; empty for an empty dict.
    fn keywords(&mut self) -> Result<Range<usize>, Violation> {
        let range = self.reader.skip()?;
        // If the first key is odd, reading fails, but the dict is not empty.
        let is_empty = self.reader.slice(range.clone()).is_empty().unwrap_or(false);
        Ok(if is_empty { 0..0 } else { range })
    }

    /// Checks that the list is complete, and nothing follows it.
    pub(super) fn end(mut self) -> Result<(), Violation> {
        if self.reader.element(&mut self.elements)? {
            return Err(Breach::TooManyElements.into());
        }
        Ok(self.reader.end()?)
    }
}
