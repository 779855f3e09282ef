//! Features of the advanced profile: those that a client announces in HELLO, and those that a realm
//! announces in WELCOME.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde::{Deserialize, Deserializer};

/// The features that a client announced, by role (S-06).
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct ClientFeatures {
    pub(crate) caller: RoleFeatures,
    pub(crate) callee: RoleFeatures,
    pub(crate) publisher: RoleFeatures,
    pub(crate) subscriber: RoleFeatures,
}

/// The features of one role that change which messages a client may get or send.
#[derive(Copy, Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RoleFeatures {
    // D-05: the specification spells it both ways.
    #[serde(alias = "call_cancelling", deserialize_with = "flag")]
    pub(crate) call_canceling: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) call_timeout: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) payload_passthru_mode: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) progressive_call_invocations: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) progressive_call_results: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) registration_revocation: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) subscription_revocation: bool,
}

impl RoleFeatures {
    /// Returns whether a caller may send progressive call invocations (PI-02). wampy.js 8 sends
    /// them without announcing them: it suffices to announce the features that they build on.
    pub(crate) fn may_send_chunks(self) -> bool {
        self.progressive_call_invocations || (self.progressive_call_results && self.call_canceling)
    }
}

/// Reads a flag: null and absent are false.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The features that a realm announces (S-03): only those that it has.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct RouterRoles {
    pub(crate) broker: RouterRole,
    pub(crate) dealer: RouterRole,
}

#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct RouterRole {
    pub(crate) features: Names,
}

/// Names of features, each of which is announced as `true`.
#[derive(Clone, Debug)]
pub(crate) struct Names(pub(crate) Vec<&'static str>);

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|name| map.serialize_entry(name, &true))?;
        map.end()
    }
}
