//! Messages of the client: single ones, and batches whose messages are taken one after the other,
//! as long as there is room for what they cause.

use std::time::Instant;

use std::task::Context as TaskContext;

use bumpalo::Bump;

use super::{Connection, State};
use crate::codec::serializer::RawMessage;
use crate::codec::value::Shared;
use crate::error::{Breach, Violation, uris};
use crate::identity::Identity;
use crate::message::batch::Batch;
use crate::message::{self, Head, Message, decode, unframe};
use crate::session::left::Left;

/// Messages of a batch that are taken before the host gets its turn: more publications at once
/// would overrun the mailboxes of subscribers that are not polled meanwhile.
const BURST: usize = 64;

impl Connection {
    /// Takes one message of the client. A handler that is ready at once has answered when this
    /// returns.
    pub fn receive(&mut self, frame: RawMessage, now: Instant) {
        self.send_buffer.borrow_mut().attend();
        match unframe(self.serializer, frame) {
            Ok(frame) if self.serializer.is_batched() => {
                self.batches.push_back(Batch::new(self.serializer, frame));
                self.receive_batches(true, now);
            }
            Ok(frame) => self.message(&frame, now),
            Err(violation) => self.malformed(&violation, now),
        }
        self.expire(now);
        self.send_buffer.borrow_mut().leave();
    }

    /// Takes the batches that waited for room, and sees to it that the rest is taken later.
    pub(super) fn go_on_receiving(&mut self, context: &TaskContext<'_>, now: Instant) {
        self.receive_batches(false, now);
        if self.batches.is_empty() || self.is_pausing() || self.is_throttled() {
            return; // After a pause the connection is polled anyway.
        }
        if self.has_room() {
            context.waker().wake_by_ref();
        } else {
            self.send_buffer.borrow_mut().wake_when_taken(context);
        }
    }

    /// Takes the messages of batches, a burst at most: one if `forced`, and more as long as there
    /// is room for what they cause.
    fn receive_batches(&mut self, mut forced: bool, now: Instant) {
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

    /// Handles a frame that is not a WAMP message: a violation, unless the session is already
    /// ending.
    fn malformed(&mut self, violation: &Violation, now: Instant) {
        if !matches!(self.state, State::Ended | State::Leaving { .. } | State::Denied { .. }) {
            self.violation(violation, Head::default(), now);
        }
    }

    fn message(&mut self, frame: &Shared, now: Instant) {
        let arena = Bump::new();
        let message = decode(frame, &arena);
        let received = match &mut self.state {
            State::Open(session) if !message.as_ref().is_ok_and(Message::ends_session) => {
                if let (Some(observed), Ok(message)) = (&session.core.observed, &message) {
                    observed.received(message, frame.len());
                }
                message.and_then(|message| session.receive(message, now))
            }
            _ => self.opens_or_ends(frame, message, now),
        };
        if let Err(violation) = received {
            self.violation(&violation, Head::of(frame, &arena), now);
        }
    }

    /// Handles a message before WELCOME, after a GOODBYE or ABORT, or one of these.
    fn opens_or_ends(
        &mut self,
        frame: &Shared,
        message: Result<Message<'_>, Violation>,
        now: Instant,
    ) -> Result<(), Violation> {
        match (&self.state, message) {
            (&State::Leaving { then, .. }, Ok(Message::Goodbye | Message::Abort)) => self.end(then),
            // G-05: after our GOODBYE nothing else counts.
            (State::Ended | State::Leaving { .. }, _) => {}
            (_, Ok(Message::Abort)) => self.lost(Left::Goodbye), // S-15
            // Nothing counts after a login that failed.
            (State::Denied { .. }, _) => {}
            (_, Err(violation)) => return Err(violation),
            (State::Open(_), Ok(_)) => {
                let goodbye = message::goodbye(uris::GOODBYE_AND_OUT, None); // G-01
                self.send_buffer.borrow_mut().send(&goodbye);
                self.lost(Left::Goodbye);
            }
            (State::Opening { identity, .. }, Ok(Message::Hello { realm, details })) => {
                let identity = Identity::clone(identity);
                return self.hello(frame, realm, &details, identity, now);
            }
            (State::Opening { .. }, Ok(_)) => return Err(Breach::NoHello.into()),
            (State::Authenticating(_), Ok(Message::Authenticate { signature, extra })) => {
                return self.authenticate(signature, extra, now);
            }
            _ => return Err(Breach::BeforeWelcome.into()),
        }
        Ok(())
    }
}
