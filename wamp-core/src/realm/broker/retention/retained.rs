//! One retained event, as it is shown to later subscribers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::codec::payload::Payload;
use crate::codec::serializer::{EncodeError, Serializer};
use crate::codec::value::Format;
use crate::id::SubscriptionId;
use crate::limits::Limits;
use crate::message::{self, EventDetails};
use crate::realm::broker::event::{Event, Kept};
use crate::session::handle::SessionHandle;

/// An event that is shown to later subscribers.
#[derive(Debug)]
pub(crate) struct Retained {
    kept: Kept,
    /// The payload in other formats, transcoded at first use; `None` if a format cannot express it.
    transcoded: Mutex<Vec<(Format, Option<Payload>)>>,
    room: Arc<Room>,
}

/// The bound on transcoded payloads of a realm: as many bytes as the events themselves.
#[derive(Debug)]
pub(super) struct Room {
    left: AtomicUsize,
    /// The length in bytes of the longest payload that may be sent.
    longest: usize,
}

impl Room {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { left: AtomicUsize::new(limits.retained_bytes), longest: limits.queued_bytes }
    }

    /// Refuses a payload that is too long to be sent, as it would be when it is published.
    fn admit(&self, payload: Payload) -> Result<Payload, EncodeError> {
        let bytes = payload.kept_bytes();
        if bytes > self.longest {
            return Err(EncodeError::new(format!("{bytes} bytes, more than `queued_bytes`")));
        }
        Ok(payload)
    }

    /// Takes `bytes` bytes of the room. Returns false, and takes none, if there is less.
    fn take(&self, bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(bytes);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Retained {
    pub(super) fn new(event: &Event<'_>, room: &Arc<Room>) -> Self {
        Self { kept: Kept::of(event), transcoded: Mutex::default(), room: Arc::clone(room) }
    }

    pub(in crate::realm::broker) fn topic(&self) -> &str {
        &self.kept.topic
    }

    /// Returns about how many bytes of memory it takes, without transcoded payloads.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() - size_of::<Kept>() + self.kept.bytes()
    }

    pub(super) fn reaches(&self, session: &SessionHandle) -> bool {
        self.kept.event().reaches(session)
    }

    /// Returns whether this event replaces an older one: no later subscriber would be shown the
    /// older one.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        self.kept.replaces(&other.kept)
    }

    /// Writes the EVENT for a later subscriber: with its original publication id (E-03), marked as
    /// retained.
    pub(crate) fn write(
        &self,
        serializer: Serializer,
        out: &mut Vec<u8>,
        subscription: SubscriptionId,
        by_pattern: bool,
    ) -> Result<(), EncodeError> {
        let details = EventDetails { retained: true, ..self.kept.details(by_pattern) };
        let payload = self.payload(serializer.format())?;
        message::event(serializer, out, subscription, self.kept.publication, &details, &payload)
    }

    /// Returns the payload in a format; it is transcoded only once as long as there is room to keep
    /// it.
    pub(super) fn payload(&self, format: Format) -> Result<Payload, EncodeError> {
        if self.kept.payload.is_in(format) {
            return self.room.admit(self.kept.payload.clone());
        }
        let mut transcoded = self.transcoded.lock();
        if let Some((_, payload)) = transcoded.iter().find(|(of, _)| *of == format) {
            return payload
                .clone()
                .ok_or_else(|| EncodeError::new("it was tried before, when another asked"));
        }
        let payload =
            self.kept.payload.transcoded(format).and_then(|payload| self.room.admit(payload));
        if payload.as_ref().map_or(true, |payload| self.room.take(payload.kept_bytes())) {
            transcoded.push((format, payload.as_ref().ok().cloned()));
        }
        payload
    }
}

impl Drop for Retained {
    fn drop(&mut self) {
        let payloads = self.transcoded.get_mut().iter().filter_map(|(_, payload)| payload.as_ref());
        self.room.give_back(payloads.map(Payload::kept_bytes).sum());
    }
}
