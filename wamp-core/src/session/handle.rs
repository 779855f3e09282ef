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

/// A session as the rest of the router sees it: who it is, and where to put what it shall get.
#[derive(Debug)]
pub(crate) struct SessionHandle {
    pub(crate) id: SessionId,
    pub(crate) identity: Identity,
    /// How far its realm trusts it, where that is a matter (N-05).
    pub(crate) trustlevel: Option<u32>,
    /// What it announced in HELLO.
    pub(crate) features: ClientFeatures,
    pub(crate) serializer: Serializer,
    /// The client's address, if the host knows it.
    pub(crate) address: Option<IpAddr>,
    pub(crate) mailbox: Mailbox,
    /// Calls that it has to answer.
    pub(crate) invocations: OpenInvocations,
    /// What it leaves to be published when it ends.
    pub(crate) testaments: Mutex<Testaments>,
    is_silenced: AtomicBool,
    /// The session publishes the testaments of others.
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
            invocations: OpenInvocations::default(),
            testaments: Mutex::default(),
            is_silenced: AtomicBool::new(false),
            is_heir: AtomicBool::new(false),
            forgotten_decisions: AtomicU64::new(0),
        }
    }

    /// Nobody shall be told when it ends (K-10).
    pub(crate) fn silence(&self) {
        self.is_silenced.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_silenced(&self) -> bool {
        self.is_silenced.load(Ordering::Relaxed)
    }

    /// Makes it publish what others have left, in its turns. False if it is about to leave as well.
    pub(crate) fn inherit(&self) -> bool {
        // Stored before the mailbox's lock is taken, and loaded by the session after it has taken that, to tell whom to wake.
        self.is_heir.store(true, Ordering::Relaxed);
        let stays = self.mailbox.wake();
        if !stays {
            self.disinherit();
        }
        stays
    }

    /// Everything is published.
    pub(crate) fn disinherit(&self) {
        self.is_heir.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_heir(&self) -> bool {
        self.is_heir.load(Ordering::Relaxed)
    }

    /// Lets the session forget its authorisers' decisions. It compares the count before it goes by a decision, and before it
    /// remembers one.
    pub(crate) fn forget_decisions(&self) {
        self.forgotten_decisions.fetch_add(1, Ordering::AcqRel);
    }

    /// The count of calls of [`forget_decisions`](Self::forget_decisions) so far.
    pub(crate) fn forgotten_decisions(&self) -> u64 {
        self.forgotten_decisions.load(Ordering::Acquire)
    }
}
