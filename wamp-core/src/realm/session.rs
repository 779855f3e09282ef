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

/// The session of a client: who it is, and where it is.
///
/// A copy may outlive the session, and be used on any thread.
///
/// ```
/// use wamp_core::Session;
///
/// /// Answers who is asking.
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

    /// The session's id, as WELCOME tells it.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.0.handle.id
    }

    /// The authentication id that was assigned.
    #[must_use]
    pub fn authid(&self) -> &str {
        &self.0.handle.identity.authid
    }

    /// The authentication role that was assigned.
    #[must_use]
    pub fn authrole(&self) -> &str {
        &self.0.handle.identity.authrole
    }

    /// How the session was authenticated.
    #[must_use]
    pub fn authmethod(&self) -> &str {
        &self.0.handle.identity.authmethod
    }

    /// How far the realm trusts the session's role, if it has levels: [`RealmBuilder::trustlevel`](crate::RealmBuilder::trustlevel).
    #[must_use]
    pub fn trustlevel(&self) -> Option<u32> {
        self.0.handle.trustlevel
    }

    /// Who the session is, as WELCOME told it.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.0.handle.identity
    }

    /// The realm that the session joined.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.0.realm
    }

    /// The application's own values, kept until the last copy of the session is gone.
    #[must_use]
    pub fn data(&self) -> &SessionData {
        &self.0.data
    }

    /// Lets the session remember nothing of what its realm's authorisers decided: whatever request it reads after this returns, they
    /// are asked about. Subscriptions and registrations that it has go on.
    pub fn forget_decisions(&self) {
        self.0.handle.forget_decisions();
    }

    /// Ends the session with GOODBYE and this reason, a URI such as `wamp.close.killed`. A text that is no URI goes out as
    /// `Details.message`, with the reason `wamp.close.normal`. Without effect once the session has ended.
    pub fn close(&self, reason: impl Into<String>) {
        self.0.handle.mailbox.close(reason.into(), None);
    }
}

/// Values of the application that belong to one session, one for each type.
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
    /// Keeps a value, in place of an earlier one of the same type.
    pub fn insert<T: Any + Send + Sync>(&self, value: T) -> Arc<T> {
        let value = Arc::new(value);
        // An earlier value is dropped after the lock is released: its `Drop` is the application's code.
        let _earlier =
            self.0.lock().insert(TypeId::of::<T>(), Arc::clone(&value) as Arc<dyn Any + Send + Sync>);
        value
    }

    /// The value of this type.
    #[must_use]
    pub fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let value = self.0.lock().get(&TypeId::of::<T>()).cloned();
        value?.downcast().ok()
    }

    /// Takes the value of this type out.
    pub fn remove<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let value = self.0.lock().remove(&TypeId::of::<T>());
        value?.downcast().ok()
    }
}

/// A value whose `Drop` panics must not take the connection with it.
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
