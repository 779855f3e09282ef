//! An event on its way to subscribers, and one that is kept for later subscribers.

use std::sync::Arc;

use bytes::Bytes;

use super::longest::Longest;
use crate::codec::payload::Payload;
use crate::codec::serializer::{EncodeError, Serializer};
use crate::id::{PublicationId, SessionId, SubscriptionId};
use crate::identity::Identity;
use crate::message::{self, EventDetails, Filter, Passthru, PassthruKeys, Trace};
use crate::session::backlog::Backlog;
use crate::session::handle::SessionHandle;

/// An event on its way to the subscribers of its topic.
#[derive(Debug)]
pub(crate) struct Event<'e> {
    pub(crate) publication: PublicationId,
    pub(crate) topic: &'e str,
    pub(crate) payload: &'e Payload,
    pub(crate) filter: Option<&'e Filter>,
    /// The publisher, if it must not get its own event (B-10).
    pub(crate) excluded: Option<SessionId>,
    /// The publisher, if it is disclosed to subscribers (N-01).
    pub(crate) disclosed: Option<&'e Arc<SessionHandle>>,
    /// The trust level of the publisher (N-05).
    pub(crate) trustlevel: Option<u32>,
    /// The description of a payload in passthru mode.
    pub(crate) passthru: Option<&'e Passthru>,
    /// The trace context; those who get a kept event later get none (TC-05).
    pub(crate) trace: Option<&'e Trace>,
    /// The publisher, if it asks for the event to be retained (E-01).
    pub(crate) retainer: Option<Retainer<'e>>,
}

/// The publisher of an event that is to be retained.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Retainer<'e> {
    Server,
    Client(&'e SessionHandle),
}

impl<'e> Event<'e> {
    /// Creates an event without a publisher session, published by the application or the router,
    /// for every subscriber.
    pub(crate) fn of_router(
        publication: PublicationId,
        topic: &'e str,
        payload: &'e Payload,
        filter: Option<&'e Filter>,
    ) -> Self {
        Self {
            publication,
            topic,
            payload,
            filter,
            excluded: None,
            disclosed: None,
            trustlevel: None,
            passthru: None,
            trace: None,
            retainer: None,
        }
    }

    /// Returns the event's Details, made anew for each subscription (B-09).
    pub(super) fn details(&self) -> EventDetails<'e> {
        let identity = self.disclosed.map(|publisher| &publisher.identity);
        let passthru = PassthruKeys(self.passthru);
        EventDetails {
            publisher: self.disclosed.map(|publisher| publisher.id),
            publisher_authid: identity.map(|identity| identity.authid.as_str()),
            publisher_authrole: identity.map(|identity| identity.authrole.as_str()),
            trustlevel: self.trustlevel,
            ppt_scheme: passthru.scheme(),
            ppt_serializer: passthru.serializer(),
            ppt_cipher: passthru.cipher(),
            ppt_keyid: passthru.keyid(),
            traceparent: self.trace.map(Trace::traceparent),
            tracestate: self.trace.and_then(Trace::tracestate),
            ..EventDetails::default()
        }
    }

    /// Returns whether the session gets the event, if it is subscribed.
    pub(super) fn reaches(&self, session: &SessionHandle) -> bool {
        let identity = &session.identity;
        Some(session.id) != self.excluded
            && self.filter.is_none_or(|filter| {
                filter.admits(session.id.get(), &identity.authid, &identity.authrole)
            })
    }
}

/// An event that is kept after it was delivered: retained, or in a history.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) publication: PublicationId,
    pub(crate) topic: String,
    pub(crate) payload: Payload,
    filter: Option<Box<Filter>>,
    excluded: Option<SessionId>,
    disclosed: Option<Arc<SessionHandle>>,
    trustlevel: Option<u32>,
    passthru: Option<Box<Passthru>>,
}

