//! A session as the rest of the router sees it.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::codec::serializer::Serializer;
use crate::id::SessionId;
use crate::identity::Identity;
use crate::message::ClientFeatures;
use crate::session::mailbox::Mailbox;
use crate::session::routed_call::OpenInvocations;
use crate::session::testament::Testaments;

/// A session as the rest of the router sees it: its identity, and the mailbox for what it is to
/// receive.
#[derive(Debug)]
pub(crate) struct SessionHandle {
    pub(crate) id: SessionId,
    pub(crate) identity: Identity,
    /// The realm's trust level for the session, if it has levels (N-05).
    pub(crate) trustlevel: Option<u32>,
    /// The features that the client announced in HELLO.
    pub(crate) features: ClientFeatures,
    pub(crate) serializer: Serializer,
    /// The client's address, if the host knows it.
    pub(crate) address: Option<IpAddr>,
    pub(crate) mailbox: Mailbox,
    /// False for the session of a single request, of which the meta API does not tell.
    pub(crate) is_listed: bool,
    /// Calls that the session has to answer.
    pub(crate) invocations: OpenInvocations,
    /// Events that are published when the session ends.
    pub(crate) testaments: Mutex<Testaments>,
    is_silenced: AtomicBool,
    /// True while the session publishes the testaments of sessions that have left.
    is_heir: AtomicBool,
    /// The count of calls of [`forget_decisions`](Self::forget_decisions).
    forgotten_decisions: AtomicU64,
}

impl SessionHandle {
    pub(crate) fn new(
        id: SessionId,
        identity: Identity,
        trustlevel: Option<u32>,
        features: ClientFeatures,
        serializer: Serializer,
        address: Option<IpAddr>,
        mailbox: Mailbox,
    ) -> Self {
        Self {
            id,
            identity,
            trustlevel,
            features,
            serializer,
            address,
            mailbox,
            is_listed: true,
            invocations: OpenInvocations::default(),
            testaments: Mutex::default(),
            is_silenced: AtomicBool::new(false),
            is_heir: AtomicBool::new(false),
            forgotten_decisions: AtomicU64::new(0),
        }
    }

    /// Suppresses the meta event of the session's end (K-10).
    pub(crate) fn silence(&self) {
        self.is_silenced.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_silenced(&self) -> bool {
        self.is_silenced.load(Ordering::Relaxed)
    }

    /// Makes the session publish the testaments of others, in its turns. Returns false if it is
    /// about to leave as well.
    pub(crate) fn inherit(&self) -> bool {
        // Stored before the mailbox's lock is taken. The session loads it after taking that lock,
        // to tell whom to wake.
        self.is_heir.store(true, Ordering::Relaxed);
        let stays = self.mailbox.wake();
        if !stays {
            self.disinherit();
        }
        stays
    }

    /// Ends the publishing of others' testaments: all are published.
    pub(crate) fn disinherit(&self) {
        self.is_heir.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_heir(&self) -> bool {
        self.is_heir.load(Ordering::Relaxed)
    }

    /// Makes the session forget its authorisers' decisions. The session compares the count before
    /// it relies on a decision, and before it remembers one.
    pub(crate) fn forget_decisions(&self) {
        self.forgotten_decisions.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns how often [`forget_decisions`](Self::forget_decisions) was called.
    pub(crate) fn forgotten_decisions(&self) -> u64 {
        self.forgotten_decisions.load(Ordering::Acquire)
    }
}
