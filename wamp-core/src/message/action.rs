//! The actions of clients, about which authorisers and layers are asked and observers are told.

/// The actions that a client asks for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Call a procedure.
    Call,
    /// Register a procedure, in a realm that routes calls between clients.
    Register,
    /// Subscribe to a topic.
    Subscribe,
    /// Publish to a topic.
    Publish,
    /// Join the realm. Authorisers are not asked about it, but [`around`] layers are run.
    ///
    /// [`around`]: crate::RealmBuilder::around
    Join,
}
