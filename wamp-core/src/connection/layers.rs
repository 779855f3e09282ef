//! Requests inside the layers of their realm and of their handler.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use crate::auth::Granted;
use crate::error::Error;
use crate::handler::acceptance::Acceptance;
use crate::handler::around::{Layered, Layers, Work};
use crate::handler::context::Context;
use crate::handler::entry::{BoxedAnswer, HandlerEntry};
use crate::message::Action;
use crate::message::MatchPolicy;
use crate::router::ServedRealm;
use crate::router::authorizer::Gate;

impl ServedRealm {
    /// Returns whether layers are around a handler, or around what has none.
    #[inline(always)]
    pub(super) fn has_layers(&self, handler: Option<&HandlerEntry>) -> bool {
        self.is_layered && self.are_layers_around(handler)
    }

    #[cold]
    fn are_layers_around(&self, handler: Option<&HandlerEntry>) -> bool {
        let has_own = handler.is_some_and(|handler| !handler.around.is_empty());
        has_own || !self.settings.layers.is_empty()
    }

    /// Runs a request inside its layers.
    #[cold]
    #[inline(never)]
    pub(super) fn around(
        &self,
        kind: (Action, MatchPolicy),
        handler: Option<&'static HandlerEntry>,
        context: Context,
        work: Work,
    ) -> BoxedAnswer<()> {
        let layers = self.settings.layers.around(handler);
        layers.run(self.layered(kind, handler, &context), context, work)
    }

    /// Describes a request for its layers.
    fn layered(
        &self,
        (action, policy): (Action, MatchPolicy),
        handler: Option<&'static HandlerEntry>,
        context: &Context,
    ) -> Layered {
        let declared = match handler {
            Some(handler) => Some(Cow::Borrowed(handler.uri)),
            None => {
                let declared = self.registry.declared(action, policy, context.uri());
                declared.map(|declared| Cow::Owned(declared.to_owned()))
            }
        };
        Layered { action, policy, declared, function: handler.map(|handler| handler.function) }
    }

    /// Runs a subscription inside its layers.
    pub(super) fn subscribing_around(
        &self,
        policy: MatchPolicy,
        handler: Option<&'static HandlerEntry>,
        context: Context,
        decide: fn(Context) -> BoxedAnswer<Acceptance>,
    ) -> BoxedAnswer<Acceptance> {
        let kind = (Action::Subscribe, policy);
        accepting(decide, |work| self.around(kind, handler, context, work))
    }

    /// Runs the joining of a session inside the layers of its realm; or, with a handler, what that
    /// decides inside its own.
    pub(super) fn joining_around(
        &self,
        handler: Option<&'static HandlerEntry>,
        context: Context,
        decide: impl FnOnce(Context) -> BoxedAnswer<Acceptance> + 'static,
    ) -> BoxedAnswer<Acceptance> {
        let kind = (Action::Join, MatchPolicy::Exact);
        let layers = match handler {
            Some(handler) => Layers::of_handler(handler),
            None => self.settings.layers.around(None),
        };
        let subject = self.layered(kind, handler, &context);
        accepting(decide, |work| layers.run(subject, context, work))
    }

    /// Runs the registration of a client's procedure inside the layers of its realm, once the
    /// authorisers have allowed it.
    pub(super) fn registering_around(
        &self,
        policy: MatchPolicy,
        context: Context,
        gate: Gate,
    ) -> BoxedAnswer<Granted> {
        let allowed = self.around((Action::Register, policy), None, context, nothing());
        Box::pin(async move {
            let granted = match gate {
                Gate::Decided(decision) => decision?,
                Gate::Asking(answer) => answer.await?,
            };
            allowed.await?;
            Ok(granted)
        })
    }
}

/// Runs inside layers what attaches values, and hands the values on.
fn accepting(
    decide: impl FnOnce(Context) -> BoxedAnswer<Acceptance> + 'static,
    around: impl FnOnce(Work) -> BoxedAnswer<()>,
) -> BoxedAnswer<Acceptance> {
    let accepted = Rc::new(RefCell::new(Acceptance::default()));
    let keep = Rc::clone(&accepted);
    let answer = around(Work::Other(Box::new(move |context| {
        Box::pin(async move {
            *keep.borrow_mut() = decide(context).await?;
            Ok(())
        })
    })));
    Box::pin(async move {
        answer.await?;
        Ok(accepted.take())
    })
}

/// Returns the work of a request about which no handler decides.
pub(super) fn nothing() -> Work {
    Work::Handler(|_| Box::pin(std::future::ready(Ok::<(), Error>(()))))
}
