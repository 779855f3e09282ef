//! Asks a realm's authorisers about a request, and remembers their decisions for a session.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Instant;

use super::{Authorization, Authorizers, Kind, Request};
use crate::auth::{Decision, Granted, Permission};
use crate::error::Error;
use crate::handler::context::Link;
use crate::handler::entry::BoxedAnswer;
use crate::message::MatchPolicy;
use crate::router::ServedRealm;

/// The decision about a request: made already, or by a future that asks the authorisers.
pub(crate) enum Gate {
    Decided(Decision),
    /// The future was polled once without a waker, and is to be polled again with one.
    Asking(BoxedAnswer<Granted>),
}

/// The decisions of its realm's authorisers that a session remembers.
///
/// Allocates nothing before an authoriser is asked, so never in a realm without one.
#[derive(Debug, Default)]
pub(crate) struct Decisions(OnceCell<Rc<RefCell<Memory>>>);

#[derive(Debug, Default)]
struct Memory {
    /// The count of the session's handle (`SessionHandle::forgotten_decisions`) to which the
    /// entries belong.
    forgotten: u64,
    by_kind: HashMap<Kind, HashMap<String, Remembered>>,
}

#[derive(Debug)]
struct Remembered {
    permission: Permission,
    /// `None`: until the session ends.
    until: Option<Instant>,
}

impl Decisions {
    /// Asks the authorisers, or returns their remembered decision.
    pub(crate) fn gate(
        &self,
        served: &Arc<ServedRealm>,
        link: &Rc<Link>,
        kind: Kind,
        named: &str,
        now: Instant,
    ) -> Gate {
        let authorizers = &served.settings.authorizers;
        if authorizers.of(kind.policy).is_empty() {
            return Gate::Decided(unasked(authorizers, kind));
        }
        let memory = self.0.get_or_init(Rc::default);
        let forgotten = link.session.handle().forgotten_decisions();
        if let Some(permission) = memory.borrow_mut().recall(kind, named, forgotten, now) {
            return Gate::Decided(permission.decision());
        }
        let (link, served, memory) = (Rc::clone(link), Arc::clone(served), Rc::clone(memory));
        let authorization =
            Authorization(Rc::new(Request { link, served, kind, named: named.to_owned() }));
        let mut answer: BoxedAnswer<Granted> = Box::pin(async move {
            let permission = Authorizers::ask(authorization.clone()).await?;
            memory.borrow_mut().remember(&authorization.0, &permission, forgotten, now);
            permission.decision()
        });
        match answer.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())) {
            Poll::Ready(decision) => Gate::Decided(decision),
            Poll::Pending => Gate::Asking(answer),
        }
    }
}

/// Decides without asking an authoriser: URIs are allowed, patterns only in a realm without any
/// authoriser.
fn unasked(authorizers: &Authorizers, kind: Kind) -> Decision {
    if kind.policy == MatchPolicy::Exact || authorizers.is_empty() {
        return Ok(Granted { replacing: authorizers.is_empty() });
    }
    Err(Error::not_authorized("patterns are not allowed: the realm has no `authorize_patterns`"))
}

impl Memory {
    fn recall(
        &mut self,
        kind: Kind,
        named: &str,
        forgotten: u64,
        now: Instant,
    ) -> Option<Permission> {
        if self.forgotten != forgotten {
            self.by_kind.clear();
            self.forgotten = forgotten;
        }
        let Remembered { permission, until } = self.by_kind.get(&kind)?.get(named)?;
        until.is_none_or(|until| now < until).then(|| permission.clone())
    }

    /// Remembers a decision, unless the session was told to forget since `asked`.
    fn remember(
        &mut self,
        request: &Request,
        permission: &Permission,
        forgotten: u64,
        asked: Instant,
    ) {
        let Some(time) = permission.remembered else { return };
        let most = request.link.limits.remembered_decisions;
        if most == 0 || request.link.session.handle().forgotten_decisions() != forgotten {
            return;
        }
        // Forgets all: a client that asks for so many different things takes no more memory, but
        // has to wait for its authorisers again.
        if self.by_kind.values().map(HashMap::len).sum::<usize>() >= most {
            self.by_kind.clear();
        }
        let (permission, until) = (permission.clone(), asked.checked_add(time));
        let remembered = Remembered { permission, until };
        self.by_kind.entry(request.kind).or_default().insert(request.named.clone(), remembered);
    }
}
