//! Lines of the log: the targets under which all crates write, and the bound on lines that clients
//! can cause.

mod complaints;

pub(crate) use complaints::Complaints;

/// The target of lines about what clients ask for: calls, subscriptions, publications, and what
/// handlers make of them.
pub const CALL: &str = "wamp_actix::call";

/// The target of lines about the server, its connections and sessions.
pub const SESSION: &str = "wamp_actix::session";

/// The target of lines about who may join, and who may do what: logins, origins, authorisers.
pub const AUTH: &str = "wamp_actix::auth";
