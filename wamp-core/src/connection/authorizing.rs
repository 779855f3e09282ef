//! Requests of one session that wait for the realm's authorisers.

use std::collections::HashMap;
use std::time::Instant;

use super::open::OpenSession;
use crate::auth::Decision;
use crate::error::{Error, uris};
use crate::handler::tasks::{Asking, HandlerFuture, Task};
use crate::id::RequestId;
use crate::message::{RegisterOptions, code};
use crate::realm::pattern::Pattern;
use crate::router::authorizer::{Action, Gate, Kind};

/// SUBSCRIBEs and REGISTERs that the authorisers think about. (A CALL waits among the calls, where it can be cancelled; a
/// PUBLISH among the publications, which keep their order.)
#[derive(Debug, Default)]
pub(super) struct Authorizing(HashMap<RequestId, Waiting>);

#[derive(Debug)]
struct Waiting {
    asked: Asked,
    asking: Asking,
    /// The time at which the request is given up.
    until: Instant,
}

/// What is asked for, checked as far as it can be before anything about the realm is revealed (Z-05).
#[derive(Debug)]
pub(super) enum Asked {
    Subscribe { topic: Pattern, get_retained: bool },
    Register { procedure: Pattern, options: RegisterOptions },
}

impl Authorizing {
    /// Returns whether a SUBSCRIBE or REGISTER waits for the authorisers.
    pub(super) fn is_at_work(&self) -> bool {
        !self.0.is_empty()
    }

    pub(super) fn is_outstanding(&self, request: RequestId) -> bool {
        self.0.contains_key(&request)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The time at which the next request is given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.values().map(|waiting| waiting.until).min()
    }

    fn overdue(&self, now: Instant) -> Vec<RequestId> {
        self.0.iter().filter(|(_, waiting)| waiting.until <= now).map(|(request, _)| *request).collect()
    }
}

impl Asked {
    fn code(&self) -> u64 {
        match self {
            Self::Subscribe { .. } => code::SUBSCRIBE,
            Self::Register { .. } => code::REGISTER,
        }
    }

    fn subject(&self) -> (Kind, &str) {
        let (action, pattern, replaces) = match self {
            Self::Subscribe { topic, .. } => (Action::Subscribe, topic, false),
            Self::Register { procedure, options } => (Action::Register, procedure, options.replaces()),
        };
        (Kind { action, policy: pattern.policy, replaces }, &pattern.uri)
    }
}

impl OpenSession {
    /// Goes on with a request when the authorisers let it.
    pub(super) fn ask(&mut self, request: RequestId, asked: Asked, now: Instant) {
        if self.core.is_draining() {
            let error = Error::new(uris::CANCELED).arg("the server shuts down");
            return self.core.error(asked.code(), request, &error);
        }
        let (kind, named) = asked.subject();
        match self.core.gate(kind, named, now) {
            Gate::Decided(decision) => self.go_on_with(request, asked, decision, now),
            Gate::Asking(_) if !self.has_room_for_call() => {
                let error = Error::new(uris::UNAVAILABLE).arg("too many requests wait for their permission");
                self.core.error(asked.code(), request, &error);
            }
            Gate::Asking(answer) => {
                let asking = Asking::new(HandlerFuture::new(answer));
                let waiting = Waiting { asked, asking: asking.clone(), until: self.core.patience(now) };
                self.authorizing.0.insert(request, waiting);
                self.core.tasks.proceed(Task::Authorize(request, asking), false);
            }
        }
    }

    /// Goes on with the request that the authorisers have decided: of a request that was given up the task has ended.
    pub(super) fn authorized(&mut self, request: RequestId, decision: Decision, now: Instant) {
        if let Some(waiting) = self.authorizing.0.remove(&request) {
            self.go_on_with(request, waiting.asked, decision, now);
        } else if self.publishing.is_asking_about(request) {
            self.publication_authorized(decision, now);
        } else {
            self.call_authorized(request, decision);
        }
    }

    fn go_on_with(&mut self, request: RequestId, asked: Asked, decision: Decision, now: Instant) {
        let code = asked.code();
        let done = decision.and_then(|granted| match asked {
            Asked::Subscribe { topic, get_retained } => {
                self.start_subscribe(request, topic, get_retained, now)
            }
            Asked::Register { procedure, options } => {
                self.start_register(request, &options, &procedure, granted)
            }
        });
        if let Err(error) = done {
            self.core.error(code, request, &error);
        }
    }

    /// Gives up the requests that the authorisers have not decided in time.
    pub(super) fn time_out_asked(&mut self, now: Instant) {
        for request in self.authorizing.overdue(now) {
            if let Some(Waiting { asked, asking, .. }) = self.authorizing.0.remove(&request) {
                asking.end();
                self.core.error(asked.code(), request, &self.core.undecided(asked.subject()));
            }
        }
    }

    /// The session ends.
    pub(super) fn refuse_asked(&mut self, error: &Error) {
        for (request, Waiting { asked, .. }) in std::mem::take(&mut self.authorizing).0 {
            self.core.error(asked.code(), request, error);
        }
    }
}
