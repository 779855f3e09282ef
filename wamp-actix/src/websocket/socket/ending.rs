//! The end of a WebSocket: its phases, close codes and their texts.

use std::time::Instant;

use wamp_core::Close;

use crate::websocket::frames::CloseCode;

/// The phase of the closing handshake.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// The server sent its close frame. Further input is read and dropped, so that the client
    /// receives all that was sent before.
    Closing {
        until: Instant,
    },
    /// The client's close frame is answered; the answer may still wait behind other output.
    Answered,
    /// The client answered the server's close frame, or its time has passed.
    Done {
        answered: bool,
    },
    /// The transport is lost or aborted.
    Ended,
}

impl Phase {
    /// Returns whether reading has ended.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Answered | Self::Done { .. } | Self::Ended)
    }

    /// Returns whether the server closes the TCP connection once all output is sent (RFC 6455,
    /// 7.1.1).
    pub(super) fn closes_transport(self) -> bool {
        matches!(self, Self::Answered | Self::Done { .. })
    }

    /// Returns whether the client has disconnected, or did not answer the close frame in time.
    pub(super) fn is_given_up(self) -> bool {
        matches!(self, Self::Done { answered: false } | Self::Ended)
    }
}

/// Returns the close code for the end of a session.
pub(in crate::websocket) fn code(close: Close) -> CloseCode {
    match close {
        Close::Normal => CloseCode::Normal,
        Close::Violation => CloseCode::ProtocolError,
        Close::Shutdown => CloseCode::ServiceRestart,
        Close::Refused | Close::TooSlow | Close::TooFast => CloseCode::PolicyViolation,
        Close::NoRoom => CloseCode::TryAgainLater,
        _ => CloseCode::InternalError,
    }
}

/// Returns the reason of a close frame after a fault in a frame, for the client's developers.
pub(in crate::websocket) fn fault(code: CloseCode) -> &'static str {
    match code {
        CloseCode::TooBig => "a frame or a message exceeds its size limit",
        CloseCode::InvalidPayload => "a text message or a close reason is not UTF-8",
        _ => "a frame violates RFC 6455",
    }
}
