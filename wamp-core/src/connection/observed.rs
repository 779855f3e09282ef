//! A session as far as it is counted, observed or logged.

mod counted;
mod open_calls;
mod told;

use std::sync::Arc;
use std::time::Instant;

use tracing::Level;

use super::core::Request;
use crate::error::Error;
use crate::handler::entry::HandlerEntry;
use crate::id::{PublicationId, RequestId};
use crate::log;
use crate::message::Message;
use crate::realm::broker::Delivered;
use crate::realm::instruments::{Counters, Instruments};
use crate::realm::observer::{Observer, Observers};
use crate::realm::session::Session;
use crate::router::registry::NumberedHandler;
use crate::session::left::Left;
use crate::session::request_outcome::RequestOutcome;
use counted::CountedCalls;
use told::ToldCalls;

/// A session that is counted, observed or logged. Each of its calls ends exactly once.
#[derive(Debug)]
pub(super) struct Observed {
    session: Session,
    instruments: Option<Arc<Instruments>>,
    counted: Option<CountedCalls>,
    told: Option<ToldCalls>,
}

/// The answerer of a procedure, as far as its calls are counted and shown.
#[derive(Copy, Clone, Debug)]
pub(super) enum Served {
    Handler(NumberedHandler),
    Client,
    Router,
    Nobody,
}

impl Served {
    fn handler(self) -> Option<&'static HandlerEntry> {
        match self {
            Self::Handler(NumberedHandler { handler, .. }) => Some(handler),
            Self::Client | Self::Router | Self::Nobody => None,
        }
    }
}

impl Observed {
    /// Returns `None` where neither the application nor the log asks for calls. The log is asked
    /// when the session opens, so that a call costs nothing.
    pub(super) fn of(session: &Session) -> Option<Box<Self>> {
        let instruments = session.realm().instruments().cloned();
        let counted = session.realm().counters().map(Counters::own).map(CountedCalls::new);
        let observers = instruments
            .as_ref()
            .map_or_else(Observers::default, |instruments| instruments.observers.clone());
        let is_logged = tracing::enabled!(target: log::CALL, Level::DEBUG);
        let told = (is_logged || !observers.is_empty()).then(|| ToldCalls::new(session, observers));
        (counted.is_some() || told.is_some())
            .then(|| Box::new(Self { session: session.clone(), instruments, counted, told }))
    }

    /// Begins a call that was received at this time.
    #[inline]
    pub(super) fn start(
        &self,
        request: RequestId,
        procedure: &str,
        served: Served,
        started: Instant,
    ) {
        if let Some(counted) = &self.counted {
            counted.start(request, served, started);
        }
        if let Some(told) = &self.told {
            told.start(request, procedure, served, started);
        }
    }

    /// Ends a call, unless it has ended.
    #[inline]
    pub(super) fn end(&self, request: RequestId, outcome: RequestOutcome) {
        if let Some(counted) = &self.counted {
            counted.end(request, outcome);
        }
        if let Some(told) = &self.told {
            told.end(request, outcome);
        }
    }

    /// Ends the calls that have no answer, because their caller leaves.
    pub(super) fn end_all(&self) {
        if let Some(counted) = &self.counted {
            counted.end_all();
        }
        if let Some(told) = &self.told {
            told.end_all();
        }
    }

    /// Notes that the output so far is handed over to the transport.
    #[inline]
    pub(super) fn hand_over(&self) {
        if let Some(counted) = &self.counted {
            counted.hand_over();
        }
    }
}

/// The session's opening and end, and what it asks for beside calls.
impl Observed {
    pub(super) fn opened(&self) {
        let Some(Instruments { observers, counters }) = self.listed() else { return };
        if let Some(counters) = counters {
            counters.session_opened(self.session.authmethod());
        }
        observers.tell(|observer| observer.session_opened(&self.session));
    }

    pub(super) fn closed(&self, left: Left) {
        let Some(Instruments { observers, counters }) = self.listed() else { return };
        if let Some(counters) = counters {
            counters.session_closed(left);
        }
        observers.tell(|observer| observer.session_closed(&self.session, left));
    }

    /// Returns the instruments of a session that counts as one.
    fn listed(&self) -> Option<&Instruments> {
        self.instruments.as_deref().filter(|_| self.session.handle().is_listed)
    }

    /// Tells that a request was refused with this error, if it was denied.
    pub(super) fn refused(&self, request: Request<'_>, error: &Error) {
        if let Some(instruments) = &self.instruments
            && RequestOutcome::of(error) == RequestOutcome::Denied
            && let Some((action, uri)) = request.asks_for()
        {
            let tell = |observer: &dyn Observer| observer.denied(&self.session, action, uri, error);
            instruments.observers.tell(tell);
        }
    }

    /// Counts a message of the client.
    pub(super) fn received(&self, message: &Message<'_>, bytes: usize) {
        if let Some(CountedCalls { own, .. }) = &self.counted {
            own.received(message.kind(), bytes);
        }
    }

    /// Counts a publication, and tells that it was accepted.
    pub(super) fn published(&self, topic: &str, publication: PublicationId, delivered: Delivered) {
        self.session.realm().count_published(topic, delivered);
        if let Some(instruments) = &self.instruments {
            let tell = |observer: &dyn Observer| {
                observer.published(&self.session, topic, publication);
            };
            instruments.observers.tell(tell);
        }
    }

    /// Counts a publication that was refused.
    pub(super) fn unpublished(&self, topic: &str, error: &Error) {
        if let Some(counters) = self.session.realm().counters() {
            counters.published(topic, RequestOutcome::of(error));
        }
    }
}
