//! Sessions of strangers.

use super::{Attempt, Authenticating, Authenticator, Exchange};
use crate::identity::ANONYMOUS;
use crate::identity::Identity;

/// Lets strangers in, each with an authid of its own (A-20).
///
/// A realm without any method serves strangers too; with others, it does so where this one is declared.
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
    /// Strangers have the role `anonymous`.
    #[must_use]
    pub fn new() -> Self {
        Self { role: ANONYMOUS.into() }
    }

    /// Strangers have this role instead.
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

impl Authenticator for Anonymous {
    fn names(&self) -> Vec<String> {
        vec![ANONYMOUS.into()]
    }

    fn authenticate(&self, _: Attempt, _: Exchange) -> Authenticating {
        let identity = Identity { authrole: self.role.clone(), ..Identity::anonymous() };
        Box::pin(async { Ok(identity) })
    }
}
