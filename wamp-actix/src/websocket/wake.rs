//! The wake-ups of a connection: by handlers and other sessions, by input, and by time.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::worker::clock::{Alarm, Clock};
use crate::worker::wake_queue::Wakeup;

/// The wake-ups of a connection.
pub(super) struct Wake {
    /// The wake-up that handlers and other sessions trigger, and the worker's queue delivers.
    wakeup: Arc<Wakeup>,
    /// The same wake-up, as a waker.
    waker: Waker,
    /// The task that drives the connection now.
    task: Waker,
    /// The task of actix's dispatcher, if the dispatcher fills the payload.
    dispatcher: Option<Waker>,
    alarm: Alarm,
    /// The next deadline of the connection, or an earlier time.
    due: Option<Instant>,
}

impl Wake {
    /// Returns the wake-ups of a connection that is due at once.
    pub(super) fn new(dispatcher: Option<Waker>, now: Instant) -> Self {
        let wakeup = Wakeup::new();
        Self {
            waker: Waker::from(Arc::clone(&wakeup)),
            wakeup,
            task: Waker::noop().clone(),
            dispatcher,
            alarm: Alarm::default(),
            due: Some(now),
        }
    }

    /// Returns the waker for handlers and other sessions.
    pub(super) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Returns the waker for input, while `task` drives the connection.
    ///
    /// actix's dispatcher polls the body after it has filled the payload, in the same poll. So no
    /// wake-up is needed for input; waking the dispatcher's own task while it runs would make it do
    /// everything once more: 16 % of the instructions of `1x1`.
    pub(super) fn reader<'t>(&self, task: &'t Waker) -> &'t Waker {
        match &self.dispatcher {
            Some(dispatcher) if dispatcher.will_wake(task) => Waker::noop(),
            _ => task,
        }
    }

    /// Returns whether the connection was woken since the last call. `task` is woken from now on.
    pub(super) fn listen(&mut self, task: &Waker) -> bool {
        let has_moved = !self.task.will_wake(task);
        if has_moved {
            self.task.clone_from(task);
            self.alarm.unset();
        }
        self.wakeup.listen(has_moved.then_some(task))
    }

    /// Sets the next deadline.
    pub(super) fn set_due(&mut self, due: Option<Instant>) {
        self.due = due;
    }

    /// Returns the next deadline, or an earlier time.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Returns `Ready` once `due` has passed; otherwise the alarm is set. `now` is the clock's
    /// time.
    pub(super) fn poll_alarm(
        &mut self,
        context: &mut Context<'_>,
        clock: &Clock,
        now: Instant,
        due: Instant,
    ) -> Poll<()> {
        self.alarm.poll(context, clock, now, due)
    }
}
