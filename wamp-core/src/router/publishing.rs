//! The right to publish to a topic of a realm, and publishing on behalf of a client.

use std::sync::Arc;

use super::ServedRealm;
use crate::codec::payload::Payload;
use crate::error::{Error, uris};
use crate::handler::entry::HandlerEntry;
use crate::id::PublicationId;
use crate::message::PublishOptions;
use crate::realm::broker::{Delivered, Event, Retainer};
use crate::router::registry::Declared;
use crate::session::handle::SessionHandle;
use crate::uri;

impl ServedRealm {
    /// Checks the rules for all publications, whatever their topic.
    pub(crate) fn check_publication(
        &self,
        topic: &str,
        options: &PublishOptions,
    ) -> Result<(), Error> {
        if !uri::is_valid(topic) || uri::is_reserved(topic) {
            return Err(Error::invalid_uri(topic)); // U-03, U-06
        }
        if options.disclose_me == Some(true) && !self.settings.disclosure {
            return Err(Error::new(uris::OPTION_DISALLOWED_DISCLOSE_ME)); // N-02
        }
        Ok(())
    }

    /// Returns the handler that decides about publications to this topic; `None` if all sessions
    /// may publish.
    pub(crate) fn publisher(
        &self,
        topic: &str,
        authrole: &str,
    ) -> Result<Option<&'static HandlerEntry>, Error> {
        match self.registry.publication(topic) {
            None => Err(Error::not_authorized("nobody declared this topic for publishers")),
            Some(Declared::Open(_)) => Ok(None),
            Some(Declared::Closed(_)) => {
                Err(Error::not_authorized("only the server publishes to this topic"))
            }
            Some(Declared::Handled(handler)) if handler.admits(authrole) => Ok(Some(*handler)),
            Some(Declared::Handled(_)) => {
                Err(Error::not_authorized("the role may not publish to this topic"))
            }
        }
    }

    /// Publishes an event that the client has been permitted to publish.
    pub(crate) fn publish(
        &self,
        publisher: &Arc<SessionHandle>,
        publication: PublicationId,
        topic: &str,
        payload: &Payload,
        options: &PublishOptions,
    ) -> Delivered {
        self.realm.broker().publish(&Event {
            publication,
            topic,
            payload,
            filter: options.filter.as_deref(),
            excluded: (options.exclude_me != Some(false)).then_some(publisher.id), // B-10, L-01
            disclosed: (options.disclose_me == Some(true)).then_some(publisher),   // N-01
            trustlevel: publisher.trustlevel,
            passthru: options.passthru(),
            trace: options.trace(),
            retainer: (options.retain == Some(true)).then_some(Retainer::Client(publisher)),
        })
    }
}
