//! Violations of the protocol by a client.

use crate::codec::de::Malformed;
use crate::codec::serializer::{EncodeError, Serializer};
use crate::id::RequestId;

/// A violation of the protocol by the client: its session ends with ABORT
/// `wamp.error.protocol_violation` (P-01).
// Boxed, as `Error` is: a word in the results of functions that seldom fail.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Violation(Box<Breach>);

/// The rule that was broken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Breach {
    // Frames and batches.
    #[error("text frame on {}", .0.subprotocol())]
    TextFrame(Serializer), // T-09
    #[error("binary frame on {}", .0.subprotocol())]
    BinaryFrame(Serializer), // T-09
    #[error("a batch without a message")]
    EmptyBatch, // T-18
    #[error("a message without its length")]
    NoLength, // T-16
    #[error("a message is longer than its batch")]
    LongerThanBatch, // T-16
    #[error("a message without its separator")]
    NoSeparator, // T-18

    // Messages and their fields.
    #[error("message type {0} is not one that a client sends")]
    MessageType(u64), // M-07, M-08
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{field} is not {expected}")]
    WrongField { field: &'static str, expected: &'static str }, // M-12
    #[error("{field}: {fault}")]
    MalformedField { field: &'static str, fault: Malformed },
    #[error("{0}")]
    Malformed(Malformed),
    #[error("{0}")]
    NotRewritten(EncodeError),
    #[error("too many elements")]
    TooManyElements,

    // The opening of a session, and its end.
    #[error("the first message must be HELLO")]
    NoHello, // S-13
    #[error("HELLO announces no role")]
    NoRole, // S-09, D-07
    #[error("AUTHENTICATE without a challenge")]
    NoChallenge,
    #[error("a message before WELCOME")]
    BeforeWelcome,
    #[error("HELLO in an open session")]
    SecondHello,

    // Requests.
    #[error("request id {0} is in use: its request has no answer yet")]
    RequestIdInUse(RequestId), // C-14
    #[error("request id {request}, expected {expected}: the realm is set to `strict_request_ids`")]
    RequestIdOutOfOrder { request: RequestId, expected: RequestId }, // I-02, D-02
    #[error("the caller did not announce progressive_call_invocations")]
    ChunksNotAnnounced, // PI-02
    #[error("a chunk names another procedure than its call")]
    OtherProcedure, // PI-08
    #[error("the caller did not announce payload_passthru_mode")]
    CallerPassthruNotAnnounced,
    #[error("the callee did not announce payload_passthru_mode")]
    CalleePassthruNotAnnounced,
    #[error("payload passthru mode was not announced")]
    PublisherPassthruNotAnnounced,

    // Answers to invocations.
    #[error("there was no INVOCATION {0}")]
    NoInvocation(RequestId), // P-03
    #[error("ERROR for request type {0}, which no router sends")]
    ErrorForOther(u64), // P-02
}

impl Violation {
    /// Returns the kind of the broken rule, as metrics show it.
    pub(crate) fn kind(&self) -> &'static str {
        match *self.0 {
            Breach::TextFrame(_)
            | Breach::BinaryFrame(_)
            | Breach::EmptyBatch
            | Breach::NoLength
            | Breach::LongerThanBatch
            | Breach::NoSeparator => "frame",
            Breach::MessageType(_)
            | Breach::Missing(_)
            | Breach::WrongField { .. }
            | Breach::MalformedField { .. }
            | Breach::Malformed(_)
            | Breach::NotRewritten(_)
            | Breach::TooManyElements => "message",
            Breach::NoHello
            | Breach::NoRole
            | Breach::NoChallenge
            | Breach::BeforeWelcome
            | Breach::SecondHello => "session",
            Breach::RequestIdInUse(_)
            | Breach::RequestIdOutOfOrder { .. }
            | Breach::ChunksNotAnnounced
            | Breach::OtherProcedure
            | Breach::CallerPassthruNotAnnounced
            | Breach::CalleePassthruNotAnnounced
            | Breach::PublisherPassthruNotAnnounced
            | Breach::NoInvocation(_)
            | Breach::ErrorForOther(_) => "request",
        }
    }
}

impl From<Breach> for Violation {
    #[cold]
    fn from(breach: Breach) -> Self {
        Self(Box::new(breach))
    }
}

impl From<Malformed> for Violation {
    #[cold]
    fn from(malformed: Malformed) -> Self {
        Breach::Malformed(malformed).into()
    }
}

impl From<EncodeError> for Violation {
    #[cold]
    fn from(error: EncodeError) -> Self {
        Breach::NotRewritten(error).into()
    }
}
