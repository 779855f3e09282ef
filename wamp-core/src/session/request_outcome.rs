//! How a request of a client ended.

use std::fmt;

use crate::error::{Error, uris};

/// How a call or a publication of a client ended.
///
/// ```
/// use wamp_core::RequestOutcome;
///
/// assert_eq!(RequestOutcome::NoSuchProcedure.as_str(), "no_such_procedure");
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestOutcome {
    /// A call had its result; a publication was accepted.
    Ok,
    /// An ERROR that none of the other outcomes names.
    Error,
    /// The caller cancelled the call, or the caller, the callee or the server left before its end.
    Canceled,
    /// The time of the call, or of the decision, was over.
    Timeout,
    /// A role or an authoriser denied it.
    Denied,
    /// A limit was reached.
    Unavailable,
    /// No handler and no client serves the procedure.
    NoSuchProcedure,
}

impl RequestOutcome {
    /// Every outcome, in the order of the variants.
    pub(crate) const ALL: [Self; 7] = [
        Self::Ok,
        Self::Error,
        Self::Canceled,
        Self::Timeout,
        Self::Denied,
        Self::Unavailable,
        Self::NoSuchProcedure,
    ];

    /// Returns the outcome that an ERROR with this URI is.
    pub(crate) fn of_uri(uri: &str) -> Self {
        match uri {
            uris::CANCELED => Self::Canceled,
            uris::TIMEOUT => Self::Timeout,
            uris::NOT_AUTHORIZED | uris::AUTHORIZATION_FAILED => Self::Denied,
            uris::UNAVAILABLE => Self::Unavailable,
            uris::NO_SUCH_PROCEDURE => Self::NoSuchProcedure,
            _ => Self::Error,
        }
    }

    pub(crate) fn of(error: &Error) -> Self {
        if error.is_denial() { Self::Denied } else { Self::of_uri(error.uri()) }
    }

    /// Returns the outcome as log lines and metrics show it: `ok`, `error`, `canceled`, `timeout`,
    /// `denied`, `unavailable` or `no_such_procedure`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Canceled => "canceled",
            Self::Timeout => "timeout",
            Self::Denied => "denied",
            Self::Unavailable => "unavailable",
            Self::NoSuchProcedure => "no_such_procedure",
        }
    }
}

impl fmt::Display for RequestOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
