//! What a realm is set to, and what it announces because of that.

use std::collections::HashMap;

use crate::auth::Authenticators;
use crate::limits::Limits;
use crate::message::{Names, RouterRole, RouterRoles};
use crate::realm::broker::History;
use crate::router::authorizer::Authorizers;
use crate::router::meta::MetaApi;

/// The settings of one realm, as its declaration made them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) strict_request_ids: bool,
    /// How clients log in; none where anybody may join.
    pub(crate) authenticators: Authenticators,
    /// Who decides what clients may do, beside the declarations.
    pub(crate) authorizers: Authorizers,
    /// In place of the router's.
    pub(super) limits: Option<Limits>,
    /// Clients may disclose who they are.
    pub(crate) disclosure: bool,
    /// By role; empty where trust is not a matter.
    pub(crate) trustlevels: HashMap<String, u32>,
    /// Clients may register procedures, and use topics that nobody declared.
    pub(crate) route_clients: bool,
    /// Who may use the meta API; without it there is none.
    pub(crate) meta_api: Option<MetaApi>,
    /// The topics whose history is kept.
    pub(super) history: Vec<(String, History)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            strict_request_ids: false,
            authenticators: Authenticators::default(),
            authorizers: Authorizers::default(),
            limits: None,
            disclosure: true,
            trustlevels: HashMap::new(),
            route_clients: false,
            meta_api: None,
            history: Vec::new(),
        }
    }
}

impl Settings {
    /// The trust level of a session with this role, where the realm has any (N-05, DI-05).
    pub(crate) fn trustlevel(&self, authrole: &str) -> Option<u32> {
        let level = self.trustlevels.get(authrole).copied().unwrap_or_default();
        (!self.trustlevels.is_empty()).then_some(level)
    }

    /// What WELCOME announces (S-04, S-05).
    pub(super) fn announced(&self) -> RouterRoles {
        let meta = self.meta_api.is_some();
        let trust = !self.trustlevels.is_empty();
        let broker = [
            (meta && !self.history.is_empty(), "event_history"),
            (true, "event_retention"),
            (true, "payload_passthru_mode"),
            (true, "pattern_based_subscription"),
            (true, "publisher_exclusion"),
            (trust, "publication_trustlevels"),
            (self.disclosure, "publisher_identification"),
            (meta, "session_meta_api"),
            (true, "subscriber_blackwhite_listing"),
            (meta, "subscription_meta_api"),
            (true, "subscription_revocation"),
        ];
        let dealer = [
            (true, "call_canceling"),
            (true, "call_timeout"),
            (trust, "call_trustlevels"),
            (self.disclosure, "caller_identification"),
            (self.route_clients, "pattern_based_registration"),
            (true, "payload_passthru_mode"),
            (true, "progressive_call_invocations"),
            (true, "progressive_call_results"),
            (meta, "registration_meta_api"),
            (meta && self.route_clients, "registration_revocation"),
            (meta, "session_meta_api"),
            (self.route_clients, "shared_registration"),
            (meta, "testament_meta_api"),
        ];
        RouterRoles { broker: role(&broker), dealer: role(&dealer) }
    }
}

fn role(features: &[(bool, &'static str)]) -> RouterRole {
    let works = features.iter().filter(|(works, _)| *works);
    RouterRole { features: Names(works.map(|(_, name)| *name).collect()) }
}
