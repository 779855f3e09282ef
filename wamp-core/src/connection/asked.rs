//! SUBSCRIBEs and REGISTERs of one session that wait for the realm's authorisers.

use std::collections::HashMap;
use std::time::Instant;

use super::core::{Core, Request};
use crate::auth::Decision;
use crate::codec::payload::Payload;
use crate::error::{Error, uris};
use crate::handler::context::{Context, Subject};
use crate::handler::tasks::{Asking, HandlerFuture, Task};
use crate::id::RequestId;
use crate::message::Action;
use crate::message::{MatchPolicy, RegisterOptions, SubscribeOptions, code};
use crate::realm::pattern::Pattern;
use crate::router::authorizer::{Gate, Kind};

/// SUBSCRIBEs and REGISTERs that the authorisers think about. (A CALL waits among the calls, where
/// it can be cancelled; a PUBLISH among the publications, which keep their order.)
#[derive(Debug, Default)]
pub(super) struct AskedRequests(HashMap<RequestId, Waiting>);

#[derive(Debug)]
struct Waiting {
    asked: Asked,
    asking: Asking,
    /// The time at which the request is given up.
    until: Instant,
}

/// The request, checked as far as it can be before anything about the realm is revealed (Z-05).
#[derive(Debug)]
pub(super) enum Asked {
    Subscribe { topic: Pattern, get_retained: bool },
    Register { procedure: Pattern, options: RegisterOptions },
}

impl AskedRequests {
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

    /// Returns the time at which the next request is given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.values().map(|waiting| waiting.until).min()
    }

    /// Asks the authorisers; returns the request with their decision if it is there at once.
    /// `calls` share the limit of requests that wait.
    pub(super) fn ask(
        &mut self,
        core: &mut Core,
        request: RequestId,
        asked: Asked,
        calls: usize,
        now: Instant,
    ) -> Option<(Asked, Decision)> {
        if core.is_draining() {
            let error = Error::new(uris::CANCELED).arg("the server shuts down");
            return Some((asked, Err(error)));
        }
        let (kind, named) = asked.subject();
        match asked.inside_layers(core, core.gate(kind, named, now)) {
            Gate::Decided(decision) => Some((asked, decision)),
            Gate::Asking(_) if calls + self.0.len() >= core.limits().calls_in_flight => {
                let error = Error::new(uris::UNAVAILABLE)
                    .arg("too many requests wait for their permission");
                Some((asked, Err(error)))
            }
            Gate::Asking(answer) => {
                let asking = Asking::new(HandlerFuture::new(answer));
                let waiting = Waiting { asked, asking: asking.clone(), until: core.patience(now) };
                self.0.insert(request, waiting);
                core.tasks.proceed(Task::Authorize(request, asking), false);
                None
            }
        }
    }

    /// Removes a request that the authorisers have decided; of one that was given up the task has
    /// ended.
    pub(super) fn remove(&mut self, request: RequestId) -> Option<Asked> {
        self.0.remove(&request).map(|waiting| waiting.asked)
    }

    /// Gives up the requests that the authorisers have not decided in time.
    pub(super) fn time_out(&mut self, core: &Core, now: Instant) {
        for request in self.overdue(now) {
            if let Some(Waiting { asked, asking, .. }) = self.0.remove(&request) {
                asking.end();
                core.error(asked.request(request), &core.undecided(asked.subject()));
            }
        }
    }

    /// Refuses all requests that wait, for the session ends.
    pub(super) fn refuse_all(&mut self, core: &Core, error: &Error) {
        for (request, Waiting { asked, .. }) in std::mem::take(&mut self.0) {
            core.error(asked.request(request), error);
        }
    }

    fn overdue(&self, now: Instant) -> Vec<RequestId> {
        self.0
            .iter()
            .filter(|(_, waiting)| waiting.until <= now)
            .map(|(request, _)| *request)
            .collect()
    }
}

impl Asked {
    /// Checks the topic of a SUBSCRIBE.
    pub(super) fn subscribe(options: &SubscribeOptions, topic: &str) -> Result<Self, Error> {
        let policy = options.policy.unwrap_or(MatchPolicy::Exact); // W-05
        let topic = Pattern { policy, uri: topic.to_owned() };
        if topic.is_valid() {
            Ok(Self::Subscribe { topic, get_retained: options.get_retained == Some(true) })
        } else {
            Err(Error::invalid_uri(&topic.uri)) // U-03, U-05
        }
    }

    /// Checks the procedure of a REGISTER.
    pub(super) fn register(options: RegisterOptions, procedure: &str) -> Result<Self, Error> {
        let policy = options.policy.unwrap_or(MatchPolicy::Exact);
        let procedure = Pattern { policy, uri: procedure.to_owned() };
        if procedure.is_valid() && !procedure.is_reserved() {
            Ok(Self::Register { procedure, options })
        } else {
            Err(Error::invalid_uri(&procedure.uri)) // U-03, U-05, U-06
        }
    }

    /// Runs the layers around a REGISTER. (Those around a SUBSCRIBE run with its handler.)
    fn inside_layers(&self, core: &Core, gate: Gate) -> Gate {
        let Self::Register { procedure, .. } = self else { return gate };
        if !core.served.has_layers(None) {
            return gate;
        }
        let asked = core.asked(None, &procedure.uri, Payload::empty());
        let context = Context::of_other(asked, Subject::Register);
        Gate::Asking(core.served.registering_around(procedure.policy, context, gate))
    }

    pub(super) fn code(&self) -> u64 {
        match self {
            Self::Subscribe { .. } => code::SUBSCRIBE,
            Self::Register { .. } => code::REGISTER,
        }
    }

    pub(super) fn pattern(&self) -> &Pattern {
        match self {
            Self::Subscribe { topic: pattern, .. } | Self::Register { procedure: pattern, .. } => {
                pattern
            }
        }
    }

    /// Returns the request with this id, as the log tells of it.
    fn request(&self, id: RequestId) -> Request<'_> {
        Request::of(self.code(), id).naming(self.pattern())
    }

    fn subject(&self) -> (Kind, &str) {
        let (action, pattern, replaces) = match self {
            Self::Subscribe { topic, .. } => (Action::Subscribe, topic, false),
            Self::Register { procedure, options } => {
                (Action::Register, procedure, options.replaces())
            }
        };
        (Kind { action, policy: pattern.policy, replaces }, &pattern.uri)
    }
}
