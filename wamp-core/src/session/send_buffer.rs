//! The output of a connection: finished frames, one after the other.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use serde::Serialize;

use crate::codec::serializer::{EncodeError, Serializer};
use crate::id::RequestId;
use crate::limits::Limits;
use crate::message::batch::Delimiter;
use crate::message::{self, ArgumentsWriter, Details};
use crate::session::sent::SentMessages;

/// The way in which a transport delimits messages. Each message is written once, directly into the
/// buffer that goes to the socket.
///
/// ```
/// use wamp_core::Framing;
///
/// /// Four bytes of big-endian length before each message.
/// const PREFIXED: Framing = Framing {
///     reserve: 4,
///     seal: |buffer, start, _binary| {
///         let length = (buffer.len() - start - 4) as u32;
///         buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
///     },
/// };
/// ```
#[derive(Copy, Clone)]
#[expect(clippy::exhaustive_structs, reason = "made by hosts")]
pub struct Framing {
    /// Bytes left free before a message is written.
    pub reserve: usize,
    /// Completes the frame that begins at the given offset: `reserve` free bytes, then the message.
    /// The last argument is true for a binary message.
    pub seal: fn(&mut Vec<u8>, usize, bool),
}

impl fmt::Debug for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Framing").field("reserve", &self.reserve).finish_non_exhaustive()
    }
}

const INFALLIBLE: &str = "messages of ids and strings can be serialised";

/// The initial capacity, which suffices for the few messages of an idle session.
const FIRST_BYTES: usize = 512;

/// Frames that wait to be sent.
#[derive(Debug)]
pub(crate) struct SendBuffer {
    serializer: Serializer,
    framing: Framing,
    delimiter: Delimiter,
    buffer: Vec<u8>,
    /// Bytes of `buffer` that are paced: events, progressive results and messages of other
    /// sessions, which are only written while there is room. The rest answers the peer's messages.
    paced: usize,
    /// The peer has taken output since [`take_moved`](Self::take_moved) was called last.
    has_moved: bool,
    /// Tasks that wait for room.
    waiting: Vec<Waker>,
    /// The host's waker, for output that is written outside of a poll, by a task that an
    /// application started for instance.
    host: Option<Waker>,
    /// Where messages are counted.
    sent: Option<Arc<SentMessages>>,
    is_attended: bool,
}

impl SendBuffer {
    pub(crate) fn new(serializer: Serializer, framing: Framing) -> Self {
        let delimiter = Delimiter::of(serializer);
        Self {
            serializer,
            framing,
            delimiter,
            buffer: Vec::new(),
            paced: 0,
            has_moved: false,
            waiting: Vec::new(),
            host: None,
            sent: None,
            is_attended: false,
        }
    }

    /// Marks the connection as attended: the host will take all output that is written until it
    /// [leaves](Self::leave).
    pub(crate) fn attend(&mut self) {
        self.is_attended = true;
    }

    /// Marks the connection as unattended: the next write has to wake the host.
    pub(crate) fn leave(&mut self) {
        self.is_attended = false;
    }

    /// Stores the host's waker; the next write outside of a poll consumes it.
    pub(crate) fn know_host(&mut self, host: &Waker) {
        match &mut self.host {
            Some(known) => known.clone_from(host),
            none => *none = Some(host.clone()),
        }
    }

    /// Counts messages from now on.
    pub(crate) fn count_in(&mut self, sent: &Arc<SentMessages>) {
        self.sent = Some(Arc::clone(sent));
    }

    /// Uses this delimiter from now on, because the peer does.
    pub(crate) fn delimit(&mut self, delimiter: Delimiter) {
        self.delimiter = delimiter;
    }

    pub(crate) fn len(&self) -> usize {
        self.buffer.len()
    }

    pub(crate) fn take(&mut self) -> Vec<u8> {
        if !self.waiting.is_empty() {
            self.waiting.drain(..).for_each(Waker::wake);
        }
        self.paced = 0;
        self.has_moved |= !self.buffer.is_empty();
        std::mem::take(&mut self.buffer)
    }

    /// Notes that the peer takes output.
    pub(crate) fn moves(&mut self) {
        self.has_moved = true;
    }

