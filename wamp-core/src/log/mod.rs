//! Bounds on the log lines that clients can cause.

pub(crate) mod complaints;
pub(crate) mod minutely;
