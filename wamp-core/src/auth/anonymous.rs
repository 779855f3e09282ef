//! Anonymous sessions.

use super::{Attempt, Authenticating, Exchange, Method};
use crate::identity::ANONYMOUS;
use crate::identity::Identity;

/// Admits clients without a login, each with a random authid (A-20).
///
/// A realm without any method admits anonymous clients too; a realm with other methods only if it
/// declares this one.
///
/// ```
/// use wamp_core::{Anonymous, Realm, RealmBuilder};
/// let realm: RealmBuilder = Realm::new("shop").authenticate(Anonymous::new().role("visitor"));
/// ```
#[derive(Clone, Debug)]
pub struct Anonymous {
    role: String,
}

impl Anonymous {
    /// Creates the method; its sessions have the role `anonymous`.
    #[must_use]
    pub fn new() -> Self {
        Self { role: ANONYMOUS.into() }
    }

    /// Replaces the role of its sessions.
    #[must_use]
    pub fn role(mut self, authrole: impl Into<String>) -> Self {
        self.role = authrole.into();
        self
    }
}

impl Default for Anonymous {
    fn default() -> Self {
        Self::new()
    }
}

impl Method for Anonymous {
    fn names(&self) -> Vec<String> {
        vec![ANONYMOUS.into()]
    }

    fn authenticate(&self, _: Attempt, _: Exchange) -> Authenticating {
        let identity = Identity { authrole: self.role.clone(), ..Identity::anonymous() };
        Box::pin(async { Ok(identity) })
    }
}
