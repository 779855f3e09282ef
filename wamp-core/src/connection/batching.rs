//! Batches of the peer: the messages in them are taken one after the other, as long as there is
//! room for what they cause.

use std::time::Instant;

use super::{Connection, State};

/// Messages of a batch that are taken before the host gets its turn: more publications at once
/// would overrun the mailboxes of subscribers that are not polled meanwhile.
const BURST: usize = 64;

impl Connection {
    /// Takes the messages of batches, a burst at most: one if `forced`, and more as long as there
    /// is room for what they cause.
    pub(super) fn receive_batches(&mut self, mut forced: bool, now: Instant) {
        for _ in 0..BURST {
            let may_go_on = std::mem::take(&mut forced) || self.may_go_on();
            let Some(batch) = self.batches.front_mut().filter(|_| may_go_on) else {
                return;
            };
            let (message, delimiter) = (batch.next(), batch.delimiter());
            if batch.is_done() {
                self.batches.pop_front();
            }
            match message {
                Ok(message) => {
                    self.send_buffer.borrow_mut().delimit(delimiter);
                    self.message(&message, now);
                }
                Err(violation) => {
                    self.batches.clear();
                    self.malformed(&violation, now);
                }
            }
            if matches!(self.state, State::Ended) {
                self.batches.clear();
            }
        }
    }
}
