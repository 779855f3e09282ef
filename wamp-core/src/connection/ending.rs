//! How a connection ends: by a rule that was broken, by a time that is over, and by what the server
//! wants.

use std::task::Context as TaskContext;
use std::time::Instant;

use super::{Close, Connection, State};
use crate::auth::Denied;
use crate::error::{Violation, shortened, uris};
use crate::log;
use crate::message::{self, Head};
use crate::session::left::Left;

impl Connection {
    /// Returns whether another line about clients at this address may be logged.
    pub(super) fn may_log(&self, now: Instant) -> bool {
        self.router.router().may_log(self.address, now)
    }

    /// Tells the log why a client is cut off.
    fn complain(&self, complaint: &str, text: Option<&str>, head: Head<'_>, now: Instant) {
        if !self.may_log(now) {
            return;
        }
        let session = match &self.state {
            State::Open(open) => Some(open.core.session()),
            _ => None,
        };
        tracing::warn!(
            target: log::SESSION,
            address = self.address.map(display),
            text,
            uri = head.uri.map(|uri| debug(shortened(uri))),
            request = head.request.map(display),
            session = session.map(|session| display(session.id())),
            authid = session.map(|session| debug(shortened(session.authid()))),
            realm = session.map(|session| debug(shortened(session.realm().name()))),
            "{complaint}"
        );
    }

    /// P-01: ABORT, and nothing of this peer counts any more.
    pub(super) fn violation(&mut self, violation: &Violation, head: Head<'_>, now: Instant) {
        self.router.router().count_violation(violation.kind());
        let text = violation.to_string();
        self.complain("protocol violation", Some(&text), head, now);
        self.leaves(Left::Violation);
        self.abort(Close::Violation, uris::PROTOCOL_VIOLATION, &text);
    }

    pub(super) fn overflowed(&mut self, now: Instant) {
        self.complain("a subscriber is too slow and is cut off", None, Head::default(), now);
        self.leaves(Left::Overflow);
        self.abort(Close::TooSlow, uris::UNAVAILABLE, "too many events wait to be sent");
    }

    pub(super) fn too_fast(&mut self, now: Instant) {
        if let State::Open(session) = &self.state
            && let Some(counters) = session.core.session().realm().counters()
        {
            counters.cut_off();
        }
        self.complain(
            "a client sends more messages than its rate for too long and is cut off",
            None,
            Head::default(),
            now,
        );
        self.leaves(Left::Violation);
        self.abort(Close::TooFast, uris::UNAVAILABLE, "too many messages");
    }

    /// Notes why the session ends, if it is open.
    pub(super) fn leaves(&mut self, left: Left) {
        if let State::Open(session) = &mut self.state {
            session.left = left;
        }
    }

    /// Ends the session with ABORT. The host sends the text in the close frame as well: autobahn
    /// drops the ABORT of an open session unread.
    pub(super) fn abort(&mut self, close: Close, reason: &str, text: &str) {
        self.send_buffer.borrow_mut().send(&message::abort(reason, text));
        self.close_reason = text.into();
        self.end(close);
    }

    pub(super) fn leave(&mut self, reason: &str, message: Option<&str>, then: Close, now: Instant) {
        self.send_buffer.borrow_mut().send(&message::goodbye(reason, message)); // G-04
        let limits = &self.limits;
        let patience =
            if then == Close::Shutdown { limits.close_timeout } else { limits.goodbye_timeout };
        self.leaves(if then == Close::Shutdown { Left::Shutdown } else { Left::Killed });
        self.state = State::Leaving { until: now + patience, then };
    }

    /// Ends an open session because the router shuts down: without GOODBYE, unless the application
    /// asks for it, because clients in browsers would not come back (decision 8).
    pub(super) fn shut_down(&mut self, now: Instant) {
        if self.says_goodbye() {
            self.leave(uris::SYSTEM_SHUTDOWN, None, Close::Shutdown, now);
        } else {
            self.leaves(Left::Shutdown);
            self.end(Close::Shutdown);
        }
    }

    /// Ends a session before WELCOME because the router shuts down: with ABORT only if the
    /// application asks for it (S-20).
    pub(super) fn refuse_at_shutdown(&mut self) {
        if self.says_goodbye() {
            self.abort(Close::Shutdown, uris::SYSTEM_SHUTDOWN, "the server shuts down");
        } else {
            self.end(Close::Shutdown);
        }
    }

    fn says_goodbye(&self) -> bool {
        self.router.router().ending().is_some_and(|ending| ending.says_goodbye)
    }

    /// A shutdown does not wait for those that are not in yet.
    pub(super) fn notice_shutdown(&mut self, context: &TaskContext<'_>) {
        match self.state {
            State::Opening { .. }
            | State::Authenticating(_)
            | State::Denied { .. }
            | State::Admitting { .. } => {
                if self.router.poll_stopping(context) {
                    self.refuse_at_shutdown();
                }
            }
            State::Open(_) | State::Leaving { .. } | State::Ended => {}
        }
    }

    pub(super) fn expire(&mut self, now: Instant) {
        match &self.state {
            State::Opening { until, .. } if *until <= now => {
                self.close_reason = "HELLO did not come in time".into();
                self.end(Close::Refused); // T-22
            }
            State::Authenticating(login) if login.deadline() <= now => {
                self.refuse_login(&Denied::timed_out());
            }
            State::Denied { until, denied } if *until <= now => {
                let denied = denied.clone();
                self.refuse_login(&denied);
            }
            State::Admitting { until, .. } if *until <= now => {
                self.refuse(uris::CANCELED, "joining took too long");
            }
            State::Leaving { until, then } if *until <= now => {
                let then = *then;
                self.end(then);
            }
            _ => {}
        }
    }

    pub(super) fn end(&mut self, close: Close) {
        self.state = State::Ended;
        self.close.get_or_insert(close);
    }
}
