//! What a realm is set to, and what it announces because of that.

use crate::message::{Names, RouterRole, RouterRoles};

/// The settings of one realm, as its declaration made them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) lenient_request_ids: bool,
    /// Clients may disclose who they are.
    pub(crate) disclosure: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { lenient_request_ids: false, disclosure: true }
    }
}

impl Settings {
    /// What WELCOME announces (S-04, S-05).
    pub(super) fn announced(&self) -> RouterRoles {
        let broker = [
            (true, "pattern_based_subscription"),
            (true, "publisher_exclusion"),
            (self.disclosure, "publisher_identification"),
            (true, "subscriber_blackwhite_listing"),
        ];
        let dealer = [(true, "call_canceling"), (true, "call_timeout"), (true, "progressive_call_results")];
        RouterRoles { broker: role(&broker), dealer: role(&dealer) }
    }
}

fn role(features: &[(bool, &'static str)]) -> RouterRole {
    let works = features.iter().filter(|(works, _)| *works);
    RouterRole { features: Names(works.map(|(_, name)| *name).collect()) }
}
