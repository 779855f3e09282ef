//! A session as the other sessions see it, and what waits to be sent to its client.

pub(crate) mod backlog;
pub(crate) mod handle;
pub(crate) mod left;
pub(crate) mod mailbox;
pub(crate) mod own_count;
pub(crate) mod principal;
pub(crate) mod request_outcome;
pub(crate) mod routed_call;
pub(crate) mod send_buffer;
pub(crate) mod sent;
pub(crate) mod testament;
