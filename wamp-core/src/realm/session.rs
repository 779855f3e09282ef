//! The session of a client, as handlers and the application hold it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::panic::CatchDrop;
use crate::id::SessionId;
use crate::identity::Identity;
use crate::realm::Realm;
use crate::session::handle::SessionHandle;

/// The session of a client: its id, identity and realm.
///
/// A clone may outlive the session, and be used on any thread.
///
/// ```
/// use wamp_core::Session;
///
/// /// Returns the caller's identity.
/// async fn whoami(session: Session) -> String {
///     format!("{} ({}) in {}", session.authid(), session.authrole(), session.realm().name())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    handle: Arc<SessionHandle>,
    realm: Realm,
    data: SessionData,
}

impl Session {
    pub(crate) fn new(handle: Arc<SessionHandle>, realm: Realm) -> Self {
        Self(Arc::new(Inner { handle, realm, data: SessionData::default() }))
    }

    pub(crate) fn handle(&self) -> &Arc<SessionHandle> {
        &self.0.handle
    }

    /// Returns the session's id, which WELCOME contains.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.0.handle.id
    }

    /// Returns the authentication id that the router assigned.
    #[must_use]
    pub fn authid(&self) -> &str {
        &self.0.handle.identity.authid
    }

    /// Returns the authentication role that the router assigned.
    #[must_use]
    pub fn authrole(&self) -> &str {
        &self.0.handle.identity.authrole
    }

    /// Returns the method by which the session was authenticated.
    #[must_use]
    pub fn authmethod(&self) -> &str {
        &self.0.handle.identity.authmethod
    }

    /// Returns the trust level of the session's role, if the realm has levels:
    /// [`RealmBuilder::trustlevel`](crate::RealmBuilder::trustlevel).
    #[must_use]
    pub fn trustlevel(&self) -> Option<u32> {
        self.0.handle.trustlevel
    }

    /// Returns the session's identity, which WELCOME contains.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.0.handle.identity
    }

    /// Returns the realm that the session joined.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.0.realm
    }

    /// Returns the application's own values, which are kept until the last clone of the session is
    /// dropped.
    #[must_use]
    pub fn data(&self) -> &SessionData {
        &self.0.data
    }

    /// Makes the session forget its authorisers' decisions: they are asked about every request that
    /// it reads after this returns. Its subscriptions and registrations stay.
    pub fn forget_decisions(&self) {
        self.0.handle.forget_decisions();
    }

    /// Ends the session with GOODBYE and this reason, a URI such as `wamp.close.killed`. A text
    /// that is not a URI is sent as `Details.message`, with the reason `wamp.close.normal`. Does
    /// nothing once the session has ended.
    pub fn close(&self, reason: impl Into<String>) {
        self.0.handle.mailbox.close(reason.into(), None);
    }
}

/// Values of the application that belong to one session, one of each type.
///
/// ```
/// use wamp_core::Session;
///
/// struct Cart(Vec<String>);
///
/// async fn items(session: Session) -> usize {
///     session.data().get::<Cart>().map_or(0, |cart| cart.0.len())
/// }
/// ```
#[derive(Default)]
pub struct SessionData(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl SessionData {
    /// Stores a value in place of an earlier one of the same type, and returns it.
    pub fn insert<T: Any + Send + Sync>(&self, value: T) -> Arc<T> {
        let value = Arc::new(value);
        // An earlier value is dropped after the lock is released: its `Drop` is the application's
        // code.
        let _earlier = self
            .0
            .lock()
            .insert(TypeId::of::<T>(), Arc::clone(&value) as Arc<dyn Any + Send + Sync>);
        value
    }

    /// Returns the value of this type.
    #[must_use]
    pub fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let value = self.0.lock().get(&TypeId::of::<T>()).cloned();
        value?.downcast().ok()
    }

    /// Removes the value of this type.
    pub fn remove<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let value = self.0.lock().remove(&TypeId::of::<T>());
        value?.downcast().ok()
    }
}

/// Drops each value with care: a `Drop` that panics must not take the connection with it.
impl Drop for SessionData {
    fn drop(&mut self) {
        self.0.get_mut().drain().for_each(|(_, value)| drop(CatchDrop::new(value)));
    }
}

impl std::fmt::Debug for SessionData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionData").finish_non_exhaustive()
    }
}
