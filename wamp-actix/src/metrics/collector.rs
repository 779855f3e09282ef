//! The names and labels of the metrics, and where their values are from.

use std::fmt;
use std::iter::once;
use std::time::Duration;

use prometheus_client::encoding::DescriptorEncoder;
use wamp_core::{Durations, MessageStats, RealmCounts, RealmStats, RequestOutcome, Stats};

use super::families::{Families, Observations};
use crate::router::Router;

/// The counts of a router, for a registry of `prometheus_client`.
///
/// ```
/// use prometheus_client::registry::Registry;
/// use wamp_actix::{Collector, Router};
///
/// let router = Router::builder().handlers([]).metrics(true).build()?;
/// let mut registry = Registry::default();
/// registry.register_collector(Box::new(Collector::new(&router)));
/// # Ok::<(), wamp_actix::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Collector(Router);

impl Collector {
    /// Returns the collector of this router.
    ///
    /// # Panics
    /// The router counts nothing: it was built without `.metrics(true)`.
    #[must_use]
    #[track_caller]
    pub fn new(router: &Router) -> Self {
        let counts = router.stats().realms.iter().all(|realm| realm.counts.is_some());
        assert!(counts, "the router counts nothing: build it with `.metrics(true)`");
        Self(router.clone())
    }
}

impl prometheus_client::collector::Collector for Collector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let stats = self.0.stats();
        let mut families = Families(encoder);
        states(&mut families, &stats)?;
        sessions(&mut families, &stats)?;
        calls(&mut families, &stats)?;
        events(&mut families, &stats)?;
        messages(&mut families, &stats)
    }
}

/// Returns the realms with their counts.
fn counted(stats: &Stats) -> impl Iterator<Item = (&str, &RealmCounts)> {
    stats.realms.iter().filter_map(|realm| Some((realm.realm.as_str(), realm.counts.as_ref()?)))
}

fn states(families: &mut Families<'_>, stats: &Stats) -> fmt::Result {
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    families.gauge("wamp_build_info", "The version of wamp-actix.", once((version, 1)))?;
    let connections = once(([], stats.connections as u64));
    families.gauge("wamp_connections", "Open connections, joined or not.", connections)?;
    let by_kind = |counts: &'_ [(String, u64)]| -> Vec<_> {
        counts.iter().map(|(kind, count)| (kind.clone(), *count)).collect()
    };
    for (name, help, counts) in [
        ("wamp_violations", "Violations of the protocol.", by_kind(&stats.violations)),
        ("wamp_connections_refused", "Refused connections.", by_kind(&stats.connections_refused)),
    ] {
        let series = counts.iter().map(|(kind, count)| ([("kind", &**kind)], *count));
        families.counter(name, help, series)?;
    }
    let mut gauge = |name, help, of: fn(&RealmStats) -> usize| {
        let series = stats.realms.iter();
        families.gauge(name, help, series.map(|one| ([("realm", &*one.realm)], of(one) as u64)))
    };
    gauge("wamp_sessions", "Open sessions.", |realm| realm.sessions)?;
    gauge("wamp_subscriptions", "Topics and patterns with subscribers.", |one| one.subscriptions)?;
    gauge("wamp_registrations", "Procedures of clients.", |realm| realm.registrations)?;
    gauge("wamp_retained_events", "Retained events.", |realm| realm.retained_events)?;
    gauge("wamp_retained_bytes", "Bytes of the retained events.", |realm| realm.retained_bytes)
}

fn sessions(families: &mut Families<'_>, stats: &Stats) -> fmt::Result {
    let opened = counted(stats).flat_map(|(realm, counts)| {
        let by_method = counts.sessions_opened.iter();
        by_method.map(move |(method, count)| ([("realm", realm), ("authmethod", method)], *count))
    });
    families.counter("wamp_sessions_opened", "Sessions that were opened.", opened)?;
    let closed = counted(stats).flat_map(|(realm, counts)| {
        let by_reason = counts.sessions_closed.iter();
        by_reason.map(move |(left, count)| ([("realm", realm), ("reason", left.as_str())], *count))
    });
    families.counter("wamp_sessions_closed", "Sessions that have ended.", closed)?;
    let logins = counted(stats).flat_map(|(realm, counts)| {
        counts.logins.iter().map(move |(method, durations)| {
            ([("realm", realm), ("authmethod", &**method)], observations(durations))
        })
    });
    families.histogram(
        "wamp_login_duration_seconds",
        "Logins that succeeded, from HELLO to the decision.",
        logins,
    )?;
    let denied = "Logins that were refused.";
    tallied(families, stats, ("wamp_logins_denied", denied), "authmethod", |one| {
        &one.logins_denied
    })?;
    let limited = "Sessions that their rate has held back or cut off.";
    tallied(families, stats, ("wamp_rate_limited", limited), "kind", |one| &one.rate_limited)
}

