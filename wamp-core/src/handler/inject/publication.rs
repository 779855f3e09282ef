//! Injects the publication that is being decided.

use std::borrow::Cow;

use crate::codec::payload::Payload;
use crate::error::Error;
use crate::handler::context::{Context, FromContext, Subject};
use crate::handler::entry::Attribute;
use crate::id::PublicationId;

/// The event that a `#[publish]` handler permits or refuses.
///
/// ```
/// use wamp_core::Publication;
///
/// async fn log(publication: Publication) {
///     println!("{} on {}", publication.id(), publication.topic());
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Publication {
    id: PublicationId,
    topic: Cow<'static, str>,
    payload: Payload,
}

impl Publication {
    /// Returns the id that subscribers see.
    #[must_use]
    pub fn id(&self) -> PublicationId {
        self.id
    }

    /// Returns the topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Returns the payload of the event.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }
}

impl FromContext for Publication {
    const ONLY_IN: Option<Attribute> = Some(Attribute::Publish);

    async fn from_context(context: &Context) -> Result<Self, Error> {
        match context.subject() {
            Some(Subject::Publish(id, _)) => {
                let (topic, payload) = (context.owned_uri(), context.payload().clone());
                Ok(Self { id: *id, topic, payload })
            }
            _ => Err(Error::internal("`Publication` outside #[publish]")),
        }
    }
}
