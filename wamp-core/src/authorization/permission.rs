//! What an authoriser decides.

use std::time::Duration;

use crate::error::Error;

/// What an authoriser decides about one request. It is asked again for the next one, unless the session may
/// [remember](Self::remembered_for) the decision.
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
    /// How long after the question the session may go by it; `Duration::MAX` is until it ends.
    pub(super) remembered: Option<Duration>,
}

impl Permission {
    /// The client may.
    pub const fn allow() -> Self {
        Self::when(true)
    }

    /// The client may not: it gets `wamp.error.not_authorized` (Z-01).
    pub const fn deny() -> Self {
        Self::when(false)
    }

    /// The client may if this holds.
    pub const fn when(allowed: bool) -> Self {
        Self { allowed, remembered: None }
    }

    /// The same, and the session goes by it for so long from when it was asked: for the same action on the same URI or pattern, no
    /// authoriser is asked meanwhile. [`Session::forget_decisions`](crate::Session::forget_decisions) and
    /// [`Realm::forget_decisions`](crate::Realm::forget_decisions) end that early.
    pub const fn remembered_for(self, time: Duration) -> Self {
        Self { remembered: Some(time), ..self }
    }

    /// The same, and the session goes by it until it ends, as [`remembered_for`](Self::remembered_for) without a limit.
    pub const fn remembered(self) -> Self {
        self.remembered_for(Duration::MAX)
    }

    /// Whether the client may.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        self.allowed
    }

    /// What two authorisers allow who must both allow it: no more, and for no longer, than each of them.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            allowed: self.allowed && other.allowed,
            remembered: self.remembered.zip(other.remembered).map(|(one, two)| one.min(two)),
        }
    }

    pub(super) fn decision(self) -> Decision {
        if self.allowed { Ok(Granted {}) } else { Err(Error::not_authorized("the realm does not allow it")) }
    }
}

/// Whether a request may go on, or the ERROR that answers it.
pub(crate) type Decision = Result<Granted, Error>;

/// What a request that may go on may do.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Granted {}
