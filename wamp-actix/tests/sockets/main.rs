//! The adapter over sockets whose clients read when the test wants it.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod crowds;
mod fairness;
mod floods;
mod hanging_up;
mod health;
mod middleware;
mod rates;
mod serving;
mod stalls;
mod support;
mod waking;
mod watchdog;
