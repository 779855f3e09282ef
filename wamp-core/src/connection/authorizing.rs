//! Requests of one session that wait for the realm's authoriser.

use std::collections::HashMap;

use super::joined::Joined;
use crate::authorization::{Action, Gate};
use crate::error::{Error, uris};
use crate::id::RequestId;
use crate::message::{MatchPolicy, RegisterOptions, code};
use crate::pattern::Pattern;
use crate::tasks::{Task, Work};

/// SUBSCRIBEs and REGISTERs that the authoriser thinks about. (A CALL waits among the calls, where it can be cancelled; a
/// PUBLISH among the publications, which keep their order.)
#[derive(Debug, Default)]
pub(super) struct Authorizing(HashMap<RequestId, Asked>);

/// What is asked for, checked as far as it can be before anything about the realm is revealed (Z-05).
#[derive(Debug)]
pub(super) enum Asked {
    Subscribe { topic: Pattern, get_retained: bool },
    Register { procedure: Pattern, options: RegisterOptions },
}

impl Authorizing {
    /// Whether the authoriser thinks about any.
    pub(super) fn is_at_work(&self) -> bool {
        !self.0.is_empty()
    }

    pub(super) fn is_outstanding(&self, request: RequestId) -> bool {
        self.0.contains_key(&request)
    }
}

impl Asked {
    fn code(&self) -> u64 {
        match self {
            Self::Subscribe { .. } => code::SUBSCRIBE,
            Self::Register { .. } => code::REGISTER,
        }
    }

    fn subject(&self) -> (Action, &Pattern) {
        match self {
            Self::Subscribe { topic, .. } => (Action::Subscribe, topic),
            Self::Register { procedure, .. } => (Action::Register, procedure),
        }
    }
}

impl Joined {
    /// Whether the realm allows it. The URI must be valid, and nothing that exists may have been looked at (Z-05).
    pub(super) fn gate(&self, action: Action, policy: MatchPolicy, uri: &str) -> Gate {
        match &self.served.settings.authorizer {
            None => Gate::Decided(Ok(())),
            Some(authorizer) => self.decisions.gate(authorizer, &self.link, action, policy, uri),
        }
    }

    pub(super) fn has_authorizer(&self) -> bool {
        self.served.settings.authorizer.is_some()
    }

    /// Goes on with a request when the authoriser lets it.
    pub(super) fn ask(&mut self, request: RequestId, asked: Asked) {
        let (action, pattern) = asked.subject();
        match self.gate(action, pattern.policy, &pattern.uri) {
            Gate::Decided(decision) => self.go_on_with(request, asked, decision),
            Gate::Asking(_) if self.authorizing.0.len() >= self.limits().calls_in_flight => {
                let error = Error::new(uris::UNAVAILABLE).arg("too many requests wait for their permission");
                self.error(asked.code(), request, &error);
            }
            Gate::Asking(answer) => {
                self.authorizing.0.insert(request, asked);
                self.tasks.proceed(Task::Authorize(request, Work::new(answer)), false);
            }
        }
    }

    /// The authoriser has decided.
    pub(super) fn authorized(&mut self, request: RequestId, decision: Result<(), Error>) {
        // Of what was given up, nobody wants to know any more.
        if let Some(asked) = self.authorizing.0.remove(&request) {
            self.go_on_with(request, asked, decision);
        }
    }

    fn go_on_with(&mut self, request: RequestId, asked: Asked, decision: Result<(), Error>) {
        let code = asked.code();
        let done = decision.and_then(|()| match asked {
            Asked::Subscribe { topic, get_retained } => self.start_subscribe(request, topic, get_retained),
            Asked::Register { procedure, options } => self.start_register(request, &options, &procedure),
        });
        if let Err(error) = done {
            self.error(code, request, &error);
        }
    }

    /// The session ends.
    pub(super) fn refuse_asked(&mut self, error: &Error) {
        for (request, asked) in std::mem::take(&mut self.authorizing).0 {
            self.error(asked.code(), request, error);
        }
    }
}
