//! Tickets: a secret that the client sends as plain text.

use std::future::Future;

use serde::Serialize;

use super::{Attempt, Authenticating, Decide, Denied, Exchange, Method};
use crate::identity::Identity;

/// The method `ticket`: the client sends a secret as plain text (A-21). The closure is asked once
/// the ticket has arrived: [`Attempt::ticket`], [`Attempt::ticket_is`]. An empty ticket is denied
/// without asking it, so that a secret which was never set admits no client.
///
/// Use tickets on encrypted connections only. Store a digest of a ticket, not the ticket.
///
/// ```
/// use wamp_core::{Attempt, Denied, Identity, Realm, RealmBuilder, Ticket};
///
/// let by_ticket = Ticket::new(|attempt: Attempt| async move {
///     let joe = attempt.authid() == Some("joe") && attempt.ticket_is("secret!!!");
///     joe.then(|| Identity::new("joe", "user")).ok_or(Denied::credentials())
/// });
/// let realm: RealmBuilder = Realm::new("customers").authenticate(by_ticket);
/// ```
#[derive(Clone, Debug)]
pub struct Ticket(Decide<Identity>);

impl Ticket {
    /// Creates the method. The closure returns the identity of the ticket's holder.
    #[must_use]
    pub fn new<F, D>(decide: F) -> Self
    where
        F: Fn(Attempt) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Identity, Denied>> + 'static,
    {
        Self(Decide::new(decide))
    }
}

/// `CHALLENGE.Extra`.
#[derive(Serialize)]
struct Extra {}

impl Method for Ticket {
    fn names(&self) -> Vec<String> {
        vec!["ticket".into()]
    }

    fn authenticate(&self, attempt: Attempt, exchange: Exchange) -> Authenticating {
        let decide = self.0.clone();
        Box::pin(async move {
            if attempt.authid().is_none() {
                return Err(Denied::credentials()); // A-21
            }
            let response = exchange.challenge(attempt.method(), &Extra {}).await;
            if response.signature.is_empty() {
                return Err(Denied::credentials());
            }
            decide.of(attempt.with_ticket(&response.signature)).await
        })
    }
}
