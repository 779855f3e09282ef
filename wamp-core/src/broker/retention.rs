//! Retained events of one realm: what later subscribers are shown of a topic (E-01 … E-06).

mod shares;
mod store;

use parking_lot::{Mutex, MutexGuard};

use super::event::{Event, Retainer};
use crate::limits::Limits;
use crate::pattern::Patterns;
use crate::principal::Principal;
use shares::Account;
pub(super) use store::Store;

/// What a declaration of a topic says about the events of clients.
#[derive(Copy, Clone, Debug)]
pub(crate) struct RetentionRule {
    /// The declaration's number, from 1.
    pub(crate) declaration: usize,
    /// So many of the topics' events may be kept; `None` where it does not allow it.
    pub(crate) up_to: Option<usize>,
}

/// Retained events of one realm.
#[derive(Debug)]
pub(super) struct Retention {
    /// By the topics that are declared for publishers.
    rules: Patterns<RetentionRule>,
    store: Mutex<Store>,
}

/// While it is held, no event of the realm becomes a retained one.
pub(super) type Held<'r> = MutexGuard<'r, Store>;

/// Where an event is to be kept.
#[derive(Debug)]
pub(super) struct Place {
    account: Account,
    /// So many events may the declaration have.
    up_to: usize,
}

impl Retention {
    pub(super) fn new(rules: Patterns<RetentionRule>, limits: &Limits) -> Self {
        Self { rules, store: Mutex::new(Store::new(limits)) }
    }

    /// Keeps events from being retained, so that a subscription begins with what was retained before it and goes on with
    /// what comes after.
    pub(super) fn hold(&self) -> Held<'_> {
        self.store.lock()
    }

    /// Where the event is to be kept, if its publisher asks for it and the topic allows it (E-05).
    pub(super) fn place(&self, event: &Event<'_>) -> Option<Place> {
        let retainer = event.retainer?;
        let rule = self.rules.find(event.topic);
        let (principal, up_to) = match retainer {
            // Whatever the topic: clients' events and the server's are counted apart.
            Retainer::Server => (Principal::Server, usize::MAX),
            Retainer::Client(peer) => (Principal::of(&peer.identity, peer.address), rule?.up_to?),
        };
        let declaration = rule.map_or(0, |rule| rule.declaration);
        Some(Place { account: Account { declaration, principal }, up_to })
    }
}
