//! Bounds on what one peer may make the server hold.

use std::time::Duration;

/// Longest time that is kept as it was said; a longer one means never, and counts as this. A hundred years can be added to any
/// instant.
pub(crate) const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Declares each limit once: its documentation, name, type and default, and whether zero makes sense (`any`) or nothing could
/// work with it (`positive`).
macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr, $bound:ident;)+) => {
        /// Bounds on what one peer may make the server hold. The defaults are for strangers on the open Internet.
        /// The host keeps those of the transport.
        ///
        /// Each field has a method of its name that replaces it:
        ///
        /// ```
        /// use wamp_core::{Limits, Router};
        ///
        /// let limits = Limits::default().calls_in_flight(16).queued_bytes(1 << 20);
        /// assert_eq!(limits.calls_in_flight, 16);
        /// let router = Router::builder().handlers([]).limits(limits).build()?;
        /// # Ok::<(), wamp_core::BuildError>(())
        /// ```
        ///
        /// A limit with which nothing could work, as `outgoing_bytes(0)`, is a fault of
        /// [`RouterBuilder::build`](crate::RouterBuilder::build). A time of more than a hundred years means never.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: $type,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl Limits {
            $(
                $(#[doc = $doc])+
                #[must_use]
                pub fn $name(mut self, $name: $type) -> Self {
                    self.$name = $name;
                    self
                }
            )+

            /// Returns the names of the limits that are zero and must not be.
            fn zeros(&self) -> Vec<&'static str> {
                let mut zeros = Vec::new();
                $(if Bound::$bound.is_broken_by(&self.$name) { zeros.push(stringify!($name)); })+
                zeros
            }

            /// Cuts each time to [`NEVER`], which can be added to any instant.
            pub(crate) fn capped(mut self) -> Self {
                $(self.$name.cap();)+
                self
            }
        }
    };
}

