//! The request and the URI of a message that breaks a rule, for the log.

use bumpalo::Bump;

use super::code;
use crate::codec::any::Reader;
use crate::codec::cursor::Elements;
use crate::codec::value::Shared;
use crate::id::RequestId;

/// The request and the URI of a message, as far as they can be read.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head<'f> {
    pub(crate) request: Option<RequestId>,
    pub(crate) uri: Option<&'f str>,
}

impl<'f> Head<'f> {
    /// Reads the head of a frame, which need not be a message at all.
    pub(crate) fn of(frame: &'f Shared, arena: &'f Bump) -> Self {
        let mut head = Self::default();
        let _ = head.read(&mut frame.slice(0..frame.len()).reader(arena));
        head
    }

    /// Returns `None` where it stops.
    fn read(&mut self, reader: &mut Reader<'f>) -> Option<()> {
        let mut elements = reader.list().ok()?;
        advance(reader, &mut elements)?;
        let names_uri = match reader.read().ok()? {
            code::CALL | code::PUBLISH | code::SUBSCRIBE | code::REGISTER => true,
            code::CANCEL | code::UNSUBSCRIBE | code::UNREGISTER | code::YIELD => false,
            _ => return None,
        };
        advance(reader, &mut elements)?;
        self.request = RequestId::new(reader.read().ok()?);
        if names_uri {
            advance(reader, &mut elements)?;
            reader.skip().ok()?;
            advance(reader, &mut elements)?;
            self.uri = reader.read().ok();
        }
        Some(())
    }
}

fn advance(reader: &mut Reader<'_>, elements: &mut Elements) -> Option<()> {
    reader.element(elements).ok()?.then_some(())
}
