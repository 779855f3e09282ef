//! Injects the sender of progressive results.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll, ready};

use serde::Serialize;

use crate::error::Error;
use crate::handler::call_state::CallState;
use crate::handler::context::{Context, FromContext, Link};
use crate::handler::entry::Attribute;
use crate::message::Details;
use crate::realm::instruments::Label;

/// Sends progressive results (`RESULT.Details.progress`) one by one, before the function returns
/// the final one.
///
/// A caller that did not ask for them (`receive_progress`) gets the final result only (PR-05).
///
/// ```
/// use wamp_core::{Error, Progress};
///
/// async fn countdown(n: u32, progress: Progress<u32>) -> Result<&'static str, Error> {
///     for left in (1..=n).rev() {
///         progress.send(left).await?;
///     }
///     Ok("liftoff")
/// }
/// ```
pub struct Progress<T> {
    link: Rc<Link>,
    call: Rc<CallState>,
    /// The label under which the results are counted, if they are.
    label: Option<Label>,
    results: PhantomData<fn(T)>,
}

impl<T> fmt::Debug for Progress<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("call", &self.call).finish_non_exhaustive()
    }
}

impl<T> Progress<T> {
    /// Returns whether the caller accepts progressive results, and still waits.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.call.receive_progress && !self.call.is_answered()
    }
}

impl<T: Serialize> Progress<T> {
    /// Sends one result, once the caller has read enough of the earlier ones (back-pressure). In
    /// any case the worker's other tasks get a turn after every 128 results of a call.
    ///
    /// # Errors
    /// The value cannot be serialised, or is too large: as for a final result.
    pub async fn send(&self, value: T) -> Result<(), Error> {
        poll_fn(|context| self.poll_send(context)).await;
        // Checked again, because the call may have been cancelled while there was no room.
        if self.is_wanted() {
            let limit = self.link.limits.max_result_bytes;
            let mut send_buffer = self.link.send_buffer.borrow_mut();
            let start = send_buffer.len();
            send_buffer.result(self.call.request, &Details::new(true, None), limit, |writer| {
                writer.one(&value)
            })?;
            send_buffer.paced_from(start);
            self.call.progress();
            if let (Some(label), Some(counters)) =
                (self.label, self.link.session.realm().counters())
            {
                counters.progressed(label);
            }
        }
        Ok(())
    }

    /// Waits until the next result may be sent, or dropped.
    fn poll_send(&self, context: &TaskContext<'_>) -> Poll<()> {
        if self.is_wanted() {
            ready!(self.link.send_buffer.borrow_mut().poll_room(context, &self.link.limits));
        }
        self.call.poll_turn(context)
    }
}

impl<T> FromContext for Progress<T> {
    const ONLY_IN: Option<Attribute> = Some(Attribute::Rpc);

    async fn from_context(context: &Context) -> Result<Self, Error> {
        let counters = context.session().realm().counters();
        Ok(Self {
            link: Rc::clone(context.link()),
            call: Rc::clone(context.call()?),
            label: counters.map(|counters| counters.procedure(context.uri())),
            results: PhantomData,
        })
    }
}
