//! `wamp.subscription.get_events`: the history of a subscription's topics (E-07 … E-11).

use std::num::NonZeroUsize;
use std::sync::Arc;

use serde::Serialize;

use super::{Request, subscription};
use crate::codec::raw::Raw;
use crate::codec::value::Format;
use crate::error::Error;
use crate::handler::reply::Reply;
use crate::id::{PublicationId, SubscriptionId};
use crate::message::{EventDetails, MatchPolicy};
use crate::realm::broker::{Recorded, Subscribers};
use crate::timestamp::Timestamp;

/// An event as the caller gets it.
#[derive(Serialize)]
struct Told<'h> {
    timestamp: Timestamp,
    subscription: SubscriptionId,
    publication: PublicationId,
    details: EventDetails<'h>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Raw<'h>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kwargs: Option<Raw<'h>>,
}

/// The conditions of a query, all of which have to hold (E-07).
struct Query {
    reverse: bool,
    limit: usize,
    from_time: Option<Timestamp>,
    after_time: Option<Timestamp>,
    before_time: Option<Timestamp>,
    until_time: Option<Timestamp>,
    topic: Option<String>,
    from_publication: Option<u64>,
    after_publication: Option<u64>,
    before_publication: Option<u64>,
    until_publication: Option<u64>,
}

/// Answers `wamp.subscription.get_events`; each event is one positional result (E-08, D-10).
pub(super) fn get_events(request: &mut Request<'_>) -> Result<Reply, Error> {
    let id = request.take("subscription")?;
    let query = Query::take(request)?;
    let subscription = subscription::find(request, id)?;
    permit(request, &subscription)?;
    let identity = &request.context.session().handle().identity;
    let recorded = request.served.realm.broker().history(&subscription.topic);
    let mut chosen = query.bounded(&recorded).to_vec();
    chosen.retain(|recorded| {
        query.admits(recorded) && recorded.kept.admits(identity) // E-10
    });
    if query.reverse {
        chosen.reverse(); // E-09
    }
    let format = request.context.session().handle().serializer.format();
    let told = chosen.iter().map(|recorded| Told::of(&subscription, recorded));
    let told = told.filter(|told| told.fits(format)).take(query.limit);
    Ok(told.fold(Reply::in_format(format), Reply::arg))
}

/// Checks the right to read a history: a session must hold the subscription, or be allowed to
/// subscribe without a handler's decision (E-11).
fn permit(request: &Request<'_>, subscription: &Subscribers) -> Result<(), Error> {
    let declared = request.served.registry.subscription(&subscription.topic);
    let session = request.context.session();
    let holds = subscription.holder(session.id()).is_some();
    let is_open = declared
        .is_some_and(|declared| declared.is_open_to_subscribers(session.authrole()))
        && request.served.settings.authorizers.is_empty();
    if holds || is_open {
        return Ok(());
    }
    Err(Error::not_authorized("subscribe first: whether you may is not decided here"))
}

impl Query {
    fn take(request: &mut Request<'_>) -> Result<Self, Error> {
        let query = Self {
            reverse: request.take::<Option<bool>>("reverse")?.unwrap_or_default(),
            limit: request
                .take::<Option<NonZeroUsize>>("limit")?
                .map_or(usize::MAX, NonZeroUsize::get),
            from_time: request.take("from_time")?,
            after_time: request.take("after_time")?,
            before_time: request.take("before_time")?,
            until_time: request.take("until_time")?,
            topic: request.take("topic")?,
            from_publication: request.take("from_publication")?,
            after_publication: request.take("after_publication")?,
            before_publication: request.take("before_publication")?,
            until_publication: request.take("until_publication")?,
        };
        request.finish()?;
        Ok(query)
    }

    /// Returns the part between two publications. One that is missing counts as older than all
    /// events.
    fn bounded<'h>(&self, recorded: &'h [Arc<Recorded>]) -> &'h [Arc<Recorded>] {
        let place = |publication: u64| {
            recorded.iter().position(|recorded| recorded.kept.publication.get() == publication)
        };
        // Counts the events before a publication, including it or not.
        let before = |publication: Option<u64>, included: usize, absent: usize| {
            publication
                .map_or(absent, |publication| place(publication).map_or(0, |at| at + included))
        };
        let start = before(self.from_publication, 0, 0).max(before(self.after_publication, 1, 0));
        let all = recorded.len();
        let end =
            before(self.until_publication, 1, all).min(before(self.before_publication, 0, all));
        recorded.get(start..end).unwrap_or_default()
    }

    fn admits(&self, recorded: &Recorded) -> bool {
        let time = recorded.timestamp;
        self.from_time.is_none_or(|from| time >= from)
            && self.after_time.is_none_or(|after| time > after)
            && self.before_time.is_none_or(|before| time < before)
            && self.until_time.is_none_or(|until| time <= until)
            && self.topic.as_ref().is_none_or(|topic| *topic == recorded.kept.topic)
    }
}

impl<'h> Told<'h> {
    fn of(subscription: &Subscribers, recorded: &'h Recorded) -> Self {
        let kept = &recorded.kept;
        let by_pattern = subscription.topic.policy != MatchPolicy::Exact;
        Self {
            timestamp: recorded.timestamp,
            subscription: subscription.id,
            publication: kept.publication,
            details: kept.details(by_pattern),
            args: kept.payload.raw_args(),
            kwargs: kept.payload.raw_kwargs(),
        }
    }

    /// Returns whether the format can express the event; if not, it was also left out when it was
    /// published.
    fn fits(&self, format: Format) -> bool {
        format.write(&mut Vec::new(), self).is_ok()
    }
}
