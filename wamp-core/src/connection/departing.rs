//! What a session leaves when it ends: its testaments (E-14), and the news that it has left (K-02).

use std::sync::Arc;
use std::task::Context as TaskContext;
use std::time::Instant;

use super::open::OpenSession;
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
            if departed.testaments.is_empty() || !self.realm.broker().backlog().keep(departed.bytes()) {
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
        self.publish(of, PublicationId::random(), topic, payload, options)
    }
}

impl OpenSession {
    /// As the heir of those that have left, publishes a round of their testaments.
    pub(super) fn publish_inherited(&self, context: &TaskContext<'_>) {
        if self.core.session().handle().is_heir()
            && self.core.served.publish_testaments()
            && self.core.served.realm.departures().pause().is_none()
        {
            // For the next round.
            context.waker().wake_by_ref();
        }
    }

    /// The host has had its turn.
    pub(super) fn begin_turn(&mut self, now: Instant) {
        self.core.pace.begin_turn(now);
        if self.core.session().handle().is_heir() {
            self.core.served.realm.departures().begin_turn(now);
        }
    }

    /// All who waited for a turn have had one.
    pub(super) fn begin_round(&mut self, now: Instant) {
        self.core.pace.begin_round(now);
        if self.core.session().handle().is_heir() {
            self.core.served.realm.departures().begin_round(now);
        }
    }

    /// When an heir that waits for those who are behind may go on.
    pub(super) fn inherited_pause(&self) -> Option<Instant> {
        if self.core.session().handle().is_heir() {
            self.core.served.realm.departures().pause()
        } else {
            None
        }
    }
}
