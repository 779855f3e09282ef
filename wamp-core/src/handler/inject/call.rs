//! Injects the call that is being answered.

use std::borrow::Cow;

use crate::error::Error;
use crate::handler::context::{Context, FromContext};
use crate::handler::entry::Attribute;
use crate::id::{RequestId, SessionId};

/// The call that an `#[rpc]` handler answers.
///
/// ```
/// use wamp_core::Call;
///
/// async fn which(call: Call) -> String {
///     call.procedure().to_owned()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Call {
    request: RequestId,
    procedure: Cow<'static, str>,
    caller: Option<SessionId>,
}

impl Call {
    /// Returns the id of the request.
    #[must_use]
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// Returns the procedure that was called; for a handler under a pattern, the URI that the
    /// caller named.
    #[must_use]
    pub fn procedure(&self) -> &str {
        &self.procedure
    }

    /// Returns the caller's session id, if the caller asked to be disclosed
    /// (`CALL.Options.disclose_me`, DI-01). [`Session`](crate::Session) has the authid and authrole
    /// of every caller, disclosed or not; this tells whether they may be shown to others.
    #[must_use]
    pub fn caller(&self) -> Option<SessionId> {
        self.caller
    }
}

impl FromContext for Call {
    const ONLY_IN: Option<Attribute> = Some(Attribute::Rpc);

    async fn from_context(context: &Context) -> Result<Self, Error> {
        let call = context.call()?;
        let caller = call.disclose_me.then(|| context.session().id());
        Ok(Self { request: call.request, procedure: context.owned_uri(), caller })
    }
}
