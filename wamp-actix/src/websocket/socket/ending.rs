//! The end of a WebSocket: its phases, and the codes and texts that say why.

use std::time::Instant;

use wamp_core::Close;

use crate::websocket::frames::CloseCode;

/// How far a WebSocket is closed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// Our close frame is sent; what still comes is read and dropped, so that the peer sees all that we sent.
    Closing {
        until: Instant,
    },
    /// The peer's close frame is answered, which may have to wait for what is sent before.
    Answered,
    /// Our close frame is answered, or was not in time.
    Done {
        answered: bool,
    },
    /// Nobody is there any more.
    Ended,
}

impl Phase {
    /// Whether nothing is read any more.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Answered | Self::Done { .. } | Self::Ended)
    }

    /// Whether it is for us to close the transport when all is sent (RFC 6455, section 7.1.1).
    pub(super) fn hangs_up(self) -> bool {
        matches!(self, Self::Answered | Self::Done { .. })
    }

    /// Whether the peer is gone, or did not answer the close frame in time.
    pub(super) fn is_given_up(self) -> bool {
        matches!(self, Self::Done { answered: false } | Self::Ended)
    }
}

/// The close code of a session's end (decision 2 of the conformance list).
pub(super) fn code(close: Close) -> CloseCode {
    match close {
        Close::Normal => CloseCode::Normal,
        Close::Violation => CloseCode::ProtocolError,
        Close::Shutdown => CloseCode::ServiceRestart,
        Close::Refused | Close::TooSlow => CloseCode::PolicyViolation,
        Close::NoRoom => CloseCode::TryAgainLater,
        _ => CloseCode::InternalError,
    }
}

/// The text of a close frame after a fault in a frame, for the people at the other end.
pub(super) fn fault(code: CloseCode) -> &'static str {
    match code {
        CloseCode::TooBig => "a frame or a message is longer than it may be",
        CloseCode::InvalidPayload => "a text is not UTF-8",
        _ => "a frame is not as RFC 6455 has it",
    }
}