limits! {
    /// Connections of a router that are open at the same time. One more is answered 503 with `Retry-After`, before the upgrade.
    /// `None`: 50 000. It is never more than the process may open files for (`ulimit -n`, which Linux tells), less 64 that are
    /// kept for everything else, and half of that with `wamp_actix::on_connect`, which opens each socket twice.
    connections: Option<usize> = None, positive;
    /// Of these, connections from one address, which is the /64 for IPv6; at most half of them, whatever is said here. One more
    /// is answered 503. Not for private addresses: [`limit_private_addresses`](crate::RouterBuilder::limit_private_addresses).
    /// 1 024.
    connections_per_address: usize = 1024, positive;
    /// Connections without a session yet, up to WELCOME; at most half of all. One more is let in, and the one that has been
    /// without a session for the longest time is closed with 1013 ("try again later"): so nobody can lock the others out. 4 096.
    opening: usize = 4096, positive;
    /// Of these, connections from one address; at most half of them. Where there is one more, it is the oldest of that address
    /// that is closed. 256.
    opening_per_address: usize = 256, positive;
    /// Longest message and longest frame until WELCOME, fragments included, in bytes; a longer one closes the transport with
    /// 1009. After it `max_message_bytes` and `max_frame_bytes` count, which also count before it where they are less. 64 KiB.
    max_hello_bytes: usize = 64 << 10, positive;
    /// Bytes of the URI and of the names and values of the headers of an upgrade request, which a session keeps for its handlers;
    /// more are answered 431. 16 KiB.
    max_header_bytes: usize = 16 << 10, positive;
    /// Longest incoming message, in bytes; a longer one closes the transport with 1009. 1 MiB.
    max_message_bytes: usize = 1 << 20, positive;
    /// Longest frame of the transport, in bytes, judged by its declared length before it is buffered. 1 MiB.
    max_frame_bytes: usize = 1 << 20, positive;
    /// Longest result, in bytes; for a longer one the caller gets `wamp.error.payload_size_exceeded` (T-21). 16 MiB.
    max_result_bytes: usize = 16 << 20, positive;
    /// Lines of the log, in a second, about what clients of one address do wrong: violations, upgrades and logins that are
    /// refused, readers that are too slow. How many more there were is told when the next connection comes after it. 5.
    log_lines_per_second: usize = 5, any;
    /// Sessions of a realm, those included about which `#[session]` handlers decide. One more is answered with ABORT
    /// `wamp.error.unavailable`, and its transport closed with 1013 ("try again later"). 50 000.
    sessions: usize = 50_000, positive;
    /// Calls of one session in flight; one more is answered `wamp.error.unavailable` at once. SUBSCRIBEs and REGISTERs that wait
    /// for the realm's authorisers count as calls. 256.
    calls_in_flight: usize = 256, any;
    /// Calls that one callee has to answer in a realm that routes clients; one more is answered `wamp.error.unavailable`.
    /// 1 024.
    invocations_in_flight: usize = 1024, any;
    /// Publications of one session that wait for their `#[publish]` handler; one more is refused like a call too many. 256.
    publications_in_flight: usize = 256, any;
    /// Bytes of the frames that calls in flight keep, and the same again for publications, whose lists (`eligible_authid` and others)
    /// count beside their frames; one more is refused like a call too many. 4 MiB.
    bytes_in_flight: usize = 4 << 20, positive;
    /// Registrations of one session; one more is answered `wamp.error.not_authorized`. 1 024.
    registrations: usize = 1024, any;
    /// Subscriptions of one session; one more is answered `wamp.error.not_authorized`. 1 024.
    subscriptions: usize = 1024, any;
    /// Decisions of its realm's authorisers that one session remembers, where they say that it may; one more and it forgets
    /// the others. 256.
    remembered_decisions: usize = 256, any;
    /// Events of a realm that clients retain, and as many again that the server does. One more, and whoever holds most gives way:
    /// of the declaration that has most of them, and there of the client (the authid, or all anonymous sessions of one address
    /// together), the oldest is forgotten. 10 000.
    retained_events: usize = 10_000, any;
    /// Bytes of the events that clients retain in a realm, and as many again for the server; whichever of the two comes first. A
    /// longer event is not retained. 16 MiB.
    retained_bytes: usize = 16 << 20, any;
    /// Retained events that one SUBSCRIBE is answered with, each of another topic: of more the newest. They go out a piece at a
    /// time, as the client takes them; a WARN, once in a minute, says how many were left out. 1 024.
    retained_per_subscription: usize = 1024, any;
    /// Testaments of one session, which take [`bytes_in_flight`](Self::bytes_in_flight) at most; one more is answered
    /// `wamp.error.unavailable`. When many sessions leave at once, a 64th part of `queued_messages` or `queued_bytes` is published
    /// at a time, so that subscribers that read are not cut off. 64.
    testaments: usize = 64, any;
    /// Messages that may wait for a client that does not take what it is sent: with one more event it is cut off, and one more
    /// answer of a callee becomes `wamp.error.unavailable`. What comes to a client that reads is not held against it, up to
    /// [`queued_bytes_peak`](Self::queued_bytes_peak). From half of this on, a client that publishes without a pause is
    /// held up, for 40 ms after each 64th part of this or of `queued_bytes`. As many calls and chunks of calls may wait for a
    /// callee beside them; one more is answered `wamp.error.unavailable`. 16 384.
    queued_messages: usize = 16 << 10, positive;
    /// Bytes that may wait for a client that does not take what it is sent, and the same again for a callee; whichever of the
    /// two comes first. An event that is longer in a client's serializer is left out for that client. 4 MiB.
    queued_bytes: usize = 4 << 20, positive;
    /// Bytes that may wait for any client, those included that came since it had its turn last; as many messages as there
    /// are 128 bytes in it. Beyond it even a client that reads is cut off: a handler that publishes more than this without an
    /// await in between does that to all subscribers. When so many bytes of results wait to be sent, further ones become
    /// `wamp.error.unavailable`. At least `queued_bytes`. 24 MiB.
    queued_bytes_peak: usize = 24 << 20, positive;
    /// Bytes of events, of routed calls and of callees' answers that may wait for all clients of the router together. Each event
    /// is counted once for each format, however many clients it waits for, and also while it is held back until a
    /// `#[subscribe]` handler has decided. Beyond it those who are furthest behind are cut off first. Testaments of sessions that have left count until they
    /// are published, and take half of it at most: beyond that they are published at once. Only the router's own limit counts, not a realm's.
    /// 1 GiB.
    queued_bytes_total: usize = 1 << 30, positive;
    /// Bytes of answers that wait to be sent from which on the peer is not read. Of events, progressive results and messages
    /// of other sessions half as much may wait beside them; the rest stays with whoever sends it. 256 KiB.
    outgoing_bytes: usize = 256 << 10, positive;
    /// Time for AUTHENTICATE after CHALLENGE. 5 s.
    challenge_timeout: Duration = Duration::from_secs(5), positive;
    /// Time for a login as a whole, from HELLO on. 10 s.
    authentication_timeout: Duration = Duration::from_secs(10), positive;
    /// Time that passes between the client's last message and the answer that refuses its login: long enough to hide how long
    /// it took to find out, and to slow down who tries secrets. 0.5 s.
    denial_delay: Duration = Duration::from_millis(500), any;
    /// Time for the realm's authorisers to decide about one request, all of them together; then they are given up, and the client
    /// gets `wamp.error.authorization_failed`. 10 s.
    authorize_timeout: Duration = Duration::from_secs(10), positive;
    /// Time for a `#[subscribe]` handler to decide about a subscription; then it is dropped, and the client gets
    /// `wamp.error.timeout`. 30 s.
    subscribe_timeout: Duration = Duration::from_secs(30), positive;
    /// Time for a `#[publish]` handler to decide about a publication; then it is dropped, and a client that asked for an
    /// acknowledgement gets `wamp.error.timeout`. The session's later publications wait for it. 30 s.
    publish_timeout: Duration = Duration::from_secs(30), positive;
    /// Time for HELLO after the transport opened, and for joining to end after that. 5 s.
    hello_timeout: Duration = Duration::from_secs(5), positive;
    /// Time for the answer to our GOODBYE. 5 s.
    goodbye_timeout: Duration = Duration::from_secs(5), any;
    /// Time for the peer to close the transport after we have, and for the answer to the GOODBYE of a shutdown. 1 s.
    close_timeout: Duration = Duration::from_secs(1), any;
    /// Silence of the peer after which the transport pings it. 20 s.
    ping_interval: Duration = Duration::from_secs(20), positive;
    /// Time for anything to come after that ping. 20 s.
    pong_timeout: Duration = Duration::from_secs(20), positive;
    /// Time in which the peer must take so much of what is sent to it that its socket takes more (on Linux about a third of
    /// the socket's send buffer); then its session and handlers are dropped. 10 s.
    write_stall: Duration = Duration::from_secs(10), positive;
    /// Time in which a message must be complete once it has begun. 30 s.
    assembly_timeout: Duration = Duration::from_secs(30), positive;
    /// Time that calls in flight, and requests that wait for an authoriser or a handler to decide, have to finish when a signal
    /// stops the server. 10 s.
    shutdown_grace: Duration = Duration::from_secs(10), any;
}

