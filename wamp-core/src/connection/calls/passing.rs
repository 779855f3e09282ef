//! Calls of clients' procedures that go through the layers of their realm.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll, Waker};

use super::authorizing::Waiting;
use super::in_flight::Limit;
use super::{Answerer, Calls, InFlight, NewCall, limit};
use crate::auth::Granted;
use crate::codec::payload::Payload;
use crate::connection::core::Core;
use crate::error::{Error, uris};
use crate::handler::around::Inside;
use crate::handler::call_state::CallState;
use crate::handler::context::Context;
use crate::handler::entry::BoxedAnswer;
use crate::handler::tasks::{Asking, HandlerFuture, RunningHandler, Task};
use crate::message::{Action, MatchPolicy};

/// The layers of a call that a client answers; they are dropped with it.
#[derive(Debug)]
pub(super) struct Passing {
    call: Rc<CallState>,
    layers: Option<RunningHandler>,
    passage: Rc<Passage>,
}

/// The place inside all layers, where the callee is asked.
#[derive(Debug, Default)]
struct Passage {
    is_reached: Cell<bool>,
    outcome: RefCell<Option<Result<(), Error>>>,
    layers: RefCell<Option<Waker>>,
}

impl Passage {
    /// Waits for the answer of the callee.
    fn poll(&self, context: &TaskContext<'_>) -> Poll<Result<(), Error>> {
        if let Some(outcome) = self.outcome.take() {
            return Poll::Ready(outcome);
        }
        self.is_reached.set(true);
        *self.layers.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    }

    fn end(&self, outcome: Result<(), Error>) {
        *self.outcome.borrow_mut() = Some(outcome);
        if let Some(layers) = self.layers.take() {
            layers.wake();
        }
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        if let Some(layers) = self.layers.take() {
            layers.end();
        }
    }
}

impl Calls {
    /// Begins the layers of a call that a client answers. Until they let it through, it waits as a
    /// call does about which the authorisers think.
    #[cold]
    pub(super) fn pass(
        &mut self,
        core: &mut Core,
        &NewCall { request, options, uri, now, .. }: &NewCall<'_>,
        payload: Payload,
    ) {
        let asked = core.asked(None, uri, payload.clone());
        let call = Rc::new(CallState::new(asked, request, options, None));
        let passage = Rc::<Passage>::default();
        let reached = Rc::clone(&passage);
        let inside: Inside = Box::new(|_| Box::pin(poll_fn(move |context| reached.poll(context))));
        let (context, kind) = (Context::of_call(&call), (Action::Call, MatchPolicy::Exact));
        let layers = core.served.around(context, kind, None, Some(inside));
        let layers = RunningHandler::new(HandlerFuture::new(layers));
        let asking = Asking::new(HandlerFuture::new(decision(&layers, &passage)));
        core.tasks.proceed(Task::Authorize(request, asking.clone()), false);
        let (limit, bytes) = (limit(options, None, now), payload.kept_bytes());
        let passing = Passing { call: Rc::clone(&call), layers: Some(layers), passage };
        let chunks = vec![(options.clone(), payload)];
        let waiting = Waiting::inside_layers(chunks, now, &self.chunks, passing);
        let by = Answerer::Authorizer(asking, Box::new(waiting));
        self.insert(InFlight { call, by, limit, bytes, passing: None });
    }

    /// Goes on with a call that its layers have let through, and that has been routed or refused.
    pub(super) fn passed(
        &mut self,
        core: &mut Core,
        passing: Passing,
        limit: Option<Limit>,
        routed: Result<(), Error>,
    ) {
        passing.go_on(core);
        match routed {
            Ok(()) => {
                if let Some(at_work) = self.at_work.get_mut(&passing.call.request) {
                    at_work.passing = Some(Box::new(passing));
                }
            }
            Err(error) => {
                passing.passage.end(Err(error));
                self.insert(InFlight { limit, ..passing.ending() });
            }
        }
    }

    /// Lets the layers of a call end that has its answer.
    pub(super) fn leave_layers(&mut self, passing: Passing, outcome: Result<(), Error>) {
        passing.passage.end(outcome);
        let at_work = passing.ending();
        self.released.push(at_work);
    }
}

impl Passing {
    /// Lets the layers run without anything that waits for their decision.
    pub(super) fn go_on(&self, core: &mut Core) {
        if let Some(layers) = &self.layers {
            core.tasks.proceed(Task::Call(Rc::clone(&self.call), layers.clone()), false);
        }
    }

    /// Returns the layers as work whose end answers nobody, or the call itself.
    fn ending(mut self) -> InFlight {
        let layers = self.layers.take();
        let by = Answerer::Handler(layers.expect("they are taken once, when the call is answered"));
        InFlight { call: Rc::clone(&self.call), by, limit: None, bytes: 0, passing: None }
    }
}

/// Decides as the layers do: when they have come to the place inside all of them, or have ended
/// without.
fn decision(layers: &RunningHandler, passage: &Rc<Passage>) -> BoxedAnswer<Granted> {
    let (layers, passage) = (layers.clone(), Rc::clone(passage));
    Box::pin(poll_fn(move |context| match layers.poll(context, HandlerFuture::poll) {
        Poll::Pending if passage.is_reached.get() => Poll::Ready(Ok(Granted { replacing: false })),
        Poll::Pending => Poll::Pending,
        Poll::Ready(Some(Err(error))) => Poll::Ready(Err(error)),
        // A layer has answered the call: nobody gets this error.
        Poll::Ready(Some(Ok(())) | None) => Poll::Ready(Err(answered_by_a_layer())),
    }))
}

/// Makes the error for a layer that runs `next` although the call has its answer.
pub(super) fn answered_by_a_layer() -> Error {
    Error::new(uris::CANCELED).arg("a layer has answered the call")
}
