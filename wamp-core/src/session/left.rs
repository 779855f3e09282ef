//! Why a session ended.

use std::fmt;

/// Why a session ended.
///
/// ```
/// use wamp_core::Left;
///
/// assert_eq!(Left::Goodbye.as_str(), "goodbye");
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Left {
    /// The client sent GOODBYE or ABORT.
    Goodbye,
    /// The transport ended without either: the client has disconnected, or the network has failed.
    Lost,
    /// The server ended the session: the application by [`Session::close`](crate::Session::close),
    /// or a client by the meta API.
    Killed,
    /// The client was too slow for its events, and was cut off.
    Overflow,
    /// The client broke the protocol, WAMP or that of the transport, or its bound on messages a
    /// second ([`Limits::messages_per_second`](crate::Limits::messages_per_second)).
    Violation,
    /// The router shut down.
    Shutdown,
    /// The client took none of its output for [`Limits::write_stall`](crate::Limits::write_stall),
    /// or began a message and did not end it within
    /// [`Limits::assembly_timeout`](crate::Limits::assembly_timeout).
    Stall,
    /// The client did not answer a ping of the transport in time.
    Ping,
}

impl Left {
    /// Every reason, in the order of the variants.
    pub(crate) const ALL: [Self; 8] = [
        Self::Goodbye,
        Self::Lost,
        Self::Killed,
        Self::Overflow,
        Self::Violation,
        Self::Shutdown,
        Self::Stall,
        Self::Ping,
    ];

    /// Returns the reason as log lines and metrics show it: `goodbye`, `lost`, `killed`,
    /// `overflow`, `violation`, `shutdown`, `stall` or `ping`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Goodbye => "goodbye",
            Self::Lost => "lost",
            Self::Killed => "killed",
            Self::Overflow => "overflow",
            Self::Violation => "violation",
            Self::Shutdown => "shutdown",
            Self::Stall => "stall",
            Self::Ping => "ping",
        }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
