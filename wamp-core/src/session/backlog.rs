//! The bytes that wait in the queues of all sessions of a router together.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::id::SessionId;
use crate::limits::Limits;
use crate::session::handle::SessionHandle;

/// The sessions of a realm.
pub(crate) type Sessions = Mutex<HashMap<SessionId, Arc<SessionHandle>>>;

/// The bytes that wait for all sessions of a router: encoded events, which sessions share, so that
/// each is counted once as long as it is in any queue; routed calls and their answers, which wait
/// for one session each; and testaments that are not published yet.
#[derive(Debug)]
pub(crate) struct Backlog {
    bytes: AtomicUsize,
    most: usize,
    realms: Mutex<Vec<Weak<Sessions>>>,
}

/// An encoded event, which is counted until its last copy is dropped.
struct Counted {
    message: Vec<u8>,
    backlog: Arc<Backlog>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.message
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.backlog.remove(self.message.capacity());
    }
}

impl Backlog {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            bytes: AtomicUsize::new(0),
            most: limits.queued_bytes_total,
            realms: Mutex::default(),
        })
    }

    /// Adds the sessions of another realm to those that may be cut off.
    pub(crate) fn watch(&self, sessions: &Arc<Sessions>) {
        self.realms.lock().push(Arc::downgrade(sessions));
    }

    /// Counts an encoded event, and returns it for any number of sessions.
    pub(crate) fn share(self: &Arc<Self>, message: Vec<u8>) -> Bytes {
        self.add(message.capacity());
        Bytes::from_owner(Counted { message, backlog: Arc::clone(self) })
    }

    pub(crate) fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts `bytes` of unpublished testaments, unless they would take more than half of the
    /// limit.
    pub(crate) fn keep(&self, bytes: usize) -> bool {
        let fits = self.bytes.load(Ordering::Relaxed) + bytes <= self.most / 2;
        if fits {
            self.add(bytes);
        }
        fits
    }

    pub(crate) fn remove(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Cuts off the sessions that are furthest behind, until the limit is kept. The caller may hold
    /// no lock.
    pub(crate) fn relieve(&self) {
        if self.is_within(0) {
            return;
        }
        // If another thread is doing this already, it is left to that thread.
        let Some(realms) = self.realms.try_lock() else { return };
        let sessions = realms.iter().filter_map(Weak::upgrade).flat_map(|sessions| {
            let sessions: Vec<_> = sessions.lock().values().cloned().collect();
            sessions
        });
        let mut behind: Vec<_> =
            sessions.map(|session| (session.mailbox.waiting_bytes(), session)).collect();
        behind.sort_unstable_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        let mut leaving = 0;
        for (bytes, session) in behind {
            if bytes == 0 || self.is_within(leaving) {
                return;
            }
            leaving += session.mailbox.cut_off();
        }
    }

    /// Returns whether the limit is kept once `leaving` bytes are gone.
    fn is_within(&self, leaving: usize) -> bool {
        self.bytes.load(Ordering::Relaxed).saturating_sub(leaving) <= self.most
    }
}
