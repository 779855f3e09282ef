//! Bounds on what one peer may make the server hold.

mod environment;
mod quantity;
mod rate;

use std::time::Duration;

pub use environment::LimitsError;
use quantity::Expected;
pub(crate) use rate::Rate;

/// The longest time. A longer one means never, and is cut to this one: a hundred years can be added
/// to any instant.
pub(crate) const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Declares each limit once: its documentation, name, type and default, whether zero is allowed
/// (`any`) or would make the router useless (`positive`), and how its text is read (a function of
/// [`quantity`]).
macro_rules! limits {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $type:ty = $default:expr, $bound:ident, $quantity:ident;
    )+) => {
        /// Bounds on what one peer may make the server hold. The defaults suit servers that are
        /// open to the Internet. The host enforces those of the transport.
        ///
        /// Each field has a method of the same name that replaces its value:
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
        /// A limit with which the router could not work, such as `outgoing_bytes(0)`, is an error
        /// of [`RouterBuilder::build`](crate::RouterBuilder::build). A time of more than a hundred
        /// years means never.
        ///
        /// Each field has an environment variable as well, for
        /// [`from_env`](Self::from_env): `WAMP_LIMIT_` and the field's name in capitals.
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

            /// The names of all limits.
            const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// Replaces the limit of this name by the value in a text. The error is the form that
            /// the text should have.
            fn read(&mut self, name: &str, text: &str) -> Result<(), Expected> {
                match name {
                    $(stringify!($name) => self.$name = quantity::$quantity(text)?.into(),)+
                    _ => unreachable!("each name is one of `NAMES`"),
                }
                Ok(())
            }

            /// Returns the names of the limits that are zero but must be positive.
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
    /// Open connections of a router. One more is answered 503 with `Retry-After`, before the
    /// upgrade. `None`: 50 000. Never more than the process may open files (`ulimit -n`, which only
    /// Linux reports), less 64 that are kept for other files, and half of that with
    /// `wamp_actix::on_connect`, which opens each socket twice.
    connections: Option<usize> = None, positive, count;
    /// Of these, connections from one address (the /64 for IPv6); at most half of all connections,
    /// whatever is set here. One more is answered 503. Private addresses are exempt:
    /// [`limit_private_addresses`](crate::RouterBuilder::limit_private_addresses). 1 024.
    connections_per_address: usize = 1024, positive, count;
    /// Connections before WELCOME; at most half of all. One more is accepted, and the one that has
    /// waited for its session longest is closed with 1013 ("try again later"), so that no client
    /// can lock the others out. 4 096.
    opening: usize = 4096, positive, count;
    /// Of these, connections from one address; at most half of them. One more is accepted, and the
    /// oldest of the same address is closed. 256.
    opening_per_address: usize = 256, positive, count;
    /// Longest message and longest frame before WELCOME, fragments included, in bytes; a longer one
    /// closes the transport with 1009. Afterwards `max_message_bytes` and `max_frame_bytes` apply,
    /// which apply before as well if they are smaller. 64 KiB.
    max_hello_bytes: usize = 64 << 10, positive, bytes;
    /// Bytes of the URI and of the header names and values of an upgrade request, which a session
    /// keeps for its handlers; more are answered 431. 16 KiB.
    max_header_bytes: usize = 16 << 10, positive, bytes;
    /// Longest incoming message, in bytes; a longer one closes the transport with 1009. 1 MiB.
    max_message_bytes: usize = 1 << 20, positive, bytes;
    /// Longest frame of the transport, in bytes, judged by its declared length before it is
    /// buffered. 1 MiB.
    max_frame_bytes: usize = 1 << 20, positive, bytes;
    /// Longest result, in bytes; for a longer one the caller gets
    /// `wamp.error.payload_size_exceeded` (T-21). 16 MiB.
    max_result_bytes: usize = 16 << 20, positive, bytes;
    /// Log lines a second about the misbehaviour of clients of one address: violations, refused
    /// upgrades and logins, slow readers. The number of suppressed lines is logged when the next
    /// connection comes after that second. 5.
    log_lines_per_second: usize = 5, any, count;
    /// Sessions of a realm, including those that wait for a `#[session]` handler's decision. One
    /// more is answered with ABORT `wamp.error.unavailable`, and its transport closed with 1013
    /// ("try again later"). 50 000.
    sessions: usize = 50_000, positive, count;
    /// Calls of one session in flight; one more is answered `wamp.error.unavailable` at once. A
    /// SUBSCRIBE or REGISTER that waits for the realm's authorisers counts as a call. 256.
    calls_in_flight: usize = 256, any, count;
    /// Calls that one callee has yet to answer in a realm that routes clients; one more is answered
    /// `wamp.error.unavailable`. 1 024.
    invocations_in_flight: usize = 1024, any, count;
    /// Publications of one session that wait for their `#[publish]` handler; one more is answered
    /// `wamp.error.unavailable`. 256.
    publications_in_flight: usize = 256, any, count;
    /// Back-pressure: messages a second of one session, of all kinds together, each message of a
    /// batch too. Once a session has sent its [`burst`](Self::burst), it is not read before the
    /// time of its next message. Nothing is refused or lost, and other sessions do not notice.
    ///
    /// TCP has one order: what a client sends behind its own flood waits as long as the flood, its
    /// pings, CANCELs and GOODBYE too, and so do the results of a callee. `None`: no limit.
    messages_per_second: Option<usize> = None, positive, count;
    /// Messages of one session that are read at once although they exceed `messages_per_second`; as
    /// many again when the session has sent less for a while. `None`: the messages of one second.
    burst: Option<usize> = None, positive, count;
    /// Time for which `messages_per_second` may hold a session back without a pause, which is 10 ms
    /// within its rate. Then the client gets ABORT `wamp.error.unavailable`, and its transport is
    /// closed with 1008, "too many messages". 30 s.
    rate_patience: Duration = Duration::from_secs(30), positive, time;
    /// Bytes of the frames that calls in flight keep, and the same again for publications, whose
    /// lists (`eligible_authid` and others) count in addition to their frames; one more is answered
    /// `wamp.error.unavailable`. 4 MiB.
    bytes_in_flight: usize = 4 << 20, positive, bytes;
    /// Registrations of one session; one more is answered `wamp.error.not_authorized`. 1 024.
    registrations: usize = 1024, any, count;
    /// Subscriptions of one session; one more is answered `wamp.error.not_authorized`. 1 024.
    subscriptions: usize = 1024, any, count;
    /// Decisions of the realm's authorisers that one session remembers, if they allow that; with
    /// one more, it forgets all others. 256.
    remembered_decisions: usize = 256, any, count;
    /// Events of a realm that clients retain, and as many again for the server. With one more, an
    /// event of the largest holder is forgotten: of the declaration with the most events, and in it
    /// of the client with the most (an authid, or all anonymous sessions of one address together),
    /// the oldest. 10 000.
    retained_events: usize = 10_000, any, count;
    /// Bytes of the events that clients retain in a realm, and as many again for the server,
    /// whichever bound is reached first. A longer event is not retained. 16 MiB.
    retained_bytes: usize = 16 << 20, any, bytes;
    /// Retained events with which one SUBSCRIBE is answered, each of another topic; if there are
    /// more, the newest. They are sent in pieces, as the client reads them; a WARN, at most once a
    /// minute, says how many were left out. 1 024.
    retained_per_subscription: usize = 1024, any, count;
    /// Testaments of one session, whose bytes are bounded by
    /// [`bytes_in_flight`](Self::bytes_in_flight); one more is answered `wamp.error.unavailable`.
    /// When many sessions leave at once, a 64th part of `queued_messages` or `queued_bytes` is
    /// published at a time, so that subscribers that read are not cut off. 64.
    testaments: usize = 64, any, count;
    /// Messages that may wait for a client that has read nothing for
    /// [`write_stall`](Self::write_stall): with one more event it is cut off, and one more answer
    /// of a callee becomes `wamp.error.unavailable`. A client that reads, however slowly, may have
    /// more waiting, up to [`queued_bytes_peak`](Self::queued_bytes_peak). Back-pressure: once a
    /// subscriber's queue is half full, a client that publishes without a pause is paused for 40 ms
    /// after each 64th part of this or of `queued_bytes`. As many calls and chunks of calls may
    /// wait for a callee in addition; one more is answered `wamp.error.unavailable`. 16 384.
    queued_messages: usize = 16 << 10, positive, count;
    /// Bytes that may wait for a client that has read nothing for `write_stall`, and the same again
    /// for a callee, in addition to `queued_messages`. An event that is longer in a client's
    /// serializer is left out for that client. 4 MiB.
    queued_bytes: usize = 4 << 20, positive, bytes;
    /// Bytes that may wait for any client, whether it reads or has read nothing for less than
    /// `write_stall`; and as many messages as 128 bytes fit into it. Beyond it even a client that
    /// reads is cut off: a handler that publishes more than this without an `await` in between cuts
    /// off all subscribers. When results of so many bytes wait to be sent, further ones become
    /// `wamp.error.unavailable`. At least `queued_bytes`. 24 MiB.
    queued_bytes_peak: usize = 24 << 20, positive, bytes;
    /// Bytes of events, routed calls and callees' answers that may wait for all clients of the
    /// router together. Each event counts once for each format, however many clients it waits for,
    /// also while it is held back until a `#[subscribe]` handler has decided. Beyond it, the
    /// sessions that are furthest behind are cut off first. Testaments of sessions that have left
    /// count until they are published, and take half of it at most: beyond that they are published
    /// at once. Only the router's own limit counts, not a realm's. 1 GiB.
    queued_bytes_total: usize = 1 << 30, positive, bytes;
    /// Back-pressure: the peer is not read while answers of so many bytes wait to be sent. Half as
    /// many bytes of events, progressive results and messages of other sessions may wait in
    /// addition; the rest stays with its sender. 256 KiB.
    outgoing_bytes: usize = 256 << 10, positive, bytes;
    /// Time for AUTHENTICATE after CHALLENGE. 5 s.
    challenge_timeout: Duration = Duration::from_secs(5), positive, time;
    /// Time for a login as a whole, from HELLO on. 10 s.
    authentication_timeout: Duration = Duration::from_secs(10), positive, time;
    /// Time between the client's last message and the answer that refuses its login: long enough to
    /// hide how long the check took, and to slow down guessing. 0.5 s.
    denial_delay: Duration = Duration::from_millis(500), any, time;
    /// Time for all of the realm's authorisers together to decide about one request; then they are
    /// dropped, and the client gets `wamp.error.authorization_failed`. 10 s.
    authorize_timeout: Duration = Duration::from_secs(10), positive, time;
    /// Time for a `#[subscribe]` handler to decide about a subscription; then the handler is
    /// dropped, and the client gets `wamp.error.timeout`. 30 s.
    subscribe_timeout: Duration = Duration::from_secs(30), positive, time;
    /// Time for a `#[publish]` handler to decide about a publication; then the handler is dropped,
    /// and a client that asked for an acknowledgement gets `wamp.error.timeout`. The session's
    /// later publications wait for it. 30 s.
    publish_timeout: Duration = Duration::from_secs(30), positive, time;
    /// Time for HELLO after the transport opened, and again for the session to be joined. 5 s.
    hello_timeout: Duration = Duration::from_secs(5), positive, time;
    /// Time for the answer to the server's GOODBYE. 5 s.
    goodbye_timeout: Duration = Duration::from_secs(5), any, time;
    /// Time for the peer to close the transport after the server has, and for the answer to the
    /// GOODBYE of a shutdown. 1 s.
    close_timeout: Duration = Duration::from_secs(1), any, time;
    /// Silence of the peer after which the transport sends a ping. 20 s.
    ping_interval: Duration = Duration::from_secs(20), positive, time;
    /// Time for any bytes to arrive after that ping. 20 s.
    pong_timeout: Duration = Duration::from_secs(20), positive, time;
    /// Time in which the peer must read so much that its socket accepts more output (on Linux about
    /// a third of the socket's send buffer); then its session and handlers are dropped. Until then
    /// what waits for it is bounded by `queued_bytes_peak`, and from then on by `queued_messages`
    /// and `queued_bytes`. A shorter time cuts off clients that read slowly: half of it was too
    /// short for 10 MiB at 2 Mbit/s. 10 s.
    write_stall: Duration = Duration::from_secs(10), positive, time;
    /// Time from the first to the last frame of a message. 30 s.
    assembly_timeout: Duration = Duration::from_secs(30), positive, time;
    /// Time that calls in flight, and requests that wait for an authoriser's or a handler's
    /// decision, have to finish when a signal stops the server. 10 s.
    shutdown_grace: Duration = Duration::from_secs(10), any, time;
}

impl Limits {
    /// Returns the faults of the limits of a router or of a realm, one text each.
    pub(crate) fn faults(&self) -> Vec<String> {
        let zeros = self.zeros().into_iter();
        let zeros = zeros.map(|name| format!("`Limits::{name}` is zero, but must be positive"));
        zeros.chain(self.contradictions()).collect()
    }

    /// Returns the faults of limits that contradict each other.
    fn contradictions(&self) -> impl Iterator<Item = String> {
        let is_peak_low = self.queued_bytes_peak < self.queued_bytes;
        let is_burst_alone = self.burst.is_some() && self.messages_per_second.is_none();
        let faults = [
            (is_peak_low, "`Limits::queued_bytes_peak` is less than `Limits::queued_bytes`"),
            (is_burst_alone, "`Limits::burst` has no effect without `Limits::messages_per_second`"),
        ];
        faults.into_iter().filter(|(is_there, _)| *is_there).map(|(_, fault)| fault.to_owned())
    }
}

/// The values that a limit allows.
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
