//! Options and Details that clients send. Unknown keys are ignored (M-03), null counts as absent,
//! and a wrong type is a protocol violation (M-05, M-06).

use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::extras::Extras;
use super::features::{ClientFeatures, RoleFeatures};
use super::filter::Filter;
use super::passthru::Passthru;
use super::trace::Trace;

/// `HELLO.Details`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HelloDetails<'f> {
    pub(crate) roles: Roles,
    #[serde(borrow)]
    pub(crate) authmethods: Option<Vec<&'f str>>,
    pub(crate) authid: Option<&'f str>,
    pub(crate) authrole: Option<&'f str>,
    #[serde(rename = "authextra")]
    _authextra: Option<Dict<Anything>>,
}

/// A dict whose contents only some authentication method knows.
#[derive(Debug, Deserialize)]
struct Anything {}

/// `AUTHENTICATE.Extra`, with the keys that SCRAM uses.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AuthenticateExtra {
    nonce: Option<String>,
    channel_binding: Option<String>,
    cbind_data: Option<String>,
}

impl AuthenticateExtra {
    /// Returns whether it repeats the nonce and has no channel binding, which is not supported.
    pub(crate) fn is_about(&self, nonce: &str) -> bool {
        let empty = |value: &Option<String>| value.as_deref().unwrap_or_default().is_empty();
        self.nonce.as_deref() == Some(nonce)
            && empty(&self.channel_binding)
            && empty(&self.cbind_data)
    }
}

/// The announced roles: whether the specification knows at least one of them (S-09, S-10), and
/// their features.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    pub(crate) known: bool,
    pub(crate) features: ClientFeatures,
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Roles;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a dict of roles")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut roles: A) -> Result<Roles, A::Error> {
                let (mut known, mut features) = (false, ClientFeatures::default());
                while let Some(name) = roles.next_key::<&str>()? {
                    let of_role = match name {
                        "caller" => &mut features.caller,
                        "callee" => &mut features.callee,
                        "publisher" => &mut features.publisher,
                        "subscriber" => &mut features.subscriber,
                        _ => {
                            roles.next_value::<IgnoredAny>()?; // S-10
                            continue;
                        }
                    };
                    if let Some(Dict(role)) = roles.next_value::<Option<Dict<Role>>>()? {
                        known = true;
                        *of_role = role.features.unwrap_or_default().0;
                    }
                }
                Ok(Roles { known, features })
            }
        }
        deserializer.deserialize_map(Names)
    }
}

/// The dict of one role.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Role {
    features: Option<Dict<RoleFeatures>>,
}

/// A struct that is read from a dict only; serde's derive would accept a list too.
#[derive(Debug, Default)]
pub(crate) struct Dict<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Dict<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Dict<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a dict")
            }

            fn visit_map<A: MapAccess<'de>>(self, dict: A) -> Result<Dict<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(dict)).map(Dict)
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// `CALL.Options`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CallOptions {
    pub(crate) progress: Option<bool>,
    pub(crate) receive_progress: Option<bool>,
    pub(crate) disclose_me: Option<bool>,
    /// In milliseconds; 0 means none (TO-01).
    pub(crate) timeout: Option<u64>,
    pub(super) ppt_scheme: Option<IgnoredAny>,
    /// Read from the dict once more where this, or `ppt_scheme`, tells that there are some.
    #[serde(rename = "_traceparent", deserialize_with = "present")]
    pub(crate) extras: Option<Box<Extras>>,
}

impl CallOptions {
    #[inline]
    pub(crate) fn passthru(&self) -> Option<&Passthru> {
        Extras::passthru(self.extras.as_deref())
    }

    pub(crate) fn trace(&self) -> Option<&Trace> {
        Extras::trace(self.extras.as_deref())
    }

    /// Returns whether another CALL with this id may follow (PI-01).
    pub(crate) fn goes_on(&self) -> bool {
        self.progress == Some(true)
    }
}

/// Returns empty extras for any value but null.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Box<Extras>>, D::Error> {
    Ok(Option::<IgnoredAny>::deserialize(value)?.map(|_| Box::default()))
}

/// `YIELD.Options`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct YieldOptions {
    pub(crate) progress: Option<bool>,
    pub(super) ppt_scheme: Option<IgnoredAny>,
    #[serde(skip)]
    pub(crate) passthru: Option<Box<Passthru>>,
}

/// `REGISTER.Options`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RegisterOptions {
    #[serde(rename = "match")]
    pub(crate) policy: Option<MatchPolicy>,
    pub(crate) invoke: Option<InvokePolicy>,
    pub(crate) disclose_caller: Option<bool>,
    pub(crate) forward_timeout: Option<bool>,
    /// Crossbar's option: takes the procedure over from the sessions that have registered it.
    pub(crate) force_reregister: Option<bool>,
}

