//! Requests inside the layers of their realm and of their handler.

use std::cell::RefCell;
use std::rc::Rc;

use crate::auth::Granted;
use crate::handler::acceptance::Acceptance;
use crate::handler::around::{Around, Inside, join_inside_layers, run_inside_layers};
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
        context: Context,
        (action, policy): (Action, MatchPolicy),
        handler: Option<&'static HandlerEntry>,
        inside: Option<Inside>,
    ) -> BoxedAnswer<()> {
        let around = handler.map_or_else(
            || {
                Around::Declared(
                    self.registry.declared(action, policy, context.uri()).map(Box::from),
                )
            },
            Around::Handler,
        );
        run_inside_layers(context, policy, around, inside)
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
        accepting(decide, |inside| self.around(context, kind, handler, Some(inside)))
    }

    /// Runs the joining of a session inside the layers of its realm; or, with a handler, what that
    /// decides inside its own.
    pub(super) fn joining_around(
        &self,
        handler: Option<&'static HandlerEntry>,
        context: Context,
        decide: impl FnOnce(Context) -> BoxedAnswer<Acceptance> + 'static,
    ) -> BoxedAnswer<Acceptance> {
        accepting(decide, |inside| match handler {
            Some(handler) => join_inside_layers(context, handler, inside),
            None => self.around(context, (Action::Join, MatchPolicy::Exact), None, Some(inside)),
        })
    }

    /// Runs the registration of a client's procedure inside the layers of its realm, once the
    /// authorisers have allowed it.
    pub(super) fn registering_around(
        &self,
        policy: MatchPolicy,
        context: Context,
        gate: Gate,
    ) -> BoxedAnswer<Granted> {
        let allowed = self.around(context, (Action::Register, policy), None, None);
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
    around: impl FnOnce(Inside) -> BoxedAnswer<()>,
) -> BoxedAnswer<Acceptance> {
    let accepted = Rc::new(RefCell::new(Acceptance::default()));
    let keep = Rc::clone(&accepted);
    let answer = around(Box::new(move |context| {
        Box::pin(async move {
            *keep.borrow_mut() = decide(context).await?;
            Ok(())
        })
    }));
    Box::pin(async move {
        answer.await?;
        Ok(accepted.take())
    })
}
