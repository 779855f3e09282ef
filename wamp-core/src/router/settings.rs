//! The settings of a realm, and the features that it announces because of them.

use std::collections::HashMap;

use crate::auth::Authenticators;
use crate::handler::around::RealmLayers;
use crate::limits::Limits;
use crate::message::{Names, RouterRole, RouterRoles};
use crate::realm::broker::History;
use crate::router::authorizer::Authorizers;
use crate::router::meta::MetaApi;

/// The settings of one realm, as its builder set them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) strict_request_ids: bool,
    /// The login methods; none if clients may join without a login.
    pub(crate) authenticators: Authenticators,
    /// The authorisers, which restrict clients beyond the declarations.
    pub(crate) authorizers: Authorizers,
    /// The layers around what clients ask for.
    pub(crate) layers: RealmLayers,
    /// The limits that replace the router's.
    pub(super) limits: Option<Limits>,
    /// True if publishers may disclose their identity.
    pub(crate) disclosure: bool,
    /// True if the trace context of requests is passed on.
    pub(crate) trace: bool,
    /// The trust levels by role; empty if the realm has none.
    pub(crate) trustlevels: HashMap<String, u32>,
    /// True if clients may register procedures, and use topics that are not declared.
    pub(crate) route_clients: bool,
    /// The rights to the meta API; `None` if the realm has no meta API.
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
            layers: RealmLayers::default(),
            limits: None,
            disclosure: true,
            trace: false,
            trustlevels: HashMap::new(),
            route_clients: false,
            meta_api: None,
            history: Vec::new(),
        }
    }
}

impl Settings {
    /// Returns the trust level of a session with this role, if the realm has levels (N-05, DI-05).
    pub(crate) fn trustlevel(&self, authrole: &str) -> Option<u32> {
        let level = self.trustlevels.get(authrole).copied().unwrap_or_default();
        (!self.trustlevels.is_empty()).then_some(level)
    }

    /// Returns the features that WELCOME announces (S-04, S-05).
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
