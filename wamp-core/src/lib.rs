//! The WAMP v2 protocol for servers that answer calls and subscriptions with handlers of their own.
//!
//! This crate knows no socket, no runtime, and no clock but the [`Instant`](std::time::Instant)
//! that it is given: a host feeds frames to a [`Connection`] and sends its output. Applications use
//! a host, such as `wamp-actix`, which re-exports all that a handler needs.

mod address;
mod auth;
mod codec;
mod connection;
mod error;
mod handler;
mod id;
mod identity;
mod limits;
mod log;
mod message;
mod realm;
mod router;
mod session;
mod timestamp;
mod uri;

pub use auth::{
    Anonymous, Attempt, Authenticator, CraCredential, CredentialError, Cryptosign, Denied, Http,
    Permission, Scram, ScramCredential, Ticket, WampCra, salt,
};
pub use codec::binary::Binary;
pub use codec::payload::{DecodeError, Payload, PayloadBuilder};
pub use codec::raw::Raw;
pub use codec::serializer::{EncodeError, RawMessage, Serializer};
pub use connection::{Close, Connection, Transport};
pub use error::{Error, WampError, uris};
pub use handler::acceptance::{Events, Hold, IntoAcceptance, IntoAdmission, Snapshot};
pub use handler::around::{Invocation, Next};
pub use handler::context::{Context, FromContext};
pub use handler::entry::Handlers;
pub use handler::inject::call::Call;
pub use handler::inject::cancelled::Cancelled;
pub use handler::inject::chunks::Chunks;
pub use handler::inject::progress::Progress;
pub use handler::inject::publication::Publication;
pub use handler::inject::subscription::{EmitError, Subscription};
pub use handler::progressive::Progressive;
pub use handler::reply::{Args, Kwargs, Reply};
pub use id::{PublicationId, RegistrationId, RequestId, SessionId, SubscriptionId};
pub use identity::Identity;
pub use limits::{Limits, LimitsError};
pub use message::{Action, MatchPolicy, Passthru, Trace};
pub use realm::broker::History;
pub use realm::matched::Capture;
pub use realm::observer::{ObservedCall, Observer};
pub use realm::session::{Session, SessionData};
pub use realm::stats::{
    CallStats, Durations, MessageStats, PublicationStats, RealmCounts, RealmStats,
};
pub use realm::{Publish, PublishError, Realm};
pub use router::authorizer::Authorization;
pub use router::meta::MetaApi;
pub use router::registry::Topic;
pub use router::stats::Stats;
pub use router::{BuildError, RealmBuilder, Router, RouterBuilder, Stopped, WeakRouter};
pub use session::left::Left;
pub use session::request_outcome::RequestOutcome;
pub use session::send_buffer::Framing;

/// Items that the macros' expansion refers to. Not public API.
#[doc(hidden)]
pub mod __private {
    pub use crate::auth::client;
    pub use crate::codec::payload::payload_of;
    pub use crate::error::{Derived, KnownError, NotStd};
    /// The targets of log lines.
    pub mod log {
        pub use crate::log::{AUTH, CALL, SESSION};
    }
    pub use crate::handler::acceptance::Acceptance;
    pub use crate::handler::arguments::{Arena, Arguments, Capture};
    pub use crate::handler::around::{OwnLayer, run_layer};
    pub use crate::handler::entry::{
        Attribute, BoxedAnswer, Collected, Entry, Feature, HandlerEntry, Listed, Parameter, id_of,
    };
    pub use crate::handler::outcome::{
        Outcome, Plain, accept, admit, attach, error, permit, reply, respond, text,
    };
    pub use crate::message::batch::{decode, encode};
    pub use inventory;
}

/// Entry points of the fuzz targets. Not public API.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod __fuzz {
    pub use crate::message::fuzz::{delimit, encode, is_message, read};
}