fn tallied(
    families: &mut Families<'_>,
    stats: &Stats,
    (name, help): (&str, &str),
    label: &'static str,
    of: fn(&RealmCounts) -> &Vec<(String, u64)>,
) -> fmt::Result {
    let series = counted(stats).flat_map(|(realm, counts)| {
        of(counts).iter().map(move |(value, count)| ([("realm", realm), (label, &**value)], *count))
    });
    families.counter(name, help, series)
}

fn calls(families: &mut Families<'_>, stats: &Stats) -> fmt::Result {
    let in_flight = counted(stats);
    families.gauge(
        "wamp_calls_in_flight",
        "Calls without an answer yet.",
        in_flight.map(|(realm, counts)| ([("realm", realm)], counts.calls_in_flight)),
    )?;
    let calls = || {
        counted(stats).flat_map(|(realm, counts)| {
            let labels = move |procedure, outcome: RequestOutcome| {
                [("realm", realm), ("procedure", procedure), ("outcome", outcome.as_str())]
            };
            let calls = counts.calls.iter();
            calls.map(move |call| (labels(&*call.procedure, call.outcome), &call.durations))
        })
    };
    let counts = calls().map(|(labels, durations)| (labels, durations.count()));
    families.counter("wamp_calls", "Calls that were answered.", counts)?;
    let durations = calls().map(|(labels, durations)| (labels, observations(durations)));
    families.histogram("wamp_call_duration_seconds", "From CALL to the answer.", durations)?;
    let progressive = counted(stats).flat_map(|(realm, counts)| {
        let by_procedure = counts.progressive_results.iter();
        by_procedure.map(move |(name, count)| ([("realm", realm), ("procedure", name)], *count))
    });
    let sent = "Progressive results that were sent.";
    families.counter("wamp_progressive_results", sent, progressive)?;
    let panics = "Panics in handlers.";
    tallied(families, stats, ("wamp_handler_panics", panics), "procedure", |one| {
        &one.handler_panics
    })
}

fn events(families: &mut Families<'_>, stats: &Stats) -> fmt::Result {
    let publications = counted(stats).flat_map(|(realm, counts)| {
        counts.publications.iter().map(move |one| {
            let outcome = ("outcome", one.outcome.as_str());
            ([("realm", realm), ("topic", &*one.topic), outcome], one.count)
        })
    });
    families.counter("wamp_publications", "Publications, refused ones too.", publications)?;
    let delivered = "Events that were put into the mailboxes of subscribers.";
    by_realm(families, stats, "wamp_events_delivered", delivered, |one| one.events_delivered)?;
    let left_out = "Events that a subscriber did not get: too long, or not in its serializer.";
    by_realm(families, stats, "wamp_events_left_out", left_out, |one| one.events_left_out)?;
    let pauses = "Pauses of publishers, so that subscribers catch up.";
    by_realm(families, stats, "wamp_publisher_pauses", pauses, |one| one.publisher_pauses)
}

fn messages(families: &mut Families<'_>, stats: &Stats) -> fmt::Result {
    type Messages = fn(&RealmCounts) -> &Vec<MessageStats>;
    let series = |messages: Messages, of: fn(&MessageStats) -> u64| {
        counted(stats).flat_map(move |(realm, counts)| {
            let by_type = messages(counts).iter();
            by_type.map(move |one| ([("realm", realm), ("type", one.kind)], of(one)))
        })
    };
    let (received, sent): (Messages, Messages) =
        (|counts| &counts.messages_received, |counts| &counts.messages_sent);
    for (name, help, messages, of) in [
        ("wamp_messages_received", "Messages of joined clients.", received, COUNT),
        ("wamp_received_bytes", "Bytes of these messages.", received, BYTES),
        ("wamp_messages_sent", "Messages to joined clients.", sent, COUNT),
        ("wamp_sent_bytes", "Bytes of these messages.", sent, BYTES),
    ] {
        families.counter(name, help, series(messages, of))?;
    }
    Ok(())
}

const COUNT: fn(&MessageStats) -> u64 = |one| one.count;
const BYTES: fn(&MessageStats) -> u64 = |one| one.bytes;

fn by_realm(
    families: &mut Families<'_>,
    stats: &Stats,
    name: &str,
    help: &str,
    of: fn(&RealmCounts) -> u64,
) -> fmt::Result {
    let series = counted(stats).map(|(realm, counts)| ([("realm", realm)], of(counts)));
    families.counter(name, help, series)
}

fn observations(durations: &Durations) -> Observations {
    let bounds = Durations::BOUNDS.iter().map(Duration::as_secs_f64).chain(once(f64::INFINITY));
    Observations {
        buckets: bounds.zip(durations.buckets).collect(),
        sum: durations.sum.as_secs_f64(),
    }
}
