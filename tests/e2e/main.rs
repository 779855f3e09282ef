//! Tests of the example servers as processes, with all kinds of clients: sockets driven by hand,
//! third-party clients, a browser. No test sleeps: it waits for a condition, with a deadline.

mod harness;

mod bridge;
mod bridge_at_odds;
mod clients;
mod closing;
mod crowds;
mod disconnects;
mod fairness;
mod floods;
mod frames;
mod handshake;
mod libraries;
mod logins;
mod metrics;
mod nexus;
mod restart;
mod second_host;
mod shutdown;
mod tunnels;
