//! Patterns of procedures and topics: as handlers declare them, as clients send them, and which
//! URIs they match.

mod candidates;
mod index;
mod table;

pub(crate) use candidates::Candidates;
pub(crate) use index::Index;
pub(crate) use table::Patterns;

use crate::message::MatchPolicy;
use crate::uri;

/// The most components of a wildcard that a client may send. A URI is looked up once for each shape
/// of wildcards, and clients choose the shapes: a thousand of four hundred components each made a
/// publication take 6 ms.
const MAX_COMPONENTS: usize = 32;

/// A declared URI: exact (`"a.b"`), a wildcard (`"users.{name}.get"`) or a prefix
/// (`"files.{path..}"`); or the URI or pattern to which a client subscribes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    pub(crate) policy: MatchPolicy,
    /// The pattern in WAMP's form: a wildcard has empty components, a prefix is the string itself.
    pub(crate) uri: String,
}

impl Pattern {
    /// Parses a declaration.
    pub(crate) fn parse(declared: &str) -> Result<Self, String> {
        if uri::is_reserved(declared) {
            return Err(format!("\"{declared}\" is reserved for the protocol")); // U-06
        }
        let components: Vec<&str> = declared.split('.').collect();
        if let Some(prefix) = declared.strip_suffix("..}") {
            return Self::prefix(declared, prefix);
        }
        let mut captures: Vec<&str> = Vec::new();
        let mut uri = Vec::with_capacity(components.len());
        for component in components {
            let Some(name) = component.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
            else {
                // Braces that are left are not a capture, and only a capture may become an empty
                // component.
                checked(declared, uri::is_valid(component) && !component.contains(['{', '}']))?;
                uri.push(component);
                continue;
            };
            if !is_name(name) {
                return Err(format!("`{{{name}}}` in \"{declared}\" is not a name"));
            }
            if captures.contains(&name) {
                return Err(format!("`{{{name}}}` stands twice in \"{declared}\""));
            }
            captures.push(name);
            uri.push("");
        }
        let uri = uri.join(".");
        checked(declared, uri::is_valid_pattern(&uri))?;
        let policy = if captures.is_empty() { MatchPolicy::Exact } else { MatchPolicy::Wildcard };
        Ok(Self { policy, uri })
    }

    /// Parses a prefix such as `"files.{path..}"`: the last component matches the rest of the URI,
    /// dots included.
    fn prefix(declared: &str, before: &str) -> Result<Self, String> {
        let Some((prefix, name)) = before.rsplit_once('{') else {
            return Err(invalid(declared));
        };
        let literal = prefix
            .strip_suffix('.')
            .is_some_and(|uri| uri::is_valid(uri) && !uri.contains(['{', '}']));
        checked(declared, prefix.is_empty() || literal)?;
        if !is_name(name) {
            return Err(format!("`{{{name}..}}` in \"{declared}\" is not a name"));
        }
        Ok(Self { policy: MatchPolicy::Prefix, uri: prefix.to_owned() })
    }

    /// Returns whether a client may send it (U-01, U-05).
    pub(crate) fn is_valid(&self) -> bool {
        match self.policy {
            MatchPolicy::Exact => uri::is_valid(&self.uri),
            MatchPolicy::Prefix => uri::is_valid_prefix(&self.uri),
            MatchPolicy::Wildcard => {
                uri::is_valid_pattern(&self.uri) && self.uri.split('.').count() <= MAX_COMPONENTS
            }
        }
    }

    pub(crate) fn is_reserved(&self) -> bool {
        is_reserved(self.policy, &self.uri)
    }

    /// Returns whether it is a prefix such as `rooms.4`, which also matches `rooms.42`: a handler
    /// would mistake it for a topic.
    pub(crate) fn ends_inside_component(&self) -> bool {
        self.policy == MatchPolicy::Prefix && !self.uri.is_empty() && !self.uri.ends_with('.')
    }

    /// Returns whether the pattern matches a valid URI (W-01, W-02).
    pub(crate) fn matches(&self, uri: &str) -> bool {
        match self.policy {
            MatchPolicy::Exact => self.uri == uri,
            MatchPolicy::Prefix => uri.starts_with(&self.uri),
            MatchPolicy::Wildcard => wildcard_matches(&self.uri, uri),
        }
    }

    /// Returns for each component whether it is empty. This is also the order of wildcards: at the
    /// first difference, the literal wins over the empty component (H-04).
    pub(crate) fn shape(&self) -> Vec<bool> {
        self.uri.split('.').map(str::is_empty).collect()
    }
}

/// Returns whether all URIs that a pattern matches are reserved (U-06). The prefix `wamp` matches
/// others too, for instance `wampum`.
pub(crate) fn is_reserved(policy: MatchPolicy, uri: &str) -> bool {
    match policy {
        MatchPolicy::Prefix => uri.starts_with("wamp."),
        MatchPolicy::Exact | MatchPolicy::Wildcard => uri::is_reserved(uri),
    }
}

fn wildcard_matches(pattern: &str, uri: &str) -> bool {
    let (mut pattern, mut uri) = (pattern.split('.'), uri.split('.'));
    loop {
        match (pattern.next(), uri.next()) {
            (None, None) => return true,
            (Some(expected), Some(component)) if expected.is_empty() || expected == component => {}
            _ => return false,
        }
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn invalid(declared: &str) -> String {
    format!("\"{declared}\" is not a valid URI")
}

fn checked(declared: &str, valid: bool) -> Result<(), String> {
    if valid { Ok(()) } else { Err(invalid(declared)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_become_wildcards_and_prefixes() {
        let wildcard = Pattern::parse("users.{name}.get").unwrap();
        assert_eq!((wildcard.policy, wildcard.uri.as_str()), (MatchPolicy::Wildcard, "users..get"));
        let prefix = Pattern::parse("files.{path..}").unwrap();
        assert_eq!((prefix.policy, prefix.uri.as_str()), (MatchPolicy::Prefix, "files."));
        assert!(Pattern::parse("{all..}").unwrap().matches("a.b"));
        assert_eq!(Pattern::parse("myapp:getDoc").unwrap().policy, MatchPolicy::Exact);
    }

    #[test]
    fn a_wildcard_of_a_client_has_no_more_components_than_are_looked_up() {
        let wildcard = |components| Pattern {
            policy: MatchPolicy::Wildcard,
            uri: vec!["a"; components - 1].join(".") + ".",
        };
        assert!(wildcard(MAX_COMPONENTS).is_valid());
        assert!(!wildcard(MAX_COMPONENTS + 1).is_valid());
    }

    #[test]
    fn declarations_that_are_no_uris_are_refused() {
        for declared in [
            "",
            "a..b",
            "a b",
            "a.{}",
            "a.{x}.{x}",
            "a.{1x}",
            "a.{x..}.b",
            "a{x..}",
            "a.b{x}",
            "a.{x.b",
            "a..{x}",
            "{a}.b.{c..}",
        ] {
            assert!(Pattern::parse(declared).is_err(), "{declared:?}");
        }
    }
}
