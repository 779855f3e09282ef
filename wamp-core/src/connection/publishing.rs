//! The publications of one session: decided one after the other, so that they stay in order.

use std::collections::VecDeque;

use super::joined::Joined;
use crate::authorization::{Action, Gate};
use crate::context::Subject;
use crate::error::{Error, Violation, uris};
use crate::handler::{Answer, Entry, Registration};
use crate::id::{PublicationId, RequestId};
use crate::message::{self, MatchPolicy, PublishOptions, code};
use crate::payload::Payload;
use crate::tasks::{Done, Task, Work};

/// Deliveries that a client's publications may cause before the host gets its turn: more would pile up before those
/// subscribers of the same worker that read all they get.
const DELIVERIES: usize = 4096;

/// The publications of one session that are not decided yet.
#[derive(Debug, Default)]
pub(super) struct Publishing {
    /// The first is with its handler; the others wait, so that events keep the publisher's order (B-12).
    queue: VecDeque<Pending>,
    /// Bytes of the frames that they keep.
    bytes: usize,
    /// How often events were delivered since the host had its turn.
    delivered: usize,
}

#[derive(Debug)]
struct Pending {
    request: RequestId,
    publication: PublicationId,
    options: PublishOptions,
    topic: String,
    payload: Payload,
    /// Who decides about it, or why nobody will: shown when the realm's authoriser lets it through (Z-05).
    handler: Result<Option<&'static Registration>, Error>,
}

impl Publishing {
    pub(super) fn keeps_messages(&self) -> bool {
        self.bytes > 0
    }

    /// Whether others should have their turn before more is published.
    pub(super) fn is_spent(&self) -> bool {
        self.delivered >= DELIVERIES
    }

    pub(super) fn begin_turn(&mut self) {
        self.delivered = 0;
    }

    pub(super) fn is_outstanding(&self, request: RequestId) -> bool {
        self.queue.iter().any(|pending| pending.request == request)
    }
}

impl Joined {
    pub(super) fn publish(
        &mut self,
        request: RequestId,
        options: PublishOptions,
        topic: &str,
        payload: Payload,
    ) -> Result<(), Violation> {
        self.expect(request)?;
        if options.passthru.is_some() && !self.session().peer().features.publisher.payload_passthru_mode {
            return Err("payload passthru mode was not announced".into());
        }
        let handler = self.served.publisher(topic, self.session().authrole());
        let hopeless = if self.has_authorizer() { None } else { handler.as_ref().err() };
        let allowed = self.served.check_publication(topic, &options).and_then(|()| match hopeless {
            Some(error) => Err(error.clone()),
            None => fits(&options, &payload),
        });
        if let Err(error) = allowed {
            self.refuse_publication(request, &options, &error);
            return Ok(());
        }
        let publication = PublicationId::random();
        let pending = Pending { request, publication, options, topic: topic.to_owned(), payload, handler };
        let bytes = self.publishing.bytes + pending.payload.kept_bytes();
        if self.publishing.queue.len() > self.limits().publications_in_flight
            || bytes > self.limits().bytes_in_flight
        {
            let error = Error::new(uris::UNAVAILABLE).arg("too many publications in flight");
            self.refuse_publication(request, &pending.options, &error);
        } else {
            self.publishing.bytes = bytes;
            self.publishing.queue.push_back(pending);
            if self.publishing.queue.len() == 1 {
                self.publish_next();
            }
        }
        Ok(())
    }

    /// Works the queue off, until somebody has to be waited for.
    fn publish_next(&mut self) {
        while let Some(pending) = self.publishing.queue.front() {
            let answer = match self.gate(Action::Publish, MatchPolicy::Exact, &pending.topic) {
                Gate::Decided(decision) => decision.and_then(|()| self.deciding(pending)),
                Gate::Asking(asking) => Ok(Some(after(asking, self.deciding(pending)))),
            };
            let decision = match answer {
                Ok(Some(answer)) => match self.tasks.start(Task::Publish(Work::new(answer))) {
                    Some(Done::Publish(decision)) => decision,
                    Some(_) | None => return,
                },
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            self.decide_first(decision);
        }
    }

    /// The handler that decides, about to start; `None` if everybody may.
    fn deciding(&self, pending: &Pending) -> Result<Option<Answer<()>>, Error> {
        let Some(handler) = pending.handler.clone()? else { return Ok(None) };
        let Entry::Publish(run) = handler.entry else { return Ok(None) };
        let subject = Subject::Publish(pending.publication);
        Ok(Some(run(self.context(handler, &pending.topic, pending.payload.clone(), subject))))
    }

    pub(super) fn publish_decided(&mut self, decision: Result<(), Error>) {
        self.decide_first(decision);
        self.publish_next();
    }

    fn decide_first(&mut self, decision: Result<(), Error>) {
        let Some(pending) = self.publishing.queue.pop_front() else {
            return;
        };
        self.publishing.bytes -= pending.payload.kept_bytes();
        match decision.map(|()| self.deliver_publication(&pending)) {
            Ok(()) if pending.options.acknowledge == Some(true) => {
                let Pending { request, publication, .. } = pending;
                self.link.outbox.borrow_mut().send(|s, out| message::published(s, out, request, publication)); // B-07
            }
            Ok(()) => {} // B-06
            Err(error) => self.refuse_publication(pending.request, &pending.options, &error),
        }
    }

    fn deliver_publication(&mut self, pending: &Pending) {
        let Pending { publication, options, topic, payload, .. } = pending;
        let peer = self.session().peer();
        self.publishing.delivered += self.served.publish(peer, *publication, topic, payload, options);
    }

    /// The session ends: nothing that was not decided goes out.
    pub(super) fn refuse_publications(&mut self, error: &Error) {
        for Pending { request, options, .. } in std::mem::take(&mut self.publishing).queue {
            self.refuse_publication(request, &options, error);
        }
    }

    /// B-08, U-04: only who asked for an acknowledgement learns of a failure.
    fn refuse_publication(&self, request: RequestId, options: &PublishOptions, error: &Error) {
        if options.acknowledge == Some(true) {
            self.error(code::PUBLISH, request, error);
        } else {
            tracing::debug!(session = %self.session().id(), %error, "publication refused");
        }
    }
}

/// what is passed through is one binary value.
fn fits(options: &PublishOptions, payload: &Payload) -> Result<(), Error> {
    if options.passthru.is_some() && !payload.is_one_binary() {
        return Err(Error::invalid_argument("with `ppt_scheme`, the payload is one binary value"));
    }
    Ok(())
}

/// The handler's decision, once the authoriser has let the publication through.
fn after(asking: Answer<()>, deciding: Result<Option<Answer<()>>, Error>) -> Answer<()> {
    Box::pin(async move {
        asking.await?;
        match deciding? {
            Some(answer) => answer.await,
            None => Ok(()),
        }
    })
}
