//! Registrations of clients in one realm, and the choice of the callee.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use rand::RngExt as _;

use crate::id::{RegistrationId, SessionId};
use crate::message::{InvokePolicy, RegisterOptions};
use crate::realm::pattern::{Candidates, Index, Pattern};
use crate::session::handle::SessionHandle;
use crate::session::routed_call::RoutedMessage;
use crate::timestamp::Timestamp;

/// Registrations of clients in one realm.
///
/// Locks are taken in this order: the table, a registration.
#[derive(Debug)]
pub(crate) struct Dealer {
    table: RwLock<Table>,
    last_id: AtomicU64,
}

#[derive(Debug, Default)]
struct Table {
    by_pattern: Index<Arc<Registration>>,
    by_id: HashMap<RegistrationId, Arc<Registration>>,
}

/// One registration, with its callees.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) id: RegistrationId,
    pub(crate) pattern: Pattern,
    pub(crate) invoke: InvokePolicy,
    pub(crate) created: Timestamp,
    callees: Mutex<Callees>,
}

#[derive(Debug, Default)]
struct Callees {
    /// The callees in the order in which they registered (H-09).
    list: Vec<Callee>,
    /// The index of the callee of the next call.
    next: usize,
}

/// A session that registered the procedure.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    pub(crate) handle: Arc<SessionHandle>,
    /// True if the callee enforces the timeout of calls itself (TO-03).
    pub(crate) forward_timeout: bool,
    /// True if the callee asked to be told the callers' identities (DI-04).
    pub(crate) disclose_caller: bool,
}

/// The result of a REGISTER.
#[derive(Debug)]
pub(crate) struct Registering {
    pub(crate) registered: Arc<Registration>,
    /// True if the registration is new; false if the callee was added to it, or had it already.
    pub(crate) is_new: bool,
    /// True if the callee did not have it already.
    pub(crate) is_added: bool,
    /// The registration that this one replaced.
    pub(crate) replaced: Option<Replaced>,
}

/// A registration that another one replaced.
#[derive(Debug)]
pub(crate) struct Replaced {
    pub(crate) id: RegistrationId,
    /// Its callees, in the order in which they registered.
    pub(crate) callees: Vec<Callee>,
}

impl Dealer {
    /// Creates the dealer of a realm whose own procedures have the ids up to `last_id`.
    pub(crate) fn new(last_id: u64) -> Self {
        Self { table: RwLock::default(), last_id: AtomicU64::new(last_id) }
    }

    /// Adds a callee. Returns `None` if the procedure is registered already and not shared with
    /// this policy (R-02, H-08). A callee that `replaces` takes the procedure over from all that
    /// have it with this policy.
    pub(crate) fn register(
        &self,
        pattern: &Pattern,
        options: &RegisterOptions,
        handle: &Arc<SessionHandle>,
        replaces: bool,
    ) -> Option<Registering> {
        let registering = self.add(pattern, options, handle, replaces)?;
        if let Some(Replaced { id, callees }) = &registering.replaced {
            callees.iter().for_each(|callee| tell_revoked(&callee.handle, *id, None)); // C11
        }
        Some(registering)
    }

    fn add(
        &self,
        pattern: &Pattern,
        options: &RegisterOptions,
        handle: &Arc<SessionHandle>,
        replaces: bool,
    ) -> Option<Registering> {
        let invoke = options.invoke.unwrap_or_default();
        let callee = Callee {
            handle: Arc::clone(handle),
            forward_timeout: options.forward_timeout == Some(true),
            disclose_caller: options.disclose_caller == Some(true),
        };
        let mut table = self.table.write();
        let mut replaced = None;
        if let Some(registered) = table.by_pattern.get(pattern).cloned() {
            let is_same = registered.invoke == invoke;
            if replaces && is_same {
                table.by_id.remove(&registered.id);
                let callees = std::mem::take(&mut registered.callees.lock().list);
                replaced = Some(Replaced { id: registered.id, callees });
            } else {
                // A callee that wants to take the procedure over, but may not, is not added to a
                // shared registration instead.
                let is_shared = is_same && invoke != InvokePolicy::Single && !options.replaces();
                let is_added = is_shared && registered.callees.lock().add(callee);
                let registering = Registering { registered, is_new: false, is_added, replaced };
                return is_shared.then_some(registering);
            }
        }
        let registered = Arc::new(Registration {
            id: self.next_id(),
            pattern: pattern.clone(),
            invoke,
            created: Timestamp::now(),
            callees: Mutex::new(Callees { list: vec![callee], next: 0 }),
        });
        table.by_pattern.insert(pattern, Arc::clone(&registered));
        table.by_id.insert(registered.id, Arc::clone(&registered));
        Some(Registering { registered, is_new: true, is_added: true, replaced })
    }