    /// Returns whether the peer has taken anything since the last call.
    pub(crate) fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.has_moved)
    }

    /// Counts all bytes from `start` on as paced.
    pub(crate) fn paced_from(&mut self, start: usize) {
        self.paced += self.buffer.len() - start;
    }

    /// Returns whether there is room for paced messages. Answers take none of it, so that a peer
    /// that sends requests without a pause still gets its events.
    pub(crate) fn has_room(&self, limits: &Limits) -> bool {
        self.paced < limits.outgoing_bytes.div_ceil(2)
    }

    /// Returns whether there is room for answers. Paced messages take none of it, so that a peer is
    /// still read although a handler never stops sending.
    pub(crate) fn has_room_for_answers(&self, limits: &Limits) -> bool {
        self.buffer.len() - self.paced < limits.outgoing_bytes
    }

    /// Waits until there is room for paced messages.
    pub(crate) fn poll_room(&mut self, context: &Context<'_>, limits: &Limits) -> Poll<()> {
        if self.has_room(limits) {
            return Poll::Ready(());
        }
        self.wake_when_taken(context);
        Poll::Pending
    }

    /// Wakes the task when the host takes the output.
    pub(crate) fn wake_when_taken(&mut self, context: &Context<'_>) {
        if !self.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            self.waiting.push(context.waker().clone());
        }
    }

    /// Writes one message; on an error nothing was written.
    pub(crate) fn write<F>(&mut self, write: F) -> Result<(), EncodeError>
    where
        F: FnOnce(Serializer, &mut Vec<u8>) -> Result<(), EncodeError>,
    {
        if self.buffer.capacity() == 0 {
            // One allocation that suffices for most messages, instead of growing from nothing.
            self.buffer = Vec::with_capacity(FIRST_BYTES);
        }
        let mut message =
            UnfinishedMessage { start: self.buffer.len(), buffer: &mut self.buffer, sealed: false };
        let start = message.start + self.framing.reserve + self.delimiter.reserve();
        message.buffer.resize(start, 0);
        write(self.serializer, message.buffer)?;
        if let Some(sent) = &self.sent {
            sent.count(&message.buffer[start..]);
        }
        self.delimiter.complete(message.buffer, start);
        (self.framing.seal)(message.buffer, message.start, self.serializer.is_binary());
        message.sealed = true;
        if !self.is_attended
            && let Some(host) = self.host.take()
        {
            host.wake();
        }
        Ok(())
    }

    /// Writes a message without payload, which cannot fail.
    pub(crate) fn send(&mut self, message: &impl Serialize) {
        self.write(|serializer, out| serializer.write(out, message)).expect(INFALLIBLE);
    }

    /// Copies a message that was encoded for several sessions.
    pub(crate) fn copy(&mut self, message: &[u8]) {
        let copied = self.write(|_, out| {
            out.extend_from_slice(message);
            Ok(())
        });
        copied.expect(INFALLIBLE);
    }

    /// Writes a RESULT of at most `limit` bytes.
    pub(crate) fn result<F>(
        &mut self,
        request: RequestId,
        details: &Details<'_>,
        limit: usize,
        writer: F,
    ) -> Result<(), crate::error::Error>
    where
        F: FnOnce(&mut ArgumentsWriter<'_>) -> Result<(), EncodeError>,
    {
        let mut length = 0;
        let written = self.write(|serializer, out| {
            let start = out.len();
            message::result(serializer, out, request, details, writer)?;
            length = out.len() - start;
            if length > limit { Err(EncodeError::new("too long")) } else { Ok(()) }
        });
        written.map_err(|error| {
            if length > limit {
                crate::error::Error::too_long(length, limit)
            } else {
                crate::error::Error::encoding(&error)
            }
        })
    }
}

/// Rolls back an unfinished message whose `Serialize` failed or panicked.
struct UnfinishedMessage<'b> {
    buffer: &'b mut Vec<u8>,
    start: usize,
    sealed: bool,
}

impl Drop for UnfinishedMessage<'_> {
    fn drop(&mut self) {
        if !self.sealed {
            self.buffer.truncate(self.start);
        }
    }
}
