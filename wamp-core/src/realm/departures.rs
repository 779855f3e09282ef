//! Sessions that have left, while their testaments are published.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use crate::limits::Limits;
use crate::realm::broker::{Delivered, Pace};
use crate::session::backlog::Sessions;
use crate::session::handle::SessionHandle;
use crate::session::testament::Testament;

/// A session that has left, with its testaments that are not published yet.
#[derive(Debug)]
pub(crate) struct Departed {
    pub(crate) handle: Arc<SessionHandle>,
    pub(crate) testaments: VecDeque<Testament>,
}

impl Departed {
    pub(crate) fn of(handle: &Arc<SessionHandle>) -> Self {
        let testaments = handle.testaments.lock().execute().collect();
        Self { handle: Arc::clone(handle), testaments }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.testaments.iter().map(Testament::bytes).sum()
    }
}

/// The sessions that have left a realm and whose testaments are not all published.
///
/// One session at a time publishes for all of them: first one that leaves, and after its round an
/// *heir*, a session that stays, in its own turns. So subscribers get a turn between two rounds, as
/// between those of any publisher.
///
/// Its lock is taken before those of the sessions and of a mailbox, and never while an event is
/// published.
#[derive(Debug, Default)]
pub(crate) struct Departures(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Sessions whose testaments are published in turn, one each, so that a session with one
    /// testament does not wait for those with many.
    waiting: VecDeque<Departed>,
    pace: Pace,
    publisher: Publisher,
}

/// The session that publishes.
#[derive(Debug, Default)]
enum Publisher {
    #[default]
    Nobody,
    /// A session that is leaving, now.
    Leaving,
    Heir(Arc<SessionHandle>),
}

/// The next step of the session that publishes.
#[derive(Debug)]
pub(crate) enum Step {
    /// Publish the first testament of this session.
    Publish(Departed),
    /// Pause, so that others get a turn.
    RoundIsOver,
    /// Stop: all testaments are published, and the session is not the publisher any more.
    Done,
}

impl Departures {
    pub(crate) fn add(&self, departed: Departed) {
        self.0.lock().waiting.push_back(departed);
    }

    /// Makes a leaving session the publisher if there is none. Returns whether it is.
    pub(crate) fn take_over(&self, leaving: &Arc<SessionHandle>) -> bool {
        let publisher = &mut self.0.lock().publisher;
        let is_free = match publisher {
            Publisher::Nobody => true,
            Publisher::Leaving => false,
            Publisher::Heir(heir) => Arc::ptr_eq(heir, leaving),
        };
        if is_free {
            *publisher = Publisher::Leaving;
        }
        is_free
    }

    pub(crate) fn next(&self, limits: &Limits) -> Step {
        let State { waiting, pace, publisher } = &mut *self.0.lock();
        let bytes =
            waiting.front().and_then(|departed| departed.testaments.front()).map(Testament::bytes);
        if pace.is_enough() || bytes.is_some_and(|bytes| pace.ends_round_before(bytes, limits)) {
            return Step::RoundIsOver;
        }
        if let Some(departed) = waiting.pop_front() {
            return Step::Publish(departed);
        }
        if let Publisher::Heir(heir) = std::mem::take(publisher) {
            heir.disinherit();
        }
        Step::Done
    }

    /// Counts a published testament of `bytes` bytes, and queues its session again. Returns the
    /// session instead if that was its last testament.
    pub(crate) fn published(
        &self,
        departed: Departed,
        delivered: Delivered,
        bytes: usize,
        limits: &Limits,
    ) -> Option<Departed> {
        let state = &mut *self.0.lock();
        // Testaments that reach no subscriber count as well, because many of them take time.
        state.pace.count_published(delivered, bytes, limits);
        if departed.testaments.is_empty() {
            return Some(departed);
        }
        state.waiting.push_back(departed);
        None
    }

    /// Hands over from the leaving session whose round is over to one that stays. Returns false if
    /// none stays; then no session needs a turn.
    pub(crate) fn hand_over(&self, sessions: &Sessions) -> bool {
        let mut state = self.0.lock();
        let heir = sessions.lock().values().find(|session| session.inherit()).cloned();
        let is_handed_over = heir.is_some();
        match heir {
            Some(heir) => state.publisher = Publisher::Heir(heir),
            None => state.pace = Pace::default(),
        }
        is_handed_over
    }

    /// Begins a turn of the host.
    pub(crate) fn begin_turn(&self, now: Instant) {
        self.0.lock().pace.begin_turn(now);
    }

    /// Begins a round: all sessions that waited for a turn have had one.
    pub(crate) fn begin_round(&self, now: Instant) {
        self.0.lock().pace.begin_round(now);
    }

    /// Returns when the heir may continue, if back-pressure pauses it.
    pub(crate) fn pause(&self) -> Option<Instant> {
        self.0.lock().pace.pause()
    }
}
