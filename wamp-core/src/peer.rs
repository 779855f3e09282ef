//! A session as the rest of the router sees it.

use crate::id::SessionId;
use crate::identity::Identity;
use crate::limits::Limits;
use crate::mailbox::Mailbox;
use crate::serializer::Serializer;

/// A session as the rest of the router sees it: who it is, and where to put what it shall get.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) id: SessionId,
    pub(crate) identity: Identity,
    pub(crate) serializer: Serializer,
    pub(crate) mailbox: Mailbox,
}

impl Peer {
    pub(crate) fn new(identity: Identity, serializer: Serializer, limits: &Limits) -> Self {
        Self { id: SessionId::random(), identity, serializer, mailbox: Mailbox::new(limits) }
    }
}
