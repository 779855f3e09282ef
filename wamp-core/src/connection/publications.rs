//! The publications of one session: decided one after the other, so that they stay in order.

use std::collections::VecDeque;
use std::time::Instant;

use super::core::{Core, Request};
use crate::auth::Decision;
use crate::codec::payload::Payload;
use crate::error::{Breach, Error, Violation, uris};
use crate::handler::context::{Context, Subject};
use crate::handler::entry::{BoxedAnswer, Entry, HandlerEntry};
use crate::handler::tasks::{Asking, Completion, HandlerFuture, RunningHandler, Task};
use crate::id::{PublicationId, RequestId};
use crate::message::Action;
use crate::message::{self, MatchPolicy, PublishOptions};
use crate::router::authorizer::{Gate, Kind};

/// Publications that are decided in a row before the host gets its turn, if their handlers are
/// ready at once.
const DECISIONS: usize = 64;

/// The publications of one session that are not decided yet.
#[derive(Debug, Default)]
pub(super) struct Publications {
    /// The first is being decided; the others wait, so that events keep the publisher's order
    /// (B-12).
    queue: VecDeque<Pending>,
    /// The authoriser or handler that decides about the first, if it was begun, and the time by
    /// which it must have decided.
    deciding: Option<(Deciding, Instant)>,
    /// Bytes that the publications keep.
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
    /// The handler that decides about it, or the reason for which it is refused: shown when the
    /// realm's authoriser lets it through (Z-05).
    handler: Result<Option<&'static HandlerEntry>, Error>,
}

impl Pending {
    /// Returns the bytes that are kept while it waits: its message, and the lists of its receivers.
    fn bytes(&self) -> usize {
        let filter = self.options.filter.as_ref().map_or(0, |filter| filter.bytes());
        self.payload.kept_bytes() + filter
    }
}

/// The one that decides about a publication.
#[derive(Debug)]
enum Deciding {
    Authorizer(Asking),
    Handler(RunningHandler),
}

impl Publications {
    pub(super) fn keeps_messages(&self) -> bool {
        self.bytes > 0
    }

    /// Returns whether nothing but the next turn makes the queue go on.
    pub(super) fn is_held_back(&self) -> bool {
        self.held_back
    }

    /// Returns whether publications wait to be decided.
    pub(super) fn is_at_work(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Returns the time at which the first of the queue is given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deciding.as_ref().map(|(_, until)| *until)
    }

    /// Returns whether the authorisers think about this publication.
    pub(super) fn is_asking_about(&self, request: RequestId) -> bool {
        matches!(self.deciding, Some((Deciding::Authorizer(_), _)))
            && self.queue.front().is_some_and(|pending| pending.request == request)
    }

    pub(super) fn is_outstanding(&self, request: RequestId) -> bool {
        // As a rule nothing waits, and the two halves of the queue need not be looked at.
        !self.queue.is_empty() && self.queue.iter().any(|pending| pending.request == request)
    }

    pub(super) fn publish(
        &mut self,
        core: &mut Core,
        request: RequestId,
        mut options: PublishOptions,
        topic: &str,
        payload: Payload,
        now: Instant,
    ) -> Result<(), Violation> {
        if let Some(extras) = &mut options.extras {
            let announced = core.session().handle().features.publisher;
            core.admit_extras(extras, announced, Breach::PublisherPassthruNotAnnounced)?;
        }
        let handler = core.served.publisher(topic, core.session().authrole());
        let hopeless = if core.has_authorizer() { None } else { handler.as_ref().err() };
        let allowed =
            core.served.check_publication(topic, &options).and_then(|()| match hopeless {
                Some(error) => Err(error.clone()),
                None => fits(&options, &payload),
            });
        if let Err(error) = allowed {
            refuse(core, request, topic, &options, &error);
            return Ok(());
        }
        let publication = PublicationId::random();
        let pending =
            Pending { request, publication, options, topic: topic.to_owned(), payload, handler };
        let bytes = self.bytes + pending.bytes();
        if self.queue.len() > core.limits().publications_in_flight
            || bytes > core.limits().bytes_in_flight
        {
            let error = Error::new(uris::UNAVAILABLE).arg("too many publications in flight");
            refuse(core, request, topic, &pending.options, &error);
        } else {
            self.bytes = bytes;
            self.queue.push_back(pending);
            if self.queue.len() == 1 {
                self.publish_next(core, now);
            }
        }
        Ok(())
    }

