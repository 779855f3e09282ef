//! One WebSocket: its upgrade, its frames, and the response body that drives its session.

pub(crate) mod accepting;
pub(crate) mod body;
pub(crate) mod closing_body;
pub(crate) mod frames;
pub(crate) mod handshake;
mod liveness;
#[cfg(feature = "actix-ws")]
pub(crate) mod plain;
pub(crate) mod request_copy;
pub(crate) mod socket;
pub(crate) mod socket_handle;
mod turn;
mod wake;
