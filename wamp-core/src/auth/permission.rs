//! The decision of an authoriser.

use std::time::Duration;

use crate::error::{Error, WampError};

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
#[derive(Clone, Debug)]
#[must_use = "a closure that authorises returns it"]
pub struct Permission {
    verdict: Verdict,
    replacing: bool,
    /// The time, from the question on, for which the session may remember the decision;
    /// `Duration::MAX` means until it ends.
    pub(crate) remembered: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Verdict {
    Allowed,
    /// With the ERROR that the router has for a denial.
    Denied,
    /// With an ERROR of the authoriser's own.
    DeniedWith(Error),
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

    /// Denies the request with an ERROR of the application, which the client gets in place of
    /// `wamp.error.not_authorized`. An `Err` that the closure returns is a failure instead: the
    /// client gets `wamp.error.authorization_failed`, and the log the cause.
    ///
    /// ```
    /// use wamp_core::{Action, Authorization, Error, Permission};
    ///
    /// async fn paying(request: Authorization) -> Result<Permission, Error> {
    ///     if request.action() == Action::Call && request.session().authrole() == "trial" {
    ///         let unpaid = Error::new("shop.error.payment_required").kwarg("plan", "pro");
    ///         return Ok(Permission::deny_with(unpaid));
    ///     }
    ///     Ok(Permission::allow())
    /// }
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "an error is made in place")]
    pub fn deny_with(error: impl WampError) -> Self {
        Self { verdict: Verdict::DeniedWith(error.to_error()), replacing: false, remembered: None }
    }

    /// Allows the request if `allowed` is true, else denies it.
    pub const fn when(allowed: bool) -> Self {
        let verdict = if allowed { Verdict::Allowed } else { Verdict::Denied };
        Self { verdict, replacing: false, remembered: None }
    }

    /// Lets the session remember the decision for `time` from the moment when the authorisers were
    /// asked: meanwhile they are not asked about the same action on the same URI or pattern.
    /// [`Session::forget_decisions`](crate::Session::forget_decisions) and
    /// [`Realm::forget_decisions`](crate::Realm::forget_decisions) end that early.
    pub fn remembered_for(self, time: Duration) -> Self {
        Self { remembered: Some(time), ..self }
    }

    /// Lets the session remember the decision until it ends.
    pub fn remembered(self) -> Self {
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
    pub fn replacing(self) -> Self {
        Self { replacing: true, ..self }
    }

    /// Returns whether the request is allowed.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.verdict, Verdict::Allowed)
    }

    /// Combines the decisions of two authorisers: it allows only what both allow, and for the
    /// shorter time.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            verdict: if self.is_allowed() { other.verdict } else { self.verdict },
            replacing: self.replacing && other.replacing,
            remembered: self.remembered.zip(other.remembered).map(|(one, two)| one.min(two)),
        }
    }

    pub(crate) fn decision(self) -> Decision {
        match self.verdict {
            Verdict::Allowed => Ok(Granted { replacing: self.replacing }),
            Verdict::Denied => Err(Error::not_authorized("the realm does not allow it")),
            Verdict::DeniedWith(error) => Err(error.denying()),
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
