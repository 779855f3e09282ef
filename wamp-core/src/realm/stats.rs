//! The counts of a realm, as the application reads them.

use std::time::Duration;

use crate::session::left::Left;
use crate::session::request_outcome::RequestOutcome;

/// The state of a realm, and its counts since the router was built.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RealmStats {
    /// The declared name; empty for a realm with any name.
    pub realm: String,
    /// Open sessions.
    pub sessions: usize,
    /// Topics and patterns to which at least one session is subscribed.
    pub subscriptions: usize,
    /// Procedures that clients have registered.
    pub registrations: usize,
    /// Retained events.
    pub retained_events: usize,
    /// Bytes of the retained events.
    pub retained_bytes: usize,
    /// The counts; `None` unless the router was built with
    /// [`metrics(true)`](crate::RouterBuilder::metrics).
    pub counts: Option<RealmCounts>,
}

/// The counts of a realm since the router was built. What never happened is not listed, but for
/// the reasons of sessions' ends, and the calls of declared procedures that ended `ok` or in an
/// `error`.
///
/// Procedures and topics are named as they were declared. `(client)` stands for those of clients,
/// `(router)` for the procedures of the meta API, and `(unknown)` for the rest.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RealmCounts {
    /// Calls that have no answer yet.
    pub calls_in_flight: u64,
    /// Sessions that opened, by the method of authentication.
    pub sessions_opened: Vec<(String, u64)>,
    /// Sessions that ended, by the reason.
    pub sessions_closed: Vec<(Left, u64)>,
    /// Logins that succeeded, and how long they took, by the method of authentication.
    pub logins: Vec<(String, Durations)>,
    /// Logins that were refused, by the method; `(none)` where the client offered none that the
    /// realm has.
    pub logins_denied: Vec<(String, u64)>,
    /// Panics in handlers, by the URI that they have declared; `(session)` for `#[session]`.
    pub handler_panics: Vec<(String, u64)>,
    /// Sessions that their rate has held back (`held_back`) or cut off (`cut_off`).
    pub rate_limited: Vec<(String, u64)>,
    /// Calls of clients, by procedure and outcome.
    pub calls: Vec<CallStats>,
    /// Progressive results that were sent to callers, by procedure.
    pub progressive_results: Vec<(String, u64)>,
    /// Publications of clients and of the server, and testaments, by topic and outcome; not the
    /// events of the meta API.
    pub publications: Vec<PublicationStats>,
    /// Events of these publications that were put into the mailboxes of subscribers.
    pub events_delivered: u64,
    /// Messages of clients, from WELCOME on and without GOODBYE and ABORT.
    pub messages_received: Vec<MessageStats>,
    /// Messages that clients were sent, from WELCOME on.
    pub messages_sent: Vec<MessageStats>,
    /// Pauses of publishers, so that lagging subscribers catch up.
    pub publisher_pauses: u64,
    /// Events that a subscriber's serializer could not express, or that were too long for it.
    pub events_left_out: u64,
}

/// Calls of one procedure with one outcome.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallStats {
    /// The procedure as it was declared.
    pub procedure: String,
    /// How the calls ended.
    pub outcome: RequestOutcome,
    /// The number of calls, and how long they took: from the turn in which the CALL was read until
    /// its answer was handed to the transport, at the end of a turn.
    pub durations: Durations,
}

/// Publications to one topic with one outcome.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PublicationStats {
    /// The topic as it was declared.
    pub topic: String,
    /// How the publications ended.
    pub outcome: RequestOutcome,
    /// The number of publications.
    pub count: u64,
}

/// Messages of one type.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MessageStats {
    /// The type, as the specification writes it: `CALL`.
    pub kind: &'static str,
    /// The number of messages.
    pub count: u64,
    /// The bytes of the messages, without the frames of the transport.
    pub bytes: u64,
}

/// A histogram of durations.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Durations {
    /// The number of durations up to each bound, and above the one before: one for each of
    /// [`BOUNDS`](Self::BOUNDS), then those above the last.
    pub buckets: [u64; Self::BOUNDS.len() + 1],
    /// The sum of all durations.
    pub sum: Duration,
}

impl Durations {
    /// The upper bounds of the buckets: 0.1 ms to 30 s.
    pub const BOUNDS: [Duration; 17] = [
        Duration::from_micros(100),
        Duration::from_micros(250),
        Duration::from_micros(500),
        Duration::from_millis(1),
        Duration::from_micros(2_500),
        Duration::from_millis(5),
        Duration::from_millis(10),
        Duration::from_millis(25),
        Duration::from_millis(50),
        Duration::from_millis(100),
        Duration::from_millis(250),
        Duration::from_millis(500),
        Duration::from_secs(1),
        Duration::from_millis(2_500),
        Duration::from_secs(5),
        Duration::from_secs(10),
        Duration::from_secs(30),
    ];

    /// Returns the bucket of a duration.
    pub(crate) fn bucket(duration: Duration) -> usize {
        Self::BOUNDS.iter().take_while(|bound| **bound < duration).count()
    }

    /// Returns the number of all durations.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}
