//! The clock of a connection: the system's, or a test's that is advanced by hand.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use actix_web::rt::time::{Sleep, sleep_until};
use tokio::task::unconstrained;

/// The clock of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) enum Clock {
    #[default]
    System,
    Manual(ManualClock),
}

/// A clock that stands still until a test advances it.
///
/// ```
/// # use std::time::Duration;
/// let clock = wamp_actix::test::ManualClock::default();
/// clock.advance(Duration::from_secs(20));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Rc<RefCell<Hand>>);

#[derive(Debug)]
struct Hand {
    now: Instant,
    waiting: Vec<Waker>,
}

impl Default for Hand {
    fn default() -> Self {
        Self { now: Instant::now(), waiting: Vec::new() }
    }
}

impl ManualClock {
    /// Advances the time, and wakes the connections, which check their deadlines when they are
    /// polled.
    pub fn advance(&self, by: Duration) {
        let mut hand = self.0.borrow_mut();
        hand.now += by;
        hand.waiting.drain(..).for_each(Waker::wake);
    }
}

impl Clock {
    pub(crate) fn now(&self) -> Instant {
        match self {
            Self::System => Instant::now(),
            Self::Manual(clock) => clock.0.borrow().now,
        }
    }
}

/// A timer that is cheap to move. Moving the deadline to a later time costs nothing: the timer
/// fires at the earlier time, and the task that it wakes reads the clock.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    /// True if the timer will wake the task that polled it last.
    is_set: bool,
}

impl Alarm {
    /// Makes the timer wake the task that polls it next, because the connection has moved to
    /// another.
    pub(crate) fn unset(&mut self) {
        self.is_set = false;
    }

    /// Returns `Ready` once `deadline` has passed; otherwise the task is woken at that time, or
    /// earlier. `now` is the clock's time.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        clock: &Clock,
        now: Instant,
        deadline: Instant,
    ) -> Poll<()> {
        if let Clock::Manual(clock) = clock {
            if now >= deadline {
                return Poll::Ready(());
            }
            let mut hand = clock.0.borrow_mut();
            if !hand.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                hand.waiting.push(context.waker().clone());
            }
            return Poll::Pending;
        }
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline.into())));
        let rings = sleep.deadline().into_std();
        if self.is_set && now < rings && rings <= deadline {
            return Poll::Pending;
        }
        loop {
            if deadline < sleep.deadline().into_std() {
                sleep.as_mut().reset(deadline.into());
            }
            // Without `unconstrained`, tokio answers `Pending` to a task whose budget is used up,
            // and does not set the timer.
            if Pin::new(&mut unconstrained(sleep.as_mut())).poll(context).is_pending() {
                self.is_set = true;
                return Poll::Pending;
            }
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use actix_web::rt;
    use tokio::sync::mpsc;

    use super::*;

    #[actix_web::test]
    async fn an_alarm_rings_though_its_task_had_used_up_its_turn_when_it_was_set() {
        let (sender, mut endless) = mpsc::unbounded_channel();
        (0..10_000).for_each(|number| sender.send(number).unwrap());
        let (mut alarm, deadline) = (Alarm::default(), Instant::now() + Duration::from_millis(10));
        let rings = rt::spawn(poll_fn(move |context| {
            while endless.poll_recv(context).is_ready() && !endless.is_empty() {}
            alarm.poll(context, &Clock::System, Instant::now(), deadline)
        }));
        rt::time::timeout(Duration::from_secs(5), rings).await.unwrap().unwrap();
    }
}
