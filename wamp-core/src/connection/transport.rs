//! A transport, as its host describes it, and why it has to be closed.

use std::any::Any;
use std::net::IpAddr;
use std::rc::Rc;

use crate::codec::serializer::Serializer;
use crate::identity::Identity;
use crate::session::send_buffer::Framing;

/// A transport as the host knows it when it opens.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by hosts")]
pub struct Transport {
    /// The serializer that was negotiated.
    pub serializer: Serializer,
    /// How messages are delimited.
    pub framing: Framing,
    /// The identity of a client in a realm that has no methods of authentication.
    pub identity: Identity,
    /// The client's address, if the host knows it. All anonymous sessions of one address share one
    /// part of the retained events, and the log bounds its lines by address. Of an IPv6 address the
    /// first 64 bits count.
    pub address: Option<IpAddr>,
    /// The host's own value, which handlers get from [`Context::host`](crate::Context::host) by its
    /// type.
    pub host: Rc<dyn Any>,
}

/// Why the transport must be closed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Close {
    /// Both sides said GOODBYE, or the client sent ABORT.
    Normal,
    /// The peer broke the protocol.
    Violation,
    /// The session was refused, or HELLO did not come in time.
    Refused,
    /// The realm has as many sessions as it may have: the client may try again later.
    NoRoom,
    /// The server shuts down: the client may come back when it has started again.
    Shutdown,
    /// The peer did not take its events in time.
    TooSlow,
    /// The peer sent more messages than its [rate](crate::Limits::messages_per_second) for too
    /// long.
    TooFast,
}
