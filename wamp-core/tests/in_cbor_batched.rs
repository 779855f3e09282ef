//! The rules of sessions, calls and topics once more, in `wamp.2.cbor.batched`.

#![allow(clippy::duplicate_mod, reason = "each file of tests has a client of its own")]

#[path = "absent.rs"]
mod absent;
#[path = "authentication.rs"]
mod authentication;
#[path = "calls.rs"]
mod calls;
#[path = "goodbye.rs"]
mod goodbye;
#[path = "opening.rs"]
mod opening;
#[path = "passthru.rs"]
mod passthru;
#[path = "patterns.rs"]
mod patterns;
#[path = "requests.rs"]
mod requests;
#[path = "retention.rs"]
mod retention;
#[path = "routing.rs"]
mod routing;
#[path = "shutdown.rs"]
mod shutdown;
#[path = "topics.rs"]
mod topics;
#[path = "trust.rs"]
mod trust;
