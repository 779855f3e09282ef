//! The running handlers of one connection: polled when the connection is polled, and isolated from
//! each other's panics.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use crate::auth::{Decision, Granted};
use crate::codec::payload::Payload;
use crate::error::Error;
use crate::error::panic::CatchDrop;
use crate::handler::acceptance::{Acceptance, PayloadStream};
use crate::handler::call_state::CallState;
use crate::handler::entry::BoxedAnswer;
use crate::id::{RequestId, SubscriptionId};

/// One running handler.
#[derive(Debug)]
pub(crate) enum Task {
    Call(Rc<CallState>, RunningHandler),
    Subscribe(SubscriptionId, RequestId, Cancellable<HandlerFuture<Acceptance>>),
    Publish(RunningHandler),
    Authorize(RequestId, Asking),
    Events(SubscriptionId, Source),
}

/// The result of a task.
#[derive(Debug)]
pub(crate) enum Completion {
    Call(Rc<CallState>, Result<(), Error>),
    Subscribe(SubscriptionId, RequestId, Result<Acceptance, Error>),
    Publish(Result<(), Error>),
    /// The authorisers' decision about a request that waits for it.
    Authorized(RequestId, Decision),
    /// An item of a stream that continues.
    Event(SubscriptionId, Payload, Source),
    /// A stream has failed: it returned an `Err` or an item that cannot be sent, or panicked.
    StreamFailed(SubscriptionId, Error),
    /// A stream has ended, or the task's value was taken away.
    Ended,
}

impl Future for Task {
    type Output = Completion;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Completion> {
        match self.get_mut() {
            Self::Call(call, run) => {
                run.poll(context, HandlerFuture::poll).map(|result| match result {
                    Some(result) => Completion::Call(Rc::clone(call), result),
                    None => Completion::Ended,
                })
            }
            Self::Subscribe(id, request, work) => {
                work.poll(context, HandlerFuture::poll).map(|result| match result {
                    Some(result) => Completion::Subscribe(*id, *request, result),
                    None => Completion::Ended,
                })
            }
            Self::Authorize(request, asking) => {
                asking.poll(context, HandlerFuture::poll).map(|result| match result {
                    Some(decision) => Completion::Authorized(*request, decision),
                    None => Completion::Ended,
                })
            }
            Self::Publish(run) => run
                .poll(context, HandlerFuture::poll)
                .map(|result| result.map_or(Completion::Ended, Completion::Publish)),
            Self::Events(id, source) => source.poll(context, next).map(|item| {
                if let Some(Some(Ok(payload))) = item {
                    return Completion::Event(*id, payload, source.clone());
                }
                source.end();
                match item {
                    Some(Some(Err(error))) => Completion::StreamFailed(*id, error),
                    _ => Completion::Ended,
                }
            }),
        }
    }
}

/// The future of a handler.
#[derive(Debug)]
pub(crate) struct HandlerFuture<T>(CatchDrop<BoxedAnswer<T>>);

impl<T> HandlerFuture<T> {
    /// Wraps a handler's future. The handler runs up to its first await when it is polled.
    pub(crate) fn new(answer: BoxedAnswer<T>) -> Self {
        Self(CatchDrop::new(answer))
    }

    /// Polls the handler; once it is ready or has panicked, its future is dropped.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Error>> {
        let Some(answer) = self.0.get_mut() else {
            return Poll::Ready(Err(Error::internal("polled after its end")));
        };
        let result = match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => result,
            Err(panic) => Err(Error::panicked(&*panic)),
        };
        drop(std::mem::replace(&mut self.0, CatchDrop::empty()));
        Poll::Ready(result)
    }
}

/// The value that a task works on. The session can take it away at any time, wherever the task
/// waits.
#[derive(Debug)]
pub(crate) struct Cancellable<T>(Rc<RefCell<Content<T>>>);

#[derive(Debug)]
struct Content<T> {
    value: Option<T>,
    task: Option<Waker>,
}

/// The stream of a subscription.
pub(crate) type Source = Cancellable<CatchDrop<PayloadStream>>;

/// A call or publication whose handler was not ready at once.
pub(crate) type RunningHandler = Cancellable<HandlerFuture<()>>;

/// A request whose authorisers are still deciding.
pub(crate) type Asking = Cancellable<HandlerFuture<Granted>>;

impl<T> Clone for Cancellable<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Cancellable<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Rc::new(RefCell::new(Content { value: Some(value), task: None })))
    }

    /// Drops the value now, and lets its task end.
    pub(crate) fn end(&self) {
        let value = self.0.borrow_mut().value.take();
        drop(value);
        if let Some(task) = self.0.borrow_mut().task.take() {
            task.wake();
        }
    }

    /// Polls the value; `None` if it was taken away.
    pub(crate) fn poll<R>(
        &self,
        context: &mut Context<'_>,
        poll: impl FnOnce(&mut T, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<Option<R>> {
        let mut content = self.0.borrow_mut();
        content.task = Some(context.waker().clone());
        match &mut content.value {
            Some(value) => poll(value, context).map(Some),
            None => Poll::Ready(None),
        }
    }
}

/// Returns the next item. A stream that panics has failed.
fn next(
    stream: &mut CatchDrop<PayloadStream>,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Payload, Error>>> {
    let Some(stream) = stream.get_mut() else {
        return Poll::Ready(None);
    };
    match catch_unwind(AssertUnwindSafe(|| stream.as_mut().poll_next(context))) {
        Ok(polled) => polled,
        Err(panic) => Poll::Ready(Some(Err(Error::panicked(&*panic)))),
    }
}

/// All handlers of a connection that were not ready when first polled.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    /// `None` before the first: the set costs two allocations, and most sessions never need one.
    running: Option<FuturesUnordered<Task>>,
    /// Streams that are paused until the peer has read more of the output.
    parked: Vec<Task>,
    /// True if all were polled since the latest was added.
    is_polled: bool,
}

impl Tasks {
    /// Polls a new task: most are ready at once, and never enter the set. A task that is not ready
    /// is polled again, with a waker of its own, when the set is polled.
    pub(crate) fn start(&mut self, mut task: Task) -> Option<Completion> {
        match Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => {
                self.run(task);
                None
            }
        }
    }

    fn run(&mut self, task: Task) {
        self.running.get_or_insert_default().push(task);
        self.is_polled = false;
    }

    /// Continues a stream: at once, or when [`resume`](Self::resume) is called.
    pub(crate) fn proceed(&mut self, stream: Task, parked: bool) {
        if parked {
            self.parked.push(stream);
        } else {
            self.run(stream);
        }
    }

    pub(crate) fn resume(&mut self) {
        if !self.parked.is_empty() {
            self.running.get_or_insert_default().extend(self.parked.drain(..));
        }
    }

    /// Returns the result of a task; `Pending` if all of them wait, or there is none.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Completion> {
        match self.running.as_mut().map(|running| running.poll_next_unpin(context)) {
            Some(Poll::Ready(Some(done))) => Poll::Ready(done),
            Some(Poll::Ready(None) | Poll::Pending) | None => {
                self.is_polled = true;
                Poll::Pending
            }
        }
    }

    /// Returns whether no task runs.
    pub(crate) fn is_empty(&self) -> bool {
        self.running.as_ref().is_none_or(FuturesUnordered::is_empty)
    }

    /// Returns whether every task has the waker of the latest poll.
    pub(crate) fn are_polled(&self) -> bool {
        self.is_polled
    }
}