impl RegisterOptions {
    /// Returns whether the callee wants to take the procedure over from the sessions that have
    /// registered it.
    pub(crate) fn replaces(&self) -> bool {
        self.force_reregister == Some(true)
    }
}

/// The policy that chooses the callee of a shared registration (H-08). Unknown ones are violations
/// (H-10).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "&str")]
pub(crate) enum InvokePolicy {
    /// The registration is not shared.
    #[default]
    Single,
    RoundRobin,
    Random,
    First,
    Last,
}

impl InvokePolicy {
    /// Returns the name in REGISTER and in the meta API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::RoundRobin => "roundrobin",
            Self::Random => "random",
            Self::First => "first",
            Self::Last => "last",
        }
    }
}

impl TryFrom<&str> for InvokePolicy {
    type Error = &'static str;

    fn try_from(name: &str) -> Result<Self, Self::Error> {
        let all = [Self::Single, Self::RoundRobin, Self::Random, Self::First, Self::Last];
        let known = all.into_iter().find(|policy| policy.name() == name);
        known.ok_or("`invoke` is none of single, roundrobin, random, first, last")
    }
}

/// `CANCEL.Options`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CancelOptions {
    pub(crate) mode: Option<CancelMode>,
}

/// The effect of a cancellation. Unknown modes are violations (CA-06).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "&str")]
pub(crate) enum CancelMode {
    /// The caller gets an ERROR at once; the handler runs on (CA-01).
    Skip,
    /// The handler is told, and its answer is sent to the caller (CA-03).
    Kill,
    /// The caller gets an ERROR at once, and the handler is told (CA-02); the default (CA-05).
    #[default]
    KillNoWait,
}

impl TryFrom<&str> for CancelMode {
    type Error = &'static str;

    fn try_from(name: &str) -> Result<Self, Self::Error> {
        match name {
            "skip" => Ok(Self::Skip),
            "kill" => Ok(Self::Kill),
            "killnowait" => Ok(Self::KillNoWait),
            _ => Err("`mode` is none of skip, kill, killnowait"),
        }
    }
}

impl CancelMode {
    /// Returns the name in CANCEL and INTERRUPT.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Kill => "kill",
            Self::KillNoWait => "killnowait",
        }
    }
}

/// `PUBLISH.Options`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PublishOptions {
    pub(crate) acknowledge: Option<bool>,
    pub(crate) exclude_me: Option<bool>,
    pub(crate) disclose_me: Option<bool>,
    pub(crate) retain: Option<bool>,
    pub(crate) ppt_scheme: Option<IgnoredAny>,
    /// Read from the dict once more where this, or `ppt_scheme`, tells that there are some.
    #[serde(rename = "_traceparent", deserialize_with = "present")]
    pub(crate) extras: Option<Box<Extras>>,
    #[serde(skip)]
    pub(crate) filter: Option<Box<Filter>>,
}

impl PublishOptions {
    #[inline]
    pub(crate) fn passthru(&self) -> Option<&Passthru> {
        Extras::passthru(self.extras.as_deref())
    }

    #[inline]
    pub(crate) fn trace(&self) -> Option<&Trace> {
        Extras::trace(self.extras.as_deref())
    }
}

/// `SUBSCRIBE.Options`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SubscribeOptions {
    #[serde(rename = "match")]
    pub(crate) policy: Option<MatchPolicy>,
    pub(crate) get_retained: Option<bool>,
}

/// The way in which a topic or procedure that a client subscribes to or registers is compared with
/// URIs: the option `match`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "&str")]
#[expect(clippy::exhaustive_enums, reason = "the specification has these")]
pub enum MatchPolicy {
    /// A URI, which matches itself.
    Exact,
    /// The beginning of all URIs that it matches, within a component too: `files.a` matches
    /// `files.ab.c`.
    Prefix,
    /// A URI whose empty components match any one component each: `files..log` matches
    /// `files.a.log`.
    Wildcard,
}

impl MatchPolicy {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Prefix => "prefix",
            Self::Wildcard => "wildcard",
        }
    }
}

// serde's derive for an enum would accept a dict too.
impl TryFrom<&str> for MatchPolicy {
    type Error = &'static str;

    fn try_from(name: &str) -> Result<Self, Self::Error> {
        match name {
            "exact" => Ok(Self::Exact),
            "prefix" => Ok(Self::Prefix),
            "wildcard" => Ok(Self::Wildcard),
            _ => Err("`match` is none of exact, prefix, wildcard"),
        }
    }
}
