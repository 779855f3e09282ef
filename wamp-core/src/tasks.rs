//! Handlers at work in one connection: polled where the connection is polled, and safe against their panics.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use crate::error::Error;
use crate::handler::Answer;
use crate::id::{RequestId, SubscriptionId};
use crate::payload::Payload;
use crate::reply::{Acceptance, PayloadStream};

/// A value of the application whose `Drop` may panic: the panic ends here.
pub(crate) struct Guarded<T>(Option<T>);

impl<T> Guarded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
            // Nobody is left to be told; the log has it.
            let _ = Error::panicked(&*panic);
        }
    }
}

impl<T> std::fmt::Debug for Guarded<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guarded")
    }
}

/// One handler at work.
#[derive(Debug)]
pub(crate) enum Task {
    Call(RequestId, Work<()>),
    Subscribe(SubscriptionId, RequestId, Work<Acceptance>),
    Publish(Work<()>),
    Events(SubscriptionId, Source),
}

/// What came of a task.
#[derive(Debug)]
pub(crate) enum Done {
    Call(RequestId, Result<(), Error>),
    Subscribe(SubscriptionId, RequestId, Result<Acceptance, Error>),
    Publish(Result<(), Error>),
    /// An item of a stream, which goes on.
    Event(SubscriptionId, Payload, Source),
    /// A stream has ended.
    Exhausted,
}

impl Future for Task {
    type Output = Done;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Done> {
        match self.get_mut() {
            Self::Call(request, work) => work.poll(context).map(|result| Done::Call(*request, result)),
            Self::Subscribe(id, request, work) => {
                work.poll(context).map(|result| Done::Subscribe(*id, *request, result))
            }
            Self::Publish(work) => work.poll(context).map(Done::Publish),
            Self::Events(id, source) => source.poll(context).map(|item| match item {
                Some(payload) => Done::Event(*id, payload, source.clone()),
                None => Done::Exhausted,
            }),
        }
    }
}

/// The future of a handler.
#[derive(Debug)]
pub(crate) struct Work<T>(Guarded<Answer<T>>);

impl<T> Work<T> {
    /// Starts a handler. What it does before its first await, it does when it is polled.
    pub(crate) fn new(answer: Answer<T>) -> Self {
        Self(Guarded::new(answer))
    }

    /// Drives the handler; once ready, or after a panic, its future is gone.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Error>> {
        let Some(answer) = &mut self.0.0 else {
            return Poll::Ready(Err(Error::internal("polled after its end")));
        };
        let result = match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => result,
            Err(panic) => Err(Error::panicked(&*panic)),
        };
        drop(std::mem::replace(&mut self.0, Guarded(None)));
        Poll::Ready(result)
    }
}

/// The stream of a subscription. Its subscription can end it at once, wherever its task waits.
#[derive(Clone, Debug)]
pub(crate) struct Source(Rc<RefCell<SourceState>>);

#[derive(Debug)]
struct SourceState {
    stream: Option<Guarded<PayloadStream>>,
    task: Option<Waker>,
}

impl Source {
    pub(crate) fn new(stream: Guarded<PayloadStream>) -> Self {
        Self(Rc::new(RefCell::new(SourceState { stream: Some(stream), task: None })))
    }

    /// Drops the stream now, and lets its task end.
    pub(crate) fn end(&self) {
        let stream = self.0.borrow_mut().stream.take();
        drop(stream);
        if let Some(task) = self.0.borrow_mut().task.take() {
            task.wake();
        }
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Payload>> {
        let mut state = self.0.borrow_mut();
        state.task = Some(context.waker().clone());
        let Some(Guarded(Some(stream))) = &mut state.stream else {
            return Poll::Ready(None);
        };
        let item = match catch_unwind(AssertUnwindSafe(|| stream.as_mut().poll_next(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Some(Ok(payload)))) => return Poll::Ready(Some(payload)),
            Ok(Poll::Ready(Some(Err(error)))) => Some(Error::encoding(&error)),
            Ok(Poll::Ready(None)) => None,
            Err(panic) => Some(Error::panicked(&*panic)),
        };
        // A stream that failed is over: its subscriber gets no more of it, and the log says why.
        drop(item);
        let ended = state.stream.take();
        drop(state);
        drop(ended);
        Poll::Ready(None)
    }
}

/// All handlers of a connection that were not ready at once.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    running: FuturesUnordered<Task>,
    /// Streams that wait until the peer has taken what there is.
    parked: Vec<Task>,
}

impl Tasks {
    /// Polls a new task: most are ready at once, and never enter the set. It is polled again, with a waker of its own,
    /// when the set is.
    pub(crate) fn start(&mut self, mut task: Task) -> Option<Done> {
        match Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => {
                self.running.push(task);
                None
            }
        }
    }

    /// Lets a stream go on: at once, or when [`resume`](Self::resume) is called.
    pub(crate) fn proceed(&mut self, stream: Task, parked: bool) {
        if parked {
            self.parked.push(stream);
        } else {
            self.running.push(stream);
        }
    }

    pub(crate) fn resume(&mut self) {
        self.running.extend(self.parked.drain(..));
    }

    /// What a task came to; `Pending` while all of them wait, or there is none.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Done> {
        match self.running.poll_next_unpin(context) {
            Poll::Ready(Some(done)) => Poll::Ready(done),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}
