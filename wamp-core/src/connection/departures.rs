//! The end of a session as others see it: its testaments (E-14), and the event that it has left
//! (K-02).

use std::sync::Arc;
use std::task::Context as TaskContext;
use std::time::Instant;

use crate::id::PublicationId;
use crate::realm::broker::Delivered;
use crate::realm::{Departed, Step};
use crate::router::ServedRealm;
use crate::router::meta;
use crate::session::handle::SessionHandle;
use crate::session::testament::Testament;

impl ServedRealm {
    /// Publishes what fits into a round at once, and leaves the rest to an heir.
    pub(super) fn departed(&self, handle: &Arc<SessionHandle>) {
        if !handle.is_silenced() {
            let departed = Departed::of(handle);
            if departed.testaments.is_empty()
                || !self.realm.broker().backlog().keep(departed.bytes())
            {
                self.publish_all_of(&departed);
            } else {
                self.realm.departures().add(departed);
            }
        }
        if self.realm.departures().take_over(handle) {
            while self.publish_testaments() && !self.realm.hand_over_departures() {}
        }
    }

    /// Publishes for all that have left, until a round is over; false when nothing is left.
    fn publish_testaments(&self) -> bool {
        let departures = self.realm.departures();
        loop {
            let mut departed = match departures.next(&self.limits) {
                Step::Publish(departed) => departed,
                Step::RoundIsOver => return true,
                Step::Done => return false,
            };
            let Some(testament) = departed.testaments.pop_front() else { continue };
            let delivered = self.publish_testament(&departed.handle, &testament);
            self.realm.broker().backlog().remove(testament.bytes());
            if let Some(Departed { handle, .. }) =
                departures.published(departed, delivered, testament.bytes(), &self.limits)
            {
                meta::left(&self.realm, &handle);
            }
        }
    }

    fn publish_all_of(&self, departed: &Departed) {
        for testament in &departed.testaments {
            self.publish_testament(&departed.handle, testament);
        }
        meta::left(&self.realm, &departed.handle);
    }

    fn publish_testament(&self, of: &Arc<SessionHandle>, testament: &Testament) -> Delivered {
        let Testament { topic, payload, options } = testament;
        let delivered = self.publish(of, PublicationId::random(), topic, payload, options);
        self.realm.count_published(topic, delivered);
        delivered
    }

    /// Publishes a round of testaments of sessions that have left, if this session is their heir.
    pub(super) fn publish_inherited(&self, heir: &SessionHandle, context: &TaskContext<'_>) {
        if heir.is_heir() && self.publish_testaments() && self.realm.departures().pause().is_none()
        {
            // For the next round.
            context.waker().wake_by_ref();
        }
    }

    /// Tells the departures that their heir's host has had its turn.
    pub(super) fn begin_turn(&self, heir: &SessionHandle, now: Instant) {
        if heir.is_heir() {
            self.realm.departures().begin_turn(now);
        }
    }

    /// Tells the departures that all sessions that waited for a turn have had one.
    pub(super) fn begin_round(&self, heir: &SessionHandle, now: Instant) {
        if heir.is_heir() {
            self.realm.departures().begin_round(now);
        }
    }

    /// Returns the time at which an heir that waits for lagging subscribers may go on.
    pub(super) fn inherited_pause(&self, heir: &SessionHandle) -> Option<Instant> {
        if heir.is_heir() { self.realm.departures().pause() } else { None }
    }
}
