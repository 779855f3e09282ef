//! A session as the rest of the router sees it.

use crate::id::SessionId;
use crate::identity::Identity;
use crate::limits::Limits;
use crate::mailbox::Mailbox;
use crate::message::ClientFeatures;
use crate::serializer::Serializer;

/// A session as the rest of the router sees it: who it is, and where to put what it shall get.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) id: SessionId,
    pub(crate) identity: Identity,
    /// What it announced in HELLO.
    #[allow(dead_code, reason = "the features that depend on it land next")]
    pub(crate) features: ClientFeatures,
    pub(crate) serializer: Serializer,
    pub(crate) mailbox: Mailbox,
}

impl Peer {
    pub(crate) fn new(
        identity: Identity,
        features: ClientFeatures,
        serializer: Serializer,
        limits: &Limits,
    ) -> Self {
        Self { id: SessionId::random(), identity, features, serializer, mailbox: Mailbox::new(limits) }
    }
}
