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
use crate::realm::broker::{Subscribers, Unsubscribed};
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

/// Publishes that a session's subscription was accepted, and that it is the first of its topic
/// (K-30). Subscriptions to reserved topics cause no events (K-38).
pub(crate) fn subscribed(
    realm: &Realm,
    session: SessionId,
    subscription: &Subscribers,
    is_first: bool,
) {
    if subscription.topic.is_reserved() {
        return;
    }
    if is_first {
        publish(realm, ON_CREATE, || {
            Payload::builder().arg(session).arg(Details::of(subscription))
        });
    }
    publish(realm, ON_SUBSCRIBE, || Payload::builder().arg(session).arg(subscription.id));
}

/// Publishes that a session's subscription has ended, and that it was the last of its topic (K-30).
pub(crate) fn unsubscribed(realm: &Realm, session: SessionId, left: &Unsubscribed) {
    if left.subscription.topic.is_reserved() || !left.was_accepted {
        return;
    }
    let ids = || Payload::builder().arg(session).arg(left.subscription.id);
    publish(realm, ON_UNSUBSCRIBE, ids);
    if left.is_last {
        publish(realm, ON_DELETE, ids);
    }
}

/// Lists the subscriptions (K-31), without those to reserved topics, which cause no events either.
pub(super) fn list(request: &mut Request<'_>) -> Result<Reply, Error> {
    request.finish()?;
    let subscriptions = request.served.realm.broker().subscriptions();
    Ok(Reply::new()
        .arg(ByPolicy::of(subscriptions.iter().map(|found| (found.topic.policy, found.id)))))
}

pub(super) fn lookup(request: &mut Request<'_>) -> Result<Reply, Error> {
    let pattern = request.take_pattern("topic")?;
    let found = request.served.realm.broker().lookup(&pattern);
    Ok(Reply::new().arg(found.map(|subscription| subscription.id)))
}

/// Returns all subscriptions through which an event of the topic is delivered (K-33).
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

/// Removes a subscriber from a subscription (K-39).
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

/// Reads the only argument, the id of a subscription.
fn named(request: &mut Request<'_>) -> Result<Arc<Subscribers>, Error> {
    let id = request.take("subscription")?;
    request.finish()?;
    find(request, id)
}

pub(super) fn find(request: &Request<'_>, id: u64) -> Result<Arc<Subscribers>, Error> {
    SubscriptionId::new(id)
        .and_then(|id| request.served.realm.broker().subscription(id))
        .ok_or_else(|| {
            Error::new(uris::NO_SUCH_SUBSCRIPTION).arg(format!("there is no subscription {id}"))
        })
}

/// Ids by match policy; always with all three keys (K-21, K-31).
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

/// The options of a look-up, its second argument.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct LookupOptions {
    r#match: Option<MatchPolicy>,
}

impl Request<'_> {
    /// Reads a URI and its match policy (K-22, K-32).
    pub(super) fn take_pattern(&mut self, name: &'static str) -> Result<Pattern, Error> {
        let uri = self.take(name)?;
        let options: Option<Dict<LookupOptions>> = self.take("options")?;
        self.finish()?;
        let policy =
            options.and_then(|Dict(options)| options.r#match).unwrap_or(MatchPolicy::Exact);
        Ok(Pattern { policy, uri })
    }
}
