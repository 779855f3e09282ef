//! Passing over a value without building it.

use std::ops::Range;

use super::Reader;
use crate::format::{Cursor as _, Elements, Kind, MAX_DEPTH, MAX_ELEMENTS, Malformed};

/// A list or dict that is open.
struct Open {
    elements: Elements,
    is_dict: bool,
}

impl Reader<'_> {
    /// Passes over one value and says where it stands. The value is checked as if it were read. No recursion: what is
    /// open is remembered, and [`MAX_DEPTH`] bounds it.
    pub(super) fn skip_value(&mut self) -> Result<Range<usize>, Malformed> {
        let (start, outside) = (self.at(), self.depth());
        let mut open = [const { Open { elements: Elements(0), is_dict: false } }; MAX_DEPTH as usize];
        for _ in 0..MAX_ELEMENTS {
            match self.kind() {
                kind @ (Kind::List | Kind::Dict) => {
                    let is_dict = kind == Kind::Dict;
                    let elements = if is_dict { self.dict()? } else { self.list()? };
                    open[usize::from(self.depth() - 1)] = Open { elements, is_dict };
                }
                kind => self.skip_scalar(kind)?,
            }
            while self.depth() != outside {
                let Open { elements, is_dict } = &mut open[usize::from(self.depth() - 1)];
                let goes_on = if *is_dict { self.key(elements)?.is_some() } else { self.element(elements)? };
                if goes_on {
                    break;
                }
            }
            if self.depth() == outside {
                return Ok(start..self.at());
            }
        }
        self.fail("too many values")
    }

    #[inline]
    fn skip_scalar(&mut self, kind: Kind) -> Result<(), Malformed> {
        match kind {
            Kind::String => self.string().map(|_| ()),
            Kind::Bytes => self.bytes().map(|_| ()),
            Kind::Number => self.notation().map(|_| ()),
            Kind::Boolean => self.boolean().map(|_| ()),
            Kind::Null => self.null(),
            Kind::List | Kind::Dict | Kind::Unknown => self.refuse(),
        }
    }

    /// Names what no WAMP message may hold.
    #[cold]
    fn refuse(&self) -> Result<(), Malformed> {
        match self.peek() {
            Some(0xc7..=0xc9 | 0xd4..=0xd8) => self.fail("extension types are not part of WAMP"),
            Some(_) => self.fail("0xc1 is not MessagePack"),
            None => self.fail(""),
        }
    }
}