    /// Goes on with the queue if other sessions have had their turn.
    pub(super) fn resume(&mut self, core: &mut Core, now: Instant) {
        if self.held_back && !core.pace.is_enough() {
            self.held_back = false;
            self.publish_next(core, now);
        }
    }

    /// Works the queue off, until an authoriser or a handler has to be waited for.
    fn publish_next(&mut self, core: &mut Core, now: Instant) {
        let mut decisions = 0;
        while let Some(pending) = self.queue.front() {
            if core.pace.ends_round_before(pending.payload.kept_bytes(), &core.link.limits) {
                self.held_back = true;
                return;
            }
            let is_decided = core.has_authorizer()
                || matches!(pending.handler, Ok(Some(_)))
                || core.served.has_layers(None);
            let permission = match core.gate(Kind::exact(Action::Publish), &pending.topic, now) {
                Gate::Decided(permission) => permission,
                Gate::Asking(answer) => {
                    let (request, asking) =
                        (pending.request, Asking::new(HandlerFuture::new(answer)));
                    self.deciding =
                        Some((Deciding::Authorizer(asking.clone()), core.patience(now)));
                    core.tasks.proceed(Task::Authorize(request, asking), false);
                    return;
                }
            };
            let Some(decision) = self.ask_handler(core, permission, now) else { return };
            self.decide_first(core, decision);
            decisions += usize::from(is_decided);
            if self.holds_back(core, decisions >= DECISIONS) {
                return;
            }
        }
    }

    /// Goes on with the first of the queue, about which the authorisers have decided.
    pub(super) fn authorized(&mut self, core: &mut Core, permission: Decision, now: Instant) {
        if let Some(decision) = self.ask_handler(core, permission, now) {
            self.decided(core, decision, now);
        }
    }

    /// Asks the handler of the first of the queue; returns `None` while it thinks about it.
    fn ask_handler(
        &mut self,
        core: &mut Core,
        permission: Decision,
        now: Instant,
    ) -> Option<Result<(), Error>> {
        self.deciding = None;
        let pending = self.queue.front()?;
        let run = match permission.and_then(|_| decision_of_handler(core, pending)) {
            Ok(Some(answer)) => RunningHandler::new(HandlerFuture::new(answer)),
            Ok(None) => return Some(Ok(())),
            Err(error) => return Some(Err(error)),
        };
        if let Some(Completion::Publish(decision)) = core.tasks.start(Task::Publish(run.clone())) {
            return Some(decision);
        }
        self.deciding = Some((Deciding::Handler(run), now + core.limits().publish_timeout));
        None
    }

    pub(super) fn decided(&mut self, core: &mut Core, decision: Result<(), Error>, now: Instant) {
        self.deciding = None;
        self.decide_first(core, decision);
        if !self.holds_back(core, false) {
            self.publish_next(core, now);
        }
    }

    /// Gives up the first of the queue if it is not decided in time.
    pub(super) fn time_out(&mut self, core: &mut Core, now: Instant) {
        let Some((deciding, _)) = self.deciding.take_if(|(_, until)| *until <= now) else {
            return;
        };
        let Some(Pending { topic, .. }) = self.queue.front() else { return };
        let error = match deciding {
            Deciding::Authorizer(asking) => {
                asking.end();
                core.undecided((Kind::exact(Action::Publish), topic))
            }
            Deciding::Handler(run) => {
                run.end();
                Error::new(uris::TIMEOUT)
                    .arg("the publication was not decided in time")
                    .blamed("the layers or the #[publish] handler did not decide in time")
            }
        };
        self.decided(core, Err(error), now);
    }

