//! The values that are injected into handlers, one type a file. Only [`Router`](crate::Router) has
//! its `FromContext` elsewhere, in `router`, which is a later room.

pub(crate) mod call;
pub(crate) mod cancelled;
pub(crate) mod chunks;
mod passthru;
pub(crate) mod progress;
pub(crate) mod publication;
mod realm;
mod session;
pub(crate) mod subscription;
mod trace;
