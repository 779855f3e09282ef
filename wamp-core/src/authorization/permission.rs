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
    replacing: bool,
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
        Self { allowed, replacing: false, remembered: None }
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

    /// The same, and a registration may take the procedure over from the client that has it, if that is
    /// [asked](crate::Authorization::replaces). Where several authorisers are asked, all must say so. Else the client gets
    /// `wamp.error.procedure_already_exists` if the procedure is taken.
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

    /// Whether the client may.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        self.allowed
    }

    /// What two authorisers allow who must both allow it: no more, and for no longer, than each of them.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            allowed: self.allowed && other.allowed,
            replacing: self.replacing && other.replacing,
            remembered: self.remembered.zip(other.remembered).map(|(one, two)| one.min(two)),
        }
    }

    pub(super) fn decision(self) -> Decision {
        let Self { allowed, replacing, .. } = self;
        if allowed {
            Ok(Granted { replacing })
        } else {
            Err(Error::not_authorized("the realm does not allow it"))
        }
    }
}

/// Whether a request may go on, or the ERROR that answers it.
pub(crate) type Decision = Result<Granted, Error>;

/// What a request that may go on may do.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Granted {
    /// To register a procedure in place of who has it.
    pub(crate) replacing: bool,
}