    /// Leaves the rest of the queue for later if enough was published or decided; returns whether
    /// it did.
    fn holds_back(&mut self, core: &Core, is_enough_decided: bool) -> bool {
        let is_enough = is_enough_decided || core.pace.is_enough();
        self.held_back = is_enough && !self.queue.is_empty();
        self.held_back
    }

    fn decide_first(&mut self, core: &mut Core, decision: Result<(), Error>) {
        let Some(pending) = self.queue.pop_front() else {
            return;
        };
        self.bytes -= pending.bytes();
        match decision.map(|()| deliver(core, &pending)) {
            Ok(()) if pending.options.acknowledge == Some(true) => {
                let Pending { request, publication, .. } = pending;
                core.send(&message::published(request, publication)); // B-07
            }
            Ok(()) => {} // B-06
            Err(error) => {
                refuse(core, pending.request, &pending.topic, &pending.options, &error);
            }
        }
    }

    /// Refuses all that are not decided, for the session ends.
    pub(super) fn refuse_all(&mut self, core: &Core, error: &Error) {
        for Pending { request, topic, options, .. } in std::mem::take(self).queue {
            refuse(core, request, &topic, &options, error);
        }
    }
}

/// Starts the layers and the handler that decide about a publication; `None` if there are none, and
/// everybody may publish.
fn decision_of_handler(core: &Core, pending: &Pending) -> Result<Option<BoxedAnswer<()>>, Error> {
    let handler = pending.handler.clone()?;
    let run = match handler.map(|handler| handler.entry) {
        Some(Entry::Publish(run)) => Some(run),
        _ => None,
    };
    let has_layers = core.served.has_layers(handler);
    if run.is_none() && !has_layers {
        return Ok(None);
    }
    let trace = pending.options.trace().cloned().map(Box::new);
    let subject = Subject::Publish(pending.publication, trace);
    let asked = core.asked(handler, &pending.topic, pending.payload.clone());
    let context = Context::of_other(asked, subject);
    Ok(Some(match run {
        Some(run) if !has_layers => run(context),
        _ => core.served.around(context, (Action::Publish, MatchPolicy::Exact), handler, None),
    }))
}

fn deliver(core: &mut Core, pending: &Pending) {
    let Pending { publication, options, topic, payload, .. } = pending;
    let handle = core.session().handle();
    let delivered = core.served.publish(handle, *publication, topic, payload, options);
    if let Some(observed) = &core.observed {
        observed.published(topic, *publication, delivered);
    }
    if delivered.count > 0 {
        core.pace.count_published(delivered, payload.kept_bytes(), &core.link.limits);
    }
}

/// Refuses a publication: a publisher that asked for no acknowledgement does not learn of it (B-08,
/// U-04).
fn refuse(core: &Core, request: RequestId, topic: &str, options: &PublishOptions, error: &Error) {
    if let Some(observed) = &core.observed {
        observed.unpublished(topic, error);
    }
    let request = Request::publish(request, topic);
    if options.acknowledge == Some(true) {
        core.error(request, error);
    } else {
        core.tell(request, error);
        if let Some(observed) = &core.observed {
            observed.refused(request, error);
        }
    }
}

/// Checks that other clients can be given the payload; one that is passed through is one binary
/// value.
fn fits(options: &PublishOptions, payload: &Payload) -> Result<(), Error> {
    if let Some(oddity) = payload.oddity() {
        return Err(Error::odd(oddity));
    }
    if options.passthru().is_some() && !payload.is_one_binary() {
        return Err(Error::invalid_argument("with `ppt_scheme`, the payload is one binary value"));
    }
    Ok(())
}
