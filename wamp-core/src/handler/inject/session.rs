//! Injects the session that sent the message.

use crate::error::Error;
use crate::handler::context::{Context, FromContext};
use crate::realm::session::Session;

impl FromContext for Session {
    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(context.session().clone())
    }
}
