//! Injects the realm of the session.

use crate::error::Error;
use crate::handler::context::{Context, FromContext};
use crate::realm::Realm;

impl FromContext for Realm {
    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(context.session().realm().clone())
    }
}
