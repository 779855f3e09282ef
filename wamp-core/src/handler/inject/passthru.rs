//! Injects the description of a payload in passthru mode.

use crate::error::Error;
use crate::handler::context::{Context, FromContext};
use crate::handler::entry::{Attribute, Feature};
use crate::message::{Extras, Passthru};

/// Fails if the call's payload is not in passthru mode; an `Option` is `None` then.
impl FromContext for Passthru {
    const ONLY_IN: Option<Attribute> = Some(Attribute::Rpc);
    const FEATURE: Option<Feature> = Some(Feature::PayloadPassthruMode);

    async fn from_context(context: &Context) -> Result<Self, Error> {
        let passthru = Extras::passthru(context.call()?.extras.as_deref()).cloned();
        passthru.ok_or_else(|| Error::invalid_argument("the payload is not in passthru mode"))
    }
}
