//! Bounds on what one peer may make the server hold.

use std::time::Duration;

/// Bounds on what one peer may make the server hold. The defaults are for strangers on the open Internet.
/// Those of the transport are kept by the host.
///
/// ```
/// use wamp_core::{Limits, Router};
///
/// let limits = Limits { calls_in_flight: 16, ..Limits::default() };
/// let router = Router::builder().handlers([]).limits(limits).build()?;
/// # Ok::<(), wamp_core::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made with struct update syntax")]
pub struct Limits {
    /// Longest incoming message, in bytes; a longer one closes the transport with 1009. 1 MiB.
    pub max_message_bytes: usize,
    /// Longest frame of the transport, in bytes, judged by its declared length before it is buffered. 1 MiB.
    pub max_frame_bytes: usize,
    /// Longest result, in bytes; for a longer one the caller gets `wamp.error.payload_size_exceeded` (T-21). 16 MiB.
    pub max_result_bytes: usize,
    /// Calls of one session in flight; one more is answered `wamp.error.unavailable` at once. 256.
    pub calls_in_flight: usize,
    /// Calls that one callee has to answer in a realm that routes clients; one more is answered `wamp.error.unavailable`.
    /// 1 024.
    pub invocations_in_flight: usize,
    /// Publications of one session that wait for their `#[publish]` handler; one more is refused like a call too many. 256.
    pub publications_in_flight: usize,
    /// Bytes of the frames that calls in flight keep, and the same again for publications; one more is refused like a call
    /// too many. 4 MiB.
    pub bytes_in_flight: usize,
    /// Registrations of one session; one more is answered `wamp.error.not_authorized`. 1 024.
    pub registrations: usize,
    /// Subscriptions of one session; one more is answered `wamp.error.not_authorized`. 1 024.
    pub subscriptions: usize,
    /// Retained events of a realm; where there are more, the oldest are forgotten. 10 000.
    pub retained_events: usize,
    /// Bytes of the retained events of a realm; whichever of the two comes first. 16 MiB.
    pub retained_bytes: usize,
    /// Retained events that one SUBSCRIBE is answered with, each of another topic, and together no longer than
    /// [`queued_bytes`](Self::queued_bytes); of the others none is sent. 1 024.
    pub retained_per_subscription: usize,
    /// Testaments of one session, which take [`bytes_in_flight`](Self::bytes_in_flight) at most; one more is answered
    /// `wamp.error.unavailable`. 64.
    pub testaments: usize,
    /// Messages that may wait for a subscriber; one more and it is cut off. From half of it on, a client that publishes without
    /// a pause is held up, for 40 ms after each 64th part of this or of `queued_bytes`. A handler that
    /// publishes more than this without an await in between cuts off even those who read. As many calls and chunks of
    /// calls may wait for a callee beside them; one more is answered `wamp.error.unavailable`. 16 384.
    pub queued_messages: usize,
    /// Bytes that may wait for a subscriber, and the same again for a callee; whichever of the two comes first. 4 MiB.
    pub queued_bytes: usize,
    /// Bytes of outgoing frames from which on the peer is not read and events stay queued. 256 KiB.
    pub outgoing_bytes: usize,
    /// Time for AUTHENTICATE after CHALLENGE. 5 s.
    pub challenge_timeout: Duration,
    /// Time for a login as a whole, from HELLO on. 10 s.
    pub authentication_timeout: Duration,
    /// Time that passes between the client's last message and the answer that refuses its login: long enough to hide how long
    /// it took to find out, and to slow down who tries secrets. 0.5 s.
    pub denial_delay: Duration,
    /// Time for HELLO after the transport opened, and for joining to end after that. 5 s.
    pub hello_timeout: Duration,
    /// Time for the answer to our GOODBYE. 5 s.
    pub goodbye_timeout: Duration,
    /// Time for the peer to close the transport after we have, and for the answer to the GOODBYE of a shutdown. 1 s.
    pub close_timeout: Duration,
    /// Silence of the peer after which the transport pings it. 20 s.
    pub ping_interval: Duration,
    /// Time for anything to come after that ping. 20 s.
    pub pong_timeout: Duration,
    /// Time in which the peer must take so much of what is sent to it that its socket takes more (on Linux about a third of
    /// the socket's send buffer); then its session and handlers are dropped. 10 s.
    pub write_stall: Duration,
    /// Time in which a message must be complete once it has begun. 30 s.
    pub assembly_timeout: Duration,
    /// Time that calls in flight have to finish when a signal stops the server. 10 s.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message_bytes: 1 << 20,
            max_frame_bytes: 1 << 20,
            max_result_bytes: 16 << 20,
            calls_in_flight: 256,
            invocations_in_flight: 1024,
            publications_in_flight: 256,
            bytes_in_flight: 4 << 20,
            registrations: 1024,
            subscriptions: 1024,
            testaments: 64,
            retained_events: 10_000,
            retained_bytes: 16 << 20,
            retained_per_subscription: 1024,
            queued_messages: 16 << 10,
            queued_bytes: 4 << 20,
            outgoing_bytes: 256 << 10,
            challenge_timeout: Duration::from_secs(5),
            authentication_timeout: Duration::from_secs(10),
            denial_delay: Duration::from_millis(500),
            hello_timeout: Duration::from_secs(5),
            goodbye_timeout: Duration::from_secs(5),
            close_timeout: Duration::from_secs(1),
            ping_interval: Duration::from_secs(20),
            pong_timeout: Duration::from_secs(20),
            write_stall: Duration::from_secs(10),
            assembly_timeout: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}
