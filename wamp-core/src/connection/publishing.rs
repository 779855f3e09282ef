//! The publications of one session: decided one after the other, so that they stay in order.

use std::collections::VecDeque;
use std::time::Instant;

use super::open::OpenSession;
use crate::auth::Decision;
use crate::codec::payload::Payload;
use crate::error::{Error, Violation, uris};
use crate::handler::context::Subject;
use crate::handler::entry::{BoxedAnswer, Entry, HandlerEntry};
use crate::handler::tasks::{Asking, Completion, HandlerFuture, RunningHandler, Task};
use crate::id::{PublicationId, RequestId};
use crate::message::{self, PublishOptions, code};
use crate::router::authorizer::{Action, Gate, Kind};

/// Publications that are decided in a row before the host gets its turn, if their handlers are ready at once.
const DECISIONS: usize = 64;

/// The publications of one session that are not decided yet.
#[derive(Debug, Default)]
pub(super) struct Publishing {
    /// The first is being decided; the others wait, so that events keep the publisher's order (B-12).
    queue: VecDeque<Pending>,
    /// By whom the first is being decided, if it was begun, and until when they may think about it.
    deciding: Option<(Deciding, Instant)>,
    /// Bytes that they keep.
    bytes: usize,
    /// The first of the queue was not begun, for enough was published or decided.
    held_back: bool,
}

#[derive(Debug)]
struct Pending {
    request: RequestId,
    publication: PublicationId,
    options: PublishOptions,
    topic: String,
    payload: Payload,
    /// Who decides about it, or why nobody will: shown when the realm's authoriser lets it through (Z-05).
    handler: Result<Option<&'static HandlerEntry>, Error>,
}

impl Pending {
    /// Bytes that are kept while it waits: its message, and the lists of whom the event is for.
    fn bytes(&self) -> usize {
        let filter = self.options.filter.as_ref().map_or(0, |filter| filter.bytes());
        self.payload.kept_bytes() + filter
    }
}

/// Who decides about a publication.
#[derive(Debug)]
enum Deciding {
    Authorizer(Asking),
    Handler(RunningHandler),
}

impl Publishing {
    pub(super) fn keeps_messages(&self) -> bool {
        self.bytes > 0
    }

    /// Whether nothing but the next turn makes the queue go on.
    pub(super) fn is_held_back(&self) -> bool {
        self.held_back
    }

    /// Whether publications wait to be decided.
    pub(super) fn is_at_work(&self) -> bool {
        !self.queue.is_empty()
    }

    /// When the first of the queue is given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deciding.as_ref().map(|(_, until)| *until)
    }

    /// Whether the authorisers think about this publication.
    pub(super) fn is_asking_about(&self, request: RequestId) -> bool {
        matches!(self.deciding, Some((Deciding::Authorizer(_), _)))
            && self.queue.front().is_some_and(|pending| pending.request == request)
    }

    pub(super) fn is_outstanding(&self, request: RequestId) -> bool {
        self.queue.iter().any(|pending| pending.request == request)
    }
}

impl OpenSession {
    pub(super) fn publish(
        &mut self,
        request: RequestId,
        options: PublishOptions,
        topic: &str,
        payload: Payload,
        now: Instant,
    ) -> Result<(), Violation> {
        self.expect(request)?;
        if options.passthru.is_some()
            && !self.core.session().handle().features.publisher.payload_passthru_mode
        {
            return Err("payload passthru mode was not announced".into());
        }
        let handler = self.core.served.publisher(topic, self.core.session().authrole());
        let hopeless = if self.core.has_authorizer() { None } else { handler.as_ref().err() };
        let allowed = self.core.served.check_publication(topic, &options).and_then(|()| match hopeless {
            Some(error) => Err(error.clone()),
            None => fits(&options, &payload),
        });
        if let Err(error) = allowed {
            self.refuse_publication(request, &options, &error);
            return Ok(());
        }
        let publication = PublicationId::random();
        let pending = Pending { request, publication, options, topic: topic.to_owned(), payload, handler };
        let bytes = self.publishing.bytes + pending.bytes();
        if self.publishing.queue.len() > self.core.limits().publications_in_flight
            || bytes > self.core.limits().bytes_in_flight
        {
            let error = Error::new(uris::UNAVAILABLE).arg("too many publications in flight");
            self.refuse_publication(request, &pending.options, &error);
        } else {
            self.publishing.bytes = bytes;
            self.publishing.queue.push_back(pending);
            if self.publishing.queue.len() == 1 {
                self.publish_next(now);
            }
        }
        Ok(())
    }

    /// Goes on where others were to have their turn.
    pub(super) fn resume_publishing(&mut self, now: Instant) {
        if self.publishing.held_back && !self.core.pace.is_enough() {
            self.publishing.held_back = false;
            self.publish_next(now);
        }
    }

