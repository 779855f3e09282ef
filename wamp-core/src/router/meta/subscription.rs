//! `wamp.subscription.*` (K-30 … K-36).

use std::sync::Arc;

use serde::Serialize;

use super::session::no_such_session;
use super::{Request, publish};
use crate::codec::payload::Payload;
use crate::error::{Error, uris};
use crate::handler::reply::Reply;
use crate::id::{SessionId, SubscriptionId};
use crate::message::{Dict, MatchPolicy};
use crate::realm::Realm;
use crate::realm::broker::{Left, Subscribers};
use crate::realm::pattern::Pattern;
use crate::timestamp::Timestamp;

pub(super) const ON_CREATE: &str = "wamp.subscription.on_create";
pub(super) const ON_SUBSCRIBE: &str = "wamp.subscription.on_subscribe";
pub(super) const ON_UNSUBSCRIBE: &str = "wamp.subscription.on_unsubscribe";
pub(super) const ON_DELETE: &str = "wamp.subscription.on_delete";

#[derive(Serialize)]
struct Details<'s> {
    id: SubscriptionId,
    created: Timestamp,
    uri: &'s str,
    r#match: &'static str,
}

impl<'s> Details<'s> {
    fn of(subscription: &'s Subscribers) -> Self {
        let Subscribers { id, topic, created, .. } = subscription;
        Self { id: *id, created: *created, uri: &topic.uri, r#match: topic.policy.name() }
    }
}

/// A session's subscription was accepted, perhaps as the first of its topic (K-30). Of subscriptions to the events about
/// subscriptions there is none (K-38).
pub(crate) fn subscribed(realm: &Realm, session: SessionId, subscription: &Subscribers, is_first: bool) {
    if subscription.topic.is_reserved() {
        return;
    }
    if is_first {
        publish(realm, ON_CREATE, || Payload::builder().arg(session).arg(Details::of(subscription)));
    }
    publish(realm, ON_SUBSCRIBE, || Payload::builder().arg(session).arg(subscription.id));
}

/// A session's subscription has ended, perhaps as the last of its topic (K-30).
pub(crate) fn unsubscribed(realm: &Realm, session: SessionId, left: &Left) {
    if left.subscription.topic.is_reserved() || !left.was_accepted {
        return;
    }
    let ids = || Payload::builder().arg(session).arg(left.subscription.id);
    publish(realm, ON_UNSUBSCRIBE, ids);
    if left.is_last {
        publish(realm, ON_DELETE, ids);
    }
}

/// K-31; what is under `wamp.` is left out, as it is of the events.
pub(super) fn list(request: &mut Request<'_>) -> Result<Reply, Error> {
    request.finish()?;
    let subscriptions = request.served.realm.broker().subscriptions();
    Ok(Reply::new().arg(ByPolicy::of(subscriptions.iter().map(|found| (found.topic.policy, found.id)))))
}

pub(super) fn lookup(request: &mut Request<'_>) -> Result<Reply, Error> {
    let pattern = request.take_pattern("topic")?;
    let found = request.served.realm.broker().lookup(&pattern);
    Ok(Reply::new().arg(found.map(|subscription| subscription.id)))
}

/// K-33: all subscriptions through which an event of the topic travels.
pub(super) fn matching(request: &mut Request<'_>) -> Result<Reply, Error> {
    let topic: String = request.take("topic")?;
    request.finish()?;
    let mut ids: Vec<_> =
        request.served.realm.broker().matching(&topic).iter().map(|found| found.id).collect();
    ids.sort_unstable();
    Ok(Reply::new().arg((!ids.is_empty()).then_some(ids)))
}

pub(super) fn get(request: &mut Request<'_>) -> Result<Reply, Error> {
    Ok(Reply::new().arg(Details::of(&*named(request)?)))
}

pub(super) fn list_subscribers(request: &mut Request<'_>) -> Result<Reply, Error> {
    Ok(Reply::new().arg(named(request)?.sessions()))
}

pub(super) fn count_subscribers(request: &mut Request<'_>) -> Result<Reply, Error> {
    Ok(Reply::new().arg(named(request)?.sessions().len()))
}

/// K-39.
pub(super) fn remove_subscriber(request: &mut Request<'_>) -> Result<Reply, Error> {
    let (id, session): (u64, u64) = (request.take("subscription")?, request.take("session")?);
    let reason = request.take_reason()?;
    request.finish()?;
    let subscription = find(request, id)?;
    let is_removed = SessionId::new(session).is_some_and(|session| {
        request.served.realm.revoke(subscription.id, session, reason.unwrap_or_default())
    });
    if is_removed { Ok(Reply::new()) } else { Err(no_such_session(session)) }
}

/// The subscription that is the only argument.
fn named(request: &mut Request<'_>) -> Result<Arc<Subscribers>, Error> {
    let id = request.take("subscription")?;
    request.finish()?;
    find(request, id)
}

pub(super) fn find(request: &Request<'_>, id: u64) -> Result<Arc<Subscribers>, Error> {
    SubscriptionId::new(id)
        .and_then(|id| request.served.realm.broker().subscription(id))
        .ok_or_else(|| Error::new(uris::NO_SUCH_SUBSCRIPTION).arg(format!("there is no subscription {id}")))
}

/// Ids by how their URIs are compared: all three keys, always (K-21, K-31).
#[derive(Serialize)]
pub(super) struct ByPolicy<T> {
    exact: Vec<T>,
    prefix: Vec<T>,
    wildcard: Vec<T>,
}

impl<T> ByPolicy<T> {
    pub(super) fn of(ids: impl Iterator<Item = (MatchPolicy, T)>) -> Self {
        let mut lists = Self { exact: Vec::new(), prefix: Vec::new(), wildcard: Vec::new() };
        for (policy, id) in ids {
            match policy {
                MatchPolicy::Exact => lists.exact.push(id),
                MatchPolicy::Prefix => lists.prefix.push(id),
                MatchPolicy::Wildcard => lists.wildcard.push(id),
            }
        }
        lists
    }
}

/// The second argument of a look-up.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct LookupOptions {
    r#match: Option<MatchPolicy>,
}

impl Request<'_> {
    /// A URI and how it is compared: K-22, K-32.
    pub(super) fn take_pattern(&mut self, name: &'static str) -> Result<Pattern, Error> {
        let uri = self.take(name)?;
        let options: Option<Dict<LookupOptions>> = self.take("options")?;
        self.finish()?;
        let policy = options.and_then(|Dict(options)| options.r#match).unwrap_or(MatchPolicy::Exact);
        Ok(Pattern { policy, uri })
    }
}
