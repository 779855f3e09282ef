//! The retained events for one subscription, found and handed out in pieces: the realm's lock is
//! held for one piece at a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::vec;

use super::Retention;
use super::retained::Retained;
use super::store::Store;
use crate::message::MatchPolicy;
use crate::realm::pattern::Pattern;
use crate::session::handle::SessionHandle;

/// The topics that are searched while the lock is held.
const TOPICS: usize = 256;

/// The events that were retained when a subscription began, or asked for them again: of each topic
/// the most recent one for the session (E-02, E-04), and of too many the newest.
#[derive(Debug)]
pub(crate) struct Showing {
    retention: Arc<Retention>,
    /// The number of the last event that was retained before the showing began.
    until: u64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Searches for events, in the topics after this one.
    Searching { after: Option<Arc<str>>, newest: Newest },
    /// Hands the events out, in the order in which they were published.
    Sending(vec::IntoIter<u64>),
}

/// The newest of the events found, and the number of the others.
#[derive(Debug, Default)]
struct Newest {
    numbers: BinaryHeap<Reverse<u64>>,
    left_out: usize,
}

/// The result of one step.
#[derive(Debug)]
pub(crate) enum Step {
    /// The next event.
    Event(Arc<Retained>),
    /// One piece was searched, more topics follow.
    Searched,
    /// The search is over, and `left_out` events are left out because there are too many; the
    /// others follow.
    Found { left_out: usize },
    /// All events were handed out.
    Done,
}

impl Showing {
    /// Begins to show the events that are retained now. During the showing they are kept even if
    /// later ones replace them, if there is room.
    pub(in crate::realm::broker) fn begin(retention: &Arc<Retention>, store: &mut Store) -> Self {
        let stage = Stage::Searching { after: None, newest: Newest::default() };
        Self { retention: Arc::clone(retention), until: store.begin_showing(), stage }
    }

    /// Takes the next step for a session that subscribes to this topic or pattern; `serves` returns
    /// whether events of a matching topic are delivered through the subscription.
    pub(in crate::realm::broker) fn next(
        &mut self,
        pattern: &Pattern,
        session: &SessionHandle,
        serves: impl Fn(&str) -> bool,
    ) -> Step {
        let store = self.retention.hold();
        match &mut self.stage {
            Stage::Searching { after, newest } => {
                let mut last = None;
                for (topic, numbers) in store.topics(pattern, after.as_deref()).take(TOPICS) {
                    if pattern.matches(topic) && serves(topic) {
                        let found = store.most_recent(numbers, self.until, session);
                        found
                            .into_iter()
                            .for_each(|number| newest.add(number, self.retention.per_subscription));
                    }
                    last = Some(topic);
                }
                if let Some(last) = last.filter(|_| pattern.policy != MatchPolicy::Exact) {
                    *after = Some(Arc::clone(last));
                    return Step::Searched;
                }
                let (numbers, left_out) = std::mem::take(newest).in_order();
                self.stage = Stage::Sending(numbers);
                Step::Found { left_out }
            }
            Stage::Sending(numbers) => {
                // An event that is missing was evicted.
                let next = numbers.find_map(|number| store.get(number));
                next.map_or(Step::Done, |event| Step::Event(Arc::clone(event)))
            }
        }
    }
}

impl Drop for Showing {
    fn drop(&mut self) {
        self.retention.hold().end_showing(self.until);
    }
}

impl Newest {
    fn add(&mut self, number: u64, max: usize) {
        self.numbers.push(Reverse(number));
        if self.numbers.len() > max {
            self.numbers.pop();
            self.left_out += 1;
        }
    }

    fn in_order(self) -> (vec::IntoIter<u64>, usize) {
        let mut numbers: Vec<_> = self.numbers.into_iter().map(|Reverse(number)| number).collect();
        numbers.sort_unstable();
        (numbers.into_iter(), self.left_out)
    }
}
