//! The rules of the protocol, in memory: clients that speak JSON, and the rules of sessions, calls
//! and topics once more in each other serializer.

#![allow(clippy::duplicate_mod, reason = "a suite has clients of its own serializer")]
#![allow(clippy::unwrap_used, reason = "in the closures of the tests, too")]

use wamp_core::Serializer;

/// The serializer of the clients outside the suites.
const SERIALIZER: Serializer = Serializer::Json;

#[allow(dead_code, reason = "`wamp-actix` uses the rest of it")]
#[path = "support/log.rs"]
mod log;
mod support;

mod absent;
mod announcement;
mod authentication;
mod authorization;
mod building;
mod calls;
mod complaints;
mod endless;
mod errors;
mod faults;
mod full_realms;
mod goodbye;
mod history;
mod inexpressible;
mod late_chunks;
mod layers;
mod layers_at_odds;
mod layers_of_routed_calls;
mod left;
mod meta;
mod observing;
mod odd;
mod opening;
mod passthru;
mod patterns;
mod polling;
mod queues;
mod random;
mod rates;
mod realms;
mod requests;
mod reregistering;
mod retention;
mod retention_bounds;
mod revocation;
mod routing;
mod schedules;
mod secrets;
mod serialize;
mod serializers;
mod showing;
mod shutdown;
mod spans;
mod stress;
mod syntax;
mod testaments;
mod topics;
mod trace;
mod trust;
mod turns;
mod uris;
mod values;
mod vectors;
mod verbatim;

/// Tests once more, with clients of another serializer.
macro_rules! suite {
    ($name:ident, $serializer:ident, [$($file:ident)*]) => {
        #[path = "."]
        mod $name {
            const SERIALIZER: wamp_core::Serializer = wamp_core::Serializer::$serializer;
            mod support;
            $(mod $file;)*
        }
    };
}

suite!(msgpack, MsgPack, [
    absent authentication calls goodbye history meta opening passthru patterns requests retention
    revocation routing shutdown testaments topics trace trust
]);
suite!(cbor, Cbor, [
    absent authentication calls goodbye history meta opening passthru patterns requests retention
    revocation routing shutdown testaments topics trace trust
]);
suite!(json_batched, JsonBatched, [
    absent authentication calls goodbye opening passthru patterns requests retention routing
    shutdown topics trust
]);
suite!(msgpack_batched, MsgPackBatched, [
    absent authentication calls goodbye opening passthru patterns requests retention routing
    shutdown topics trust
]);
suite!(cbor_batched, CborBatched, [
    absent authentication calls goodbye opening passthru patterns requests retention routing
    shutdown topics trust
]);
