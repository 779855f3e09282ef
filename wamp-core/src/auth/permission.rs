//! The decision of an authoriser.

use std::time::Duration;

use crate::error::Error;

/// An authoriser's decision about one request. The authoriser is asked again for the next one,
/// unless the session may [remember](Self::remembered_for) the decision.
///
/// ```
/// use std::time::Duration;
/// use wamp_core::Permission;
///
/// let permission = Permission::allow().remembered_for(Duration::from_secs(60));
/// assert!(permission.is_allowed() && !Permission::when(1 > 2).is_allowed());
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[must_use = "a closure that authorises returns it"]
pub struct Permission {
    allowed: bool,
    replacing: bool,
    /// The time, from the question on, for which the session may remember the decision;
    /// `Duration::MAX` means until it ends.
    pub(crate) remembered: Option<Duration>,
}

impl Permission {
    /// Allows the request.
    pub const fn allow() -> Self {
        Self::when(true)
    }

    /// Denies the request: the client gets `wamp.error.not_authorized` (Z-01).
    pub const fn deny() -> Self {
        Self::when(false)
    }

    /// Allows the request if `allowed` is true, else denies it.
    pub const fn when(allowed: bool) -> Self {
        Self { allowed, replacing: false, remembered: None }
    }

    /// Lets the session remember the decision for `time` from the moment when the authorisers were
    /// asked: meanwhile they are not asked about the same action on the same URI or pattern.
    /// [`Session::forget_decisions`](crate::Session::forget_decisions) and
    /// [`Realm::forget_decisions`](crate::Realm::forget_decisions) end that early.
    pub const fn remembered_for(self, time: Duration) -> Self {
        Self { remembered: Some(time), ..self }
    }

    /// Lets the session remember the decision until it ends.
    pub const fn remembered(self) -> Self {
        self.remembered_for(Duration::MAX)
    }

    /// Lets a registration take the procedure over from the client that has it, if the client [asks
    /// for that](crate::Authorization::replaces). Where several authorisers are asked, all must say
    /// so. Without it the client gets `wamp.error.procedure_already_exists` if the procedure is
    /// taken.
    ///
    /// ```
    /// use wamp_core::{Authorization, Error, Permission};
    ///
    /// /// Each device has procedures of its own, and takes them over when it comes back.
    /// async fn devices(request: Authorization) -> Result<Permission, Error> {
    ///     let own = request.uri().and_then(|uri| uri.strip_prefix("device.")?.split('.').next());
    ///     Ok(Permission::when(own == Some(request.session().authid())).replacing())
    /// }
    /// ```
    pub const fn replacing(self) -> Self {
        Self { replacing: true, ..self }
    }

    /// Returns whether the request is allowed.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        self.allowed
    }

    /// Combines the decisions of two authorisers: it allows only what both allow, and for the
    /// shorter time.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            allowed: self.allowed && other.allowed,
            replacing: self.replacing && other.replacing,
            remembered: self.remembered.zip(other.remembered).map(|(one, two)| one.min(two)),
        }
    }

    pub(crate) fn decision(self) -> Decision {
        let Self { allowed, replacing, .. } = self;
        if allowed {
            Ok(Granted { replacing })
        } else {
            Err(Error::not_authorized("the realm does not allow it"))
        }
    }
}

/// The permission of a request that is allowed, or the ERROR that answers it.
pub(crate) type Decision = Result<Granted, Error>;

/// The permission of a request that is allowed.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Granted {
    /// True if the request may take a procedure over from the client that has registered it.
    pub(crate) replacing: bool,
}
