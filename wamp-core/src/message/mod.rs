//! Messages of the protocol: their codes, and how a frame becomes a message.

pub(crate) mod action;
mod arguments_writer;
pub(crate) mod batch;
mod decode;
#[cfg(test)]
pub(crate) mod differential;
mod encode;
mod extras;
mod features;
mod fields;
mod filter;
#[cfg(fuzzing)]
pub(crate) mod fuzz;
mod head;
#[cfg(test)]
pub(crate) mod odd_values;
mod options;
mod passthru;
mod trace;
#[cfg(test)]
mod vectors;

pub use action::Action;
pub(crate) use arguments_writer::ArgumentsWriter;
pub(crate) use decode::{Message, Secret, authextra, decode, unframe};
pub(crate) use encode::{
    Details, EventDetails, InvocationDetails, Welcome, abort, callees_error_uri, challenge, error,
    event, forwarded_error, goodbye, interrupt, invocation, published, registered,
    registration_revoked, result, subscribed, subscription_revoked, unregistered, unsubscribed,
    welcome,
};
pub(crate) use extras::Extras;
pub(crate) use features::{ClientFeatures, Names, RoleFeatures, RouterRole, RouterRoles};
pub(crate) use filter::Filter;
pub(crate) use head::Head;
pub use options::MatchPolicy;
pub(crate) use options::{
    AuthenticateExtra, CallOptions, CancelMode, Dict, HelloDetails, InvokePolicy, PublishOptions,
    RegisterOptions, SubscribeOptions, YieldOptions,
};
pub use passthru::Passthru;
pub(crate) use passthru::PassthruKeys;
pub use trace::Trace;

/// Type codes (specification, "Message Codes").
pub(crate) mod code {
    pub(crate) const HELLO: u64 = 1;
    pub(crate) const WELCOME: u64 = 2;
    pub(crate) const ABORT: u64 = 3;
    pub(crate) const CHALLENGE: u64 = 4;
    pub(crate) const AUTHENTICATE: u64 = 5;
    pub(crate) const GOODBYE: u64 = 6;
    pub(crate) const ERROR: u64 = 8;
    pub(crate) const PUBLISH: u64 = 16;
    pub(crate) const PUBLISHED: u64 = 17;
    pub(crate) const SUBSCRIBE: u64 = 32;
    pub(crate) const SUBSCRIBED: u64 = 33;
    pub(crate) const UNSUBSCRIBE: u64 = 34;
    pub(crate) const UNSUBSCRIBED: u64 = 35;
    pub(crate) const EVENT: u64 = 36;
    pub(crate) const CALL: u64 = 48;
    pub(crate) const CANCEL: u64 = 49;
    pub(crate) const RESULT: u64 = 50;
    pub(crate) const REGISTER: u64 = 64;
    pub(crate) const REGISTERED: u64 = 65;
    pub(crate) const UNREGISTER: u64 = 66;
    pub(crate) const UNREGISTERED: u64 = 67;
    pub(crate) const INVOCATION: u64 = 68;
    pub(crate) const INTERRUPT: u64 = 69;
    pub(crate) const YIELD: u64 = 70;
}
