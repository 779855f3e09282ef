//! Reasons to refuse a login.

use std::fmt;
use std::sync::Arc;

use crate::error::uris;

/// The reason to refuse a login.
///
/// The client learns no more than a predefined URI with a neutral text; in particular not whether
/// the authid or the secret was wrong (A-06). `?` converts any `std::error::Error`, of a database
/// for instance, into a [`failed`](Self::failed) login.
///
/// ```
/// use wamp_core::{Attempt, Denied, Identity};
///
/// async fn by_ticket(attempt: Attempt) -> Result<Identity, Denied> {
///     let stored = std::fs::read_to_string("ticket")?;
///     if !attempt.ticket_is(&stored) {
///         return Err(Denied::credentials());
///     }
///     Ok(Identity::new("joe", "user"))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Denied {
    reason: Reason,
    /// The cause, if the server failed.
    cause: Option<Arc<str>>,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Reason {
    Credentials,
    Role,
    Absent,
    Failed,
    Required,
    NoMatchingMethod,
    TimedOut,
}

impl Denied {
    fn of(reason: Reason) -> Self {
        Self { reason, cause: None }
    }

    /// Denies wrong or unknown credentials: `wamp.error.authentication_denied` (A-04, A-06).
    #[must_use]
    pub fn credentials() -> Self {
        Self::of(Reason::Credentials)
    }

    /// Denies a role that does not exist, or is not for this client: `wamp.error.no_such_role`
    /// (A-07). With WAMP-CRA and SCRAM, whose clients have proved nothing yet, the client gets the
    /// answer to wrong credentials.
    #[must_use]
    pub fn role() -> Self {
        Self::of(Reason::Role)
    }

    /// Passes, because the HTTP request has nothing by which an [`Http`](crate::Http) method could
    /// identify the client: the client's next method is tried. If there is none, the client gets
    /// `wamp.error.authentication_required`.
    #[must_use]
    pub fn absent() -> Self {
        Self::of(Reason::Absent)
    }

    /// Reports that authentication itself failed: `wamp.error.authentication_failed` (A-05). The
    /// cause goes to the log when the client is refused.
    #[must_use]
    pub fn failed(cause: impl fmt::Display) -> Self {
        Self { reason: Reason::Failed, cause: Some(cause.to_string().into()) }
    }

    /// Denies because the realm requires credentials, and the client has none (A-03).
    pub(crate) fn required() -> Self {
        Self::of(Reason::Required)
    }

    /// Denies because the realm has none of the methods that the client offers (A-03).
    pub(crate) fn no_matching_method() -> Self {
        Self::of(Reason::NoMatchingMethod)
    }

    /// Denies because the login took too long (A-08).
    pub(crate) fn timed_out() -> Self {
        Self::of(Reason::TimedOut)
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.reason == Reason::Absent
    }

    /// Returns whether the server failed, which says nothing about the client.
    pub(crate) fn is_failure(&self) -> bool {
        self.reason == Reason::Failed
    }

    /// Returns the cause of a failure, for the log.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// Returns the URI of ABORT.
    pub(crate) fn uri(&self) -> &'static str {
        match self.reason {
            Reason::Credentials => uris::AUTHENTICATION_DENIED,
            Reason::Role => uris::NO_SUCH_ROLE,
            Reason::Absent | Reason::Required => uris::AUTHENTICATION_REQUIRED,
            Reason::Failed | Reason::TimedOut => uris::AUTHENTICATION_FAILED,
            Reason::NoMatchingMethod => uris::NO_MATCHING_AUTH_METHOD,
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            Reason::Credentials => "the credentials are not accepted",
            Reason::Role => "there is no such role",
            Reason::Absent | Reason::Required => "the realm wants credentials",
            Reason::Failed => "authentication is not possible now",
            Reason::TimedOut => "authentication took too long",
            Reason::NoMatchingMethod => "the realm has none of the methods that were offered",
        })
    }
}

impl<E: std::error::Error> From<E> for Denied {
    fn from(error: E) -> Self {
        Self::failed(crate::error::chain(&error))
    }
}