    /// Works the queue off, until somebody has to be waited for.
    fn publish_next(&mut self, now: Instant) {
        let mut decisions = 0;
        while let Some(pending) = self.publishing.queue.front() {
            if self.core.pace.ends_round_before(pending.payload.kept_bytes(), &self.core.link.limits) {
                self.publishing.held_back = true;
                return;
            }
            let is_decided = self.core.has_authorizer() || matches!(pending.handler, Ok(Some(_)));
            let permission = match self.core.gate(Kind::exact(Action::Publish), &pending.topic, now) {
                Gate::Decided(permission) => permission,
                Gate::Asking(answer) => {
                    let (request, asking) = (pending.request, Asking::new(HandlerFuture::new(answer)));
                    self.publishing.deciding =
                        Some((Deciding::Authorizer(asking.clone()), self.core.patience(now)));
                    self.core.tasks.proceed(Task::Authorize(request, asking), false);
                    return;
                }
            };
            let Some(decision) = self.ask_publish(permission, now) else { return };
            self.decide_first(decision);
            decisions += usize::from(is_decided);
            if self.holds_back(decisions >= DECISIONS) {
                return;
            }
        }
    }

    /// The authorisers have decided about the first of the queue.
    pub(super) fn publication_authorized(&mut self, permission: Decision, now: Instant) {
        if let Some(decision) = self.ask_publish(permission, now) {
            self.publish_decided(decision, now);
        }
    }

    /// What is decided about the first of the queue; `None` while its handler thinks about it.
    fn ask_publish(&mut self, permission: Decision, now: Instant) -> Option<Result<(), Error>> {
        self.publishing.deciding = None;
        let pending = self.publishing.queue.front()?;
        let run = match permission.and_then(|_| self.deciding(pending)) {
            Ok(Some(answer)) => RunningHandler::new(HandlerFuture::new(answer)),
            Ok(None) => return Some(Ok(())),
            Err(error) => return Some(Err(error)),
        };
        if let Some(Completion::Publish(decision)) = self.core.tasks.start(Task::Publish(run.clone())) {
            return Some(decision);
        }
        self.publishing.deciding = Some((Deciding::Handler(run), now + self.core.limits().publish_timeout));
        None
    }

    /// The handler that decides, about to start; `None` if everybody may.
    fn deciding(&self, pending: &Pending) -> Result<Option<BoxedAnswer<()>>, Error> {
        let Some(handler) = pending.handler.clone()? else { return Ok(None) };
        let Entry::Publish(run) = handler.entry else { return Ok(None) };
        let subject = Subject::Publish(pending.publication);
        Ok(Some(run(self.core.context(handler, &pending.topic, pending.payload.clone(), subject))))
    }

    pub(super) fn publish_decided(&mut self, decision: Result<(), Error>, now: Instant) {
        self.publishing.deciding = None;
        self.decide_first(decision);
        if !self.holds_back(false) {
            self.publish_next(now);
        }
    }

    /// Gives up the first of the queue if nobody has decided about it in time.
    pub(super) fn time_out_publication(&mut self, now: Instant) {
        let Some((deciding, _)) = self.publishing.deciding.take_if(|(_, until)| *until <= now) else {
            return;
        };
        let Some(Pending { topic, .. }) = self.publishing.queue.front() else { return };
        let error = match deciding {
            Deciding::Authorizer(asking) => {
                asking.end();
                self.core.undecided((Kind::exact(Action::Publish), topic))
            }
            Deciding::Handler(run) => {
                run.end();
                tracing::error!(topic, "a #[publish] handler did not decide in time");
                Error::new(uris::TIMEOUT).arg("the publication was not decided in time")
            }
        };
        self.publish_decided(Err(error), now);
    }

    /// Leaves the rest of the queue for later if enough was published or decided; whether it did.
    fn holds_back(&mut self, is_enough_decided: bool) -> bool {
        let is_enough = is_enough_decided || self.core.pace.is_enough();
        self.publishing.held_back = is_enough && !self.publishing.queue.is_empty();
        self.publishing.held_back
    }

    fn decide_first(&mut self, decision: Result<(), Error>) {
        let Some(pending) = self.publishing.queue.pop_front() else {
            return;
        };
        self.publishing.bytes -= pending.bytes();
        match decision.map(|()| self.deliver_publication(&pending)) {
            Ok(()) if pending.options.acknowledge == Some(true) => {
                let Pending { request, publication, .. } = pending;
                self.core
                    .link
                    .send_buffer
                    .borrow_mut()
                    .send(|s, out| message::published(s, out, request, publication)); // B-07
            }
            Ok(()) => {} // B-06
            Err(error) => self.refuse_publication(pending.request, &pending.options, &error),
        }
    }

    fn deliver_publication(&mut self, pending: &Pending) {
        let Pending { publication, options, topic, payload, .. } = pending;
        let handle = self.core.session().handle();
        let delivered = self.core.served.publish(handle, *publication, topic, payload, options);
        if delivered.count > 0 {
            self.core.pace.count_published(delivered, payload.kept_bytes(), &self.core.link.limits);
        }
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
            self.core.error(code::PUBLISH, request, error);
        } else {
            tracing::debug!(session = %self.core.session().id(), %error, "publication refused");
        }
    }
}

/// Whether others can be given it; X-04: what is passed through is one binary value.
fn fits(options: &PublishOptions, payload: &Payload) -> Result<(), Error> {
    if let Some(oddity) = payload.oddity() {
        return Err(Error::odd(oddity));
    }
    if options.passthru.is_some() && !payload.is_one_binary() {
        return Err(Error::invalid_argument("with `ppt_scheme`, the payload is one binary value"));
    }
    Ok(())
}
