//! The example servers as processes of their own, and everything that can connect to them: sockets driven by hand,
//! third-party clients, a browser. Nothing sleeps and hopes: a condition is waited for, with a deadline.

mod harness;

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
mod nexus;
mod restart;
mod shutdown;
mod tunnels;