impl Kept {
    pub(super) fn of(event: &Event<'_>) -> Self {
        Self {
            publication: event.publication,
            topic: event.topic.to_owned(),
            payload: event.payload.detached(),
            filter: event.filter.cloned().map(Box::new),
            excluded: event.excluded,
            disclosed: event.disclosed.cloned(),
            trustlevel: event.trustlevel,
            passthru: event.passthru.cloned().map(Box::new),
        }
    }

    /// Returns the event as it was published.
    pub(crate) fn event(&self) -> Event<'_> {
        Event {
            publication: self.publication,
            topic: &self.topic,
            payload: &self.payload,
            filter: self.filter.as_deref(),
            excluded: self.excluded,
            disclosed: self.disclosed.as_ref(),
            trustlevel: self.trustlevel,
            passthru: self.passthru.as_deref(),
            trace: None,
            retainer: None,
        }
    }

    /// Returns whether no later subscriber could want the older event `other` instead.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        (self.filter.is_none() || self.filter == other.filter)
            && (self.excluded.is_none() || self.excluded == other.excluded)
    }

    /// Returns `EVENT.Details` for a subscription; with `by_pattern`, they name the topic.
    pub(crate) fn details(&self, by_pattern: bool) -> EventDetails<'_> {
        let topic = by_pattern.then_some(self.topic.as_str());
        EventDetails { topic, ..self.event().details() }
    }

    /// Returns whether the filters by name admit this identity; a kept event has no filters by
    /// session (E-10).
    pub(crate) fn admits(&self, identity: &Identity) -> bool {
        // No session has the id 0.
        self.filter
            .as_ref()
            .is_none_or(|filter| filter.admits(0, &identity.authid, &identity.authrole))
    }

    /// Returns about how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let filter = self.filter.as_ref().map_or(0, |filter| filter.bytes());
        // A disclosed publisher's handle stays in memory.
        let publisher = self.disclosed.as_ref().map_or(0, |_| size_of::<SessionHandle>());
        size_of::<Self>() + self.topic.len() + self.payload.kept_bytes() + filter + publisher
    }
}

/// An event of one subscription, encoded once for each format in use.
pub(super) struct EncodedEvent<'e> {
    pub(super) subscription: SubscriptionId,
    pub(super) details: EventDetails<'e>,
    pub(super) event: &'e Event<'e>,
    pub(super) longest: &'e Longest,
    pub(super) backlog: &'e Arc<Backlog>,
    pub(super) messages: Vec<(Serializer, Option<Bytes>)>,
}

impl EncodedEvent<'_> {
    /// Returns the encoded event, or `None` if the serializer cannot express it (the application
    /// may publish lists deeper than readers accept), or if it would be too long, as a text of
    /// control characters becomes in JSON.
    pub(super) fn message(&mut self, serializer: Serializer) -> Option<Bytes> {
        if let Some((_, message)) =
            self.messages.iter().find(|(of, _)| of.format() == serializer.format())
        {
            return message.clone();
        }
        let Event { topic, publication, payload, .. } = *self.event;
        let message = written(serializer, self.subscription, publication, &self.details, payload)
            .inspect_err(|error| self.longest.inexpressible(topic, serializer, error))
            .ok()
            .filter(|message| self.longest.admits(topic, serializer, message.len()))
            .map(|message| self.backlog.share(message));
        self.messages.push((serializer, message.clone()));
        message
    }

    /// Returns the length of the longest encoding.
    pub(super) fn bytes(&self) -> usize {
        self.messages
            .iter()
            .flat_map(|(_, message)| message)
            .map(Bytes::len)
            .max()
            .unwrap_or_default()
    }
}

pub(super) fn written(
    serializer: Serializer,
    subscription: SubscriptionId,
    publication: PublicationId,
    details: &EventDetails<'_>,
    payload: &Payload,
) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    message::event(serializer, &mut out, subscription, publication, details, payload)?;
    Ok(out)
}
