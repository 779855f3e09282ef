//! The adapter in memory: handlers and their parameters, calls, logins, faults, the pipeline of
//! actix.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod authentication;
mod authorization;
mod bridge;
mod bridge_at_odds;
mod calling;
mod client;
mod faults;
mod handlers;
mod layers;
#[allow(dead_code, reason = "the tests of `wamp-core` use the rest of it")]
#[path = "../../../wamp-core/tests/protocol/support/log.rs"]
mod log;
#[cfg(feature = "metrics")]
mod metrics;
mod pipeline;
mod renamed;
mod republishing;
mod serializers;
