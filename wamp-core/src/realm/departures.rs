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

/// The sessions that have left a realm, and whose testaments are not all published.
///
/// One session at a time publishes for all of them: one that leaves, and once a round is over its *heir*, a session that stays, in
/// its own turns. So subscribers have their turn between two rounds, as between those of any publisher.
///
/// Its lock is taken before those of the sessions and of a mailbox, and never while an event is published.
#[derive(Debug, Default)]
pub(crate) struct Departures(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Each has one testament published in turn: who left one does not wait for those who left many.
    waiting: VecDeque<Departed>,
    pace: Pace,
    publisher: Publisher,
}

/// Who publishes.
#[derive(Debug, Default)]
enum Publisher {
    #[default]
    Nobody,
    /// A session that leaves, now.
    Leaving,
    Heir(Arc<SessionHandle>),
}

/// What the session that publishes does next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Publishes the first testament of this session.
    Publish(Departed),
    /// Lets others have their turn.
    RoundIsOver,
    /// Nothing: all is published, and the session is not the publisher any more.
    Done,
}

impl Departures {
    pub(crate) fn add(&self, departed: Departed) {
        self.0.lock().waiting.push_back(departed);
    }

    /// Whether the session, which leaves, is to publish now: nobody else does.
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
        let bytes = waiting.front().and_then(|departed| departed.testaments.front()).map(Testament::bytes);
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

    /// Counts a testament of so many bytes, which was published. The rest of its session waits for its next turn; `None` if there is
    /// none.
    pub(crate) fn published(
        &self,
        departed: Departed,
        delivered: Delivered,
        bytes: usize,
        limits: &Limits,
    ) -> Option<Departed> {
        let state = &mut *self.0.lock();
        // Also what reaches nobody: many of them take their time.
        state.pace.count_published(delivered, bytes, limits);
        if departed.testaments.is_empty() {
            return Some(departed);
        }
        state.waiting.push_back(departed);
        None
    }

    /// The session that publishes has left, and a round is over: one that stays goes on. False if none does; then nobody has to
    /// have a turn.
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

    /// The host has had its turn.
    pub(crate) fn begin_turn(&self, now: Instant) {
        self.0.lock().pace.begin_turn(now);
    }

    /// All who waited for a turn have had one.
    pub(crate) fn begin_round(&self, now: Instant) {
        self.0.lock().pace.begin_round(now);
    }

    /// When the heir may go on that waits for those who are behind.
    pub(crate) fn pause(&self) -> Option<Instant> {
        self.0.lock().pace.pause()
    }
}