impl Limits {
    /// Returns the faults of the limits of a router or of a realm, one text for each.
    pub(crate) fn faults(&self) -> Vec<String> {
        let zeros = self.zeros().into_iter();
        let zeros = zeros.map(|name| format!("`Limits::{name}` is zero, with which nothing works"));
        zeros.chain(self.contradictions()).collect()
    }

    /// Limits that do not go together.
    fn contradictions(&self) -> Option<String> {
        (self.queued_bytes_peak < self.queued_bytes)
            .then(|| "`Limits::queued_bytes_peak` is less than `Limits::queued_bytes`".to_owned())
    }
}

/// Which values of a limit make sense.
#[expect(non_camel_case_types, reason = "the words that stand behind each limit")]
enum Bound {
    any,
    positive,
}

impl Bound {
    fn is_broken_by(&self, limit: &impl Limit) -> bool {
        matches!(self, Self::positive) && limit.is_zero()
    }
}

/// The type of a limit.
trait Limit {
    fn is_zero(&self) -> bool;
    fn cap(&mut self);
}

impl Limit for usize {
    fn is_zero(&self) -> bool {
        *self == 0
    }

    fn cap(&mut self) {}
}

impl Limit for Option<usize> {
    fn is_zero(&self) -> bool {
        *self == Some(0)
    }

    fn cap(&mut self) {}
}

impl Limit for Duration {
    fn is_zero(&self) -> bool {
        Duration::is_zero(self)
    }

    fn cap(&mut self) {
        *self = (*self).min(NEVER);
    }
}