    /// Removes a callee; the last one ends the registration (H-12). Returns whether the
    /// registration has ended, or `None` if the session was not its callee.
    pub(crate) fn unregister(&self, id: RegistrationId, callee: SessionId) -> Option<bool> {
        let mut table = self.table.write();
        let registered = Arc::clone(table.by_id.get(&id)?);
        let is_last = registered.callees.lock().remove(callee)?;
        if is_last {
            table.by_pattern.remove(&registered.pattern);
            table.by_id.remove(&id);
        }
        Some(is_last)
    }

    /// Ends a callee's registration on the router's initiative (RR-04); otherwise as
    /// [`unregister`](Self::unregister).
    pub(crate) fn revoke(
        &self,
        id: RegistrationId,
        callee: SessionId,
        reason: Option<String>,
    ) -> Option<bool> {
        let registered = Arc::clone(self.table.read().by_id.get(&id)?);
        let handle = registered.callees.lock().find(callee)?;
        // The callee may have unregistered in between.
        let is_last = self.unregister(id, callee)?;
        tell_revoked(&handle, id, reason);
        Some(is_last)
    }

    /// Returns whether a session is a callee of a registration.
    pub(crate) fn has_callee(&self, id: RegistrationId, session: SessionId) -> bool {
        let table = self.table.read();
        table
            .by_id
            .get(&id)
            .is_some_and(|registered| registered.callees.lock().find(session).is_some())
    }

    /// Returns all registrations, by id.
    pub(crate) fn registrations(&self) -> Vec<Arc<Registration>> {
        let mut all: Vec<_> = self.table.read().by_id.values().cloned().collect();
        all.sort_unstable_by_key(|registered| registered.id);
        all
    }

    /// Counts the registrations.
    pub(crate) fn count(&self) -> usize {
        self.table.read().by_id.len()
    }

    /// Returns the registrations that can serve a URI.
    pub(crate) fn procedures(&self, uri: &str) -> Candidates<Arc<Registration>> {
        self.table.read().by_pattern.candidates(uri).map(Arc::clone)
    }

    fn next_id(&self) -> RegistrationId {
        let number = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        RegistrationId::new(number).expect("2^53 registrations take longer than a process lives")
    }
}

fn tell_revoked(callee: &SessionHandle, registration: RegistrationId, reason: Option<String>) {
    // If the callee has left, it need not be told.
    let _ = callee.mailbox.routing(RoutedMessage::Revoked { registration, reason });
}

impl Registration {
    /// Returns the sessions of its callees, in the order in which they registered.
    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        self.callees.lock().list.iter().map(|callee| callee.handle.id).collect()
    }

    /// Returns the callee of the next call, chosen by the policy of the registration (H-09); `None`
    /// if the last one has just left.
    pub(crate) fn select(&self) -> Option<Callee> {
        self.callees.lock().select(self.invoke).cloned()
    }
}

impl Callees {
    /// Adds a callee. Returns false if the session is one already (H-11).
    fn add(&mut self, callee: Callee) -> bool {
        let is_new = self.list.iter().all(|other| other.handle.id != callee.handle.id);
        if is_new {
            self.list.push(callee);
        }
        is_new
    }

    fn find(&self, session: SessionId) -> Option<Arc<SessionHandle>> {
        self.list
            .iter()
            .find(|callee| callee.handle.id == session)
            .map(|callee| Arc::clone(&callee.handle))
    }

    /// Removes a session. Returns whether no callee is left, or `None` if the session is not one.
    fn remove(&mut self, session: SessionId) -> Option<bool> {
        let at = self.list.iter().position(|callee| callee.handle.id == session)?;
        self.list.remove(at);
        // Keeps the turn of the callee after the removed one.
        if at < self.next {
            self.next -= 1;
        }
        Some(self.list.is_empty())
    }

    fn select(&mut self, invoke: InvokePolicy) -> Option<&Callee> {
        match invoke {
            InvokePolicy::Single | InvokePolicy::First => self.list.first(),
            InvokePolicy::Last => self.list.last(),
            InvokePolicy::Random if self.list.is_empty() => None,
            InvokePolicy::Random => self.list.get(rand::rng().random_range(0..self.list.len())),
            InvokePolicy::RoundRobin => {
                let at = if self.next < self.list.len() { self.next } else { 0 };
                self.next = at + 1;
                self.list.get(at)
            }
        }
    }
}
