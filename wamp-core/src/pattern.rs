//! Patterns of procedures and topics as handlers declare them, and which of many serves a URI.

mod index;

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::message::MatchPolicy;
use crate::uri;
pub(crate) use index::Index;

/// A declared URI: exact (`"a.b"`), a wildcard (`"users.{name}.get"`) or a prefix (`"files.{path..}"`); or what a client
/// subscribes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    pub(crate) policy: MatchPolicy,
    /// In WAMP's form: a wildcard has empty components, a prefix is the string itself.
    pub(crate) uri: String,
}

impl Pattern {
    /// Reads a declaration.
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
            let Some(name) = component.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
                // What is left of a brace is none of ours, and only a capture stands for an empty component.
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

    /// `"files.{path..}"`: the last component takes the rest of the URI, dots included.
    fn prefix(declared: &str, before: &str) -> Result<Self, String> {
        let Some((prefix, name)) = before.rsplit_once('{') else {
            return Err(invalid(declared));
        };
        let literal =
            prefix.strip_suffix('.').is_some_and(|uri| uri::is_valid(uri) && !uri.contains(['{', '}']));
        checked(declared, prefix.is_empty() || literal)?;
        if !is_name(name) {
            return Err(format!("`{{{name}..}}` in \"{declared}\" is not a name"));
        }
        Ok(Self { policy: MatchPolicy::Prefix, uri: prefix.to_owned() })
    }

    /// Whether a client may send it (U-01, U-05).
    pub(crate) fn is_valid(&self) -> bool {
        match self.policy {
            MatchPolicy::Exact => uri::is_valid(&self.uri),
            MatchPolicy::Prefix => uri::is_valid_prefix(&self.uri),
            MatchPolicy::Wildcard => uri::is_valid_pattern(&self.uri),
        }
    }

    /// Whether all that it matches belongs to the protocol (U-06). As a prefix, `wamp` is more: `wampum`.
    pub(crate) fn is_reserved(&self) -> bool {
        match self.policy {
            MatchPolicy::Prefix => self.uri.starts_with("wamp."),
            MatchPolicy::Exact | MatchPolicy::Wildcard => uri::is_reserved(&self.uri),
        }
    }

    /// Whether it is a prefix like `rooms.4`, which has `rooms.42` too: to a handler it would look like a topic.
    pub(crate) fn ends_inside_component(&self) -> bool {
        self.policy == MatchPolicy::Prefix && !self.uri.is_empty() && !self.uri.ends_with('.')
    }

    /// Whether every valid URI under `other` falls under this one, which was declared.
    fn covers(&self, other: &Self) -> bool {
        match (self.policy, other.policy) {
            // A declared prefix ends with a dot, so a wildcard that begins like it has a component more.
            (MatchPolicy::Prefix, _) => other.uri.starts_with(&self.uri),
            // A prefix has URIs of any number of components.
            (_, MatchPolicy::Prefix) => false,
            (MatchPolicy::Exact, _) => self.uri == other.uri,
            (MatchPolicy::Wildcard, _) => wildcard_matches(&self.uri, &other.uri),
        }
    }

    /// Whether a valid URI falls under the pattern (W-01, W-02).
    pub(crate) fn matches(&self, uri: &str) -> bool {
        match self.policy {
            MatchPolicy::Exact => self.uri == uri,
            MatchPolicy::Prefix => uri.starts_with(&self.uri),
            MatchPolicy::Wildcard => wildcard_matches(&self.uri, uri),
        }
    }

    /// Which components are empty. It is the order of wildcards (H-04): at the first place where one has a literal and the
    /// other none, the literal wins.
    pub(crate) fn shape(&self) -> Vec<bool> {
        self.uri.split('.').map(str::is_empty).collect()
    }
}

/// The best pattern of each policy that matches one URI, with their values.
#[derive(Debug)]
pub(crate) struct Candidates<T> {
    exact: Option<T>,
    /// With its length.
    prefix: Option<(usize, T)>,
    /// With the components that are empty.
    wildcard: Option<(Vec<bool>, T)>,
}

impl<T> Candidates<T> {
    /// The better ones of two tables.
    pub(crate) fn or(self, other: Self) -> Self {
        let prefix = match (self.prefix, other.prefix) {
            (Some(one), Some(two)) if two.0 > one.0 => Some(two),
            (one, two) => one.or(two),
        };
        let wildcard = match (self.wildcard, other.wildcard) {
            (Some(one), Some(two)) if two.0 < one.0 => Some(two),
            (one, two) => one.or(two),
        };
        Self { exact: self.exact.or(other.exact), prefix, wildcard }
    }

    /// The value that serves the URI (H-04): exact, else the longest prefix, else the best wildcard. A prefix that ends
    /// inside of a component of the URI comes after the wildcards: the table of the specification has it so (H-05).
    pub(crate) fn best(self, uri: &str) -> Option<T> {
        let Self { exact, prefix, wildcard } = self;
        let ends_with_component = |length: usize| {
            let (before, after) = uri.split_at(length);
            before.is_empty() || before.ends_with('.') || after.is_empty() || after.starts_with('.')
        };
        exact.or_else(|| match (prefix, wildcard) {
            (Some((length, prefix)), wildcard) if wildcard.is_none() || ends_with_component(length) => {
                Some(prefix)
            }
            (_, wildcard) => wildcard.map(|(_, value)| value),
        })
    }

    pub(crate) fn map<U>(self, value: impl Fn(T) -> U) -> Candidates<U> {
        Candidates {
            exact: self.exact.map(&value),
            prefix: self.prefix.map(|(length, prefix)| (length, value(prefix))),
            wildcard: self.wildcard.map(|(shape, wildcard)| (shape, value(wildcard))),
        }
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

/// Values under patterns: exact ones found by hash, the others in the order of H-04.
#[derive(Debug)]
pub(crate) struct Patterns<T> {
    exact: HashMap<String, T, foldhash::fast::RandomState>,
    prefixes: Vec<(Pattern, T)>,
    wildcards: Vec<(Pattern, T)>,
    /// What serves all that no pattern does.
    rest: Option<T>,
}

impl<T> Default for Patterns<T> {
    fn default() -> Self {
        Self { exact: HashMap::default(), prefixes: Vec::new(), wildcards: Vec::new(), rest: None }
    }
}

impl<T> Patterns<T> {
    /// Adds a value, or returns the one that has the same pattern already.
    pub(crate) fn insert(&mut self, pattern: Pattern, value: T) -> Result<(), &T> {
        match pattern.policy {
            MatchPolicy::Exact => {
                if self.exact.contains_key(&pattern.uri) {
                    return Err(&self.exact[&pattern.uri]);
                }
                self.exact.insert(pattern.uri, value);
                Ok(())
            }
            MatchPolicy::Prefix => add(&mut self.prefixes, pattern, value, |p| Reverse(p.uri.len())),
            MatchPolicy::Wildcard => add(&mut self.wildcards, pattern, value, Pattern::shape),
        }
    }

    /// Sets what serves all that no pattern does, after the last wildcard.
    pub(crate) fn set_rest(&mut self, value: T) {
        self.rest = Some(value);
    }

    /// The value that serves the URI (H-04): exact, else the longest prefix, else the best wildcard. No pattern serves
    /// what is no valid URI (W-02: the components under a wildcard are not empty).
    pub(crate) fn find(&self, uri: &str) -> Option<&T> {
        self.exact.get(uri).or_else(|| {
            if !uri::is_valid(uri) {
                return None;
            }
            let mut patterns = self.prefixes.iter().chain(&self.wildcards);
            let found = patterns.find(|(pattern, _)| pattern.matches(uri)).map(|(_, value)| value);
            found.or(self.rest.as_ref())
        })
    }

    /// The best of each policy for a valid URI.
    pub(crate) fn candidates(&self, uri: &str) -> Candidates<&T> {
        let first = |list: &'_ [(Pattern, T)]| list.iter().position(|(pattern, _)| pattern.matches(uri));
        Candidates {
            exact: self.exact.get(uri),
            prefix: first(&self.prefixes).map(|at| (self.prefixes[at].0.uri.len(), &self.prefixes[at].1)),
            wildcard: first(&self.wildcards).map(|at| (self.wildcards[at].0.shape(), &self.wildcards[at].1)),
        }
    }

    /// Whether there is a value under this very pattern.
    pub(crate) fn contains(&self, pattern: &Pattern) -> bool {
        let has = |list: &[(Pattern, T)]| list.iter().any(|(other, _)| other.uri == pattern.uri);
        match pattern.policy {
            MatchPolicy::Exact => self.exact.contains_key(&pattern.uri),
            MatchPolicy::Prefix => has(&self.prefixes),
            MatchPolicy::Wildcard => has(&self.wildcards),
        }
    }

    /// The value of the first pattern, in the order of H-04, that covers all that a client's pattern can match. Only
    /// URIs for which [`find`](Self::find) has the same value are served by it: others have a more specific one.
    pub(crate) fn covering(&self, pattern: &Pattern) -> Option<&T> {
        // What is no prefix and has no empty component is an exact URI.
        let exact = self.exact.get(&pattern.uri).filter(|_| pattern.policy != MatchPolicy::Prefix);
        exact.or_else(|| {
            let mut patterns = self.prefixes.iter().chain(&self.wildcards);
            let found = patterns.find(|(declared, _)| declared.covers(pattern)).map(|(_, value)| value);
            found.or(self.rest.as_ref())
        })
    }

    /// The same patterns with other values.
    pub(crate) fn map<U>(&self, mut value: impl FnMut(&T) -> U) -> Patterns<U> {
        let mut list = |list: &[(Pattern, T)]| {
            list.iter().map(|(pattern, old)| (pattern.clone(), value(old))).collect::<Vec<_>>()
        };
        let (prefixes, wildcards) = (list(&self.prefixes), list(&self.wildcards));
        let exact = self.exact.iter().map(|(uri, old)| (uri.clone(), value(old))).collect();
        let rest = self.rest.as_ref().map(value);
        Patterns { exact, prefixes, wildcards, rest }
    }
}

/// Adds to a list in the order in which its patterns are tried.
fn add<T, K: Ord>(
    list: &mut Vec<(Pattern, T)>,
    pattern: Pattern,
    value: T,
    rank: impl Fn(&Pattern) -> K,
) -> Result<(), &T> {
    if let Some(at) = list.iter().position(|(other, _)| other.uri == pattern.uri) {
        return Err(&list[at].1);
    }
    let at = list.partition_point(|(other, _)| rank(other) <= rank(&pattern));
    list.insert(at, (pattern, value));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(declared: &[&'static str]) -> Patterns<&'static str> {
        let mut table = Patterns::default();
        for declared in declared {
            table.insert(Pattern::parse(declared).unwrap(), *declared).unwrap();
        }
        table
    }

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

    /// The table of the specification, with declarations in place of registrations. Its prefixes 2 and 3 end inside a
    /// component's dot here (`a1.b2.c3.`): that is the only kind of prefix a handler can declare.
    #[test]
    fn h_05_the_table_of_the_specification() {
        let table = table(&[
            "a1.b2.c3.d4.e55",
            "a1.b2.c3.{rest..}",
            "a1.b2.c3.d4.{rest..}",
            "a1.b2.{x}.d4.e5",
            "a1.b2.c33.{x}.e5",
            "a1.b2.{x}.d4.e5.{y}.g7",
            "a1.b2.{x}.d4.{y}.f6.g7",
        ]);
        for (uri, serves) in [
            ("a1.b2.c3.d4.e55", "a1.b2.c3.d4.e55"),
            ("a1.b2.c3.d98.e74", "a1.b2.c3.{rest..}"),
            ("a1.b2.c3.d4.e325", "a1.b2.c3.d4.{rest..}"),
            ("a1.b2.c55.d4.e5", "a1.b2.{x}.d4.e5"),
            ("a1.b2.c33.d4.e5", "a1.b2.c33.{x}.e5"),
            ("a1.b2.c88.d4.e5.f6.g7", "a1.b2.{x}.d4.e5.{y}.g7"),
        ] {
            assert_eq!(table.find(uri), Some(&serves), "{uri}");
        }
        assert_eq!(table.find("a2.b2.c2.d2.e2"), None);
    }

    #[test]
    fn h_06_a_literal_further_left_wins_over_a_longer_pattern() {
        let table = table(&["a.{x}.cccccccc", "a.b.{x}"]);
        assert_eq!(table.find("a.b.cccccccc"), Some(&"a.b.{x}"));
    }

    #[test]
    fn a_declaration_covers_a_pattern_if_nothing_under_the_pattern_is_left_out() {
        let table = table(&["a.b", "a.{x}", "p.{rest..}", "p.q.{rest..}", "p.{x}.z", "w.{x}.{y}"]);
        let covering = |policy, uri: &str| table.covering(&Pattern { policy, uri: uri.to_owned() }).copied();
        for (uri, covers) in [
            ("a.b", Some("a.b")),
            ("a.", Some("a.{x}")),
            (".b", None),
            ("", None),
            ("p.", Some("p.{rest..}")),
            ("p..z", Some("p.{rest..}")),
            ("p.q..", Some("p.q.{rest..}")),
            ("p", None),
            ("w..", Some("w.{x}.{y}")),
            ("w..b", Some("w.{x}.{y}")),
            ("w.", None),
            ("w...", None),
        ] {
            assert_eq!(covering(MatchPolicy::Wildcard, uri), covers, "wildcard {uri:?}");
        }
        for (uri, covers) in [
            ("p.", Some("p.{rest..}")),
            ("p.q", Some("p.{rest..}")),
            ("p.q.", Some("p.q.{rest..}")),
            ("p.q.r", Some("p.q.{rest..}")),
            ("p", None),
            ("", None),
            ("a.b", None),
            ("a.", None),
        ] {
            assert_eq!(covering(MatchPolicy::Prefix, uri), covers, "prefix {uri:?}");
        }
    }

    /// Against the definition, for all patterns and topics that are made of few components.
    #[test]
    fn what_covers_is_the_first_that_has_every_topic_of_the_pattern() {
        let declared = ["a.b", "a.{x}", "b.{rest..}", "b.a.{rest..}", "{x}.{y}.b", "ab.{x}.{y}", "ab.b.{y}"];
        let table = table(&declared);
        let lists = |components: &[&str], longest| {
            let mut all: Vec<String> = components.iter().map(ToString::to_string).collect();
            for _ in 1..longest {
                all = components
                    .iter()
                    .flat_map(|c| all.iter().map(move |rest| format!("{c}.{rest}")))
                    .chain(components.iter().map(ToString::to_string))
                    .collect();
            }
            all
        };
        let topics = lists(&["a", "b", "ab"], 4);
        let patterns = lists(&["a", "b", "ab", ""], 3);
        let patterns = patterns.into_iter().flat_map(|uri| {
            [MatchPolicy::Wildcard, MatchPolicy::Prefix].map(|policy| Pattern { policy, uri: uri.clone() })
        });
        for pattern in patterns.filter(Pattern::is_valid) {
            let under: Vec<_> = topics.iter().filter(|topic| pattern.matches(topic)).collect();
            let has_all = |declared: &str| {
                let declared = Pattern::parse(declared).unwrap();
                under.iter().all(|topic| declared.matches(topic))
            };
            if let Some(found) = table.covering(&pattern) {
                assert!(has_all(found), "{pattern:?} and {found}");
                assert!(
                    under.iter().any(|topic| table.find(topic) == Some(found)),
                    "{pattern:?} and {found}"
                );
            } else {
                assert!(!declared.iter().any(|declared| has_all(declared)), "{pattern:?}");
            }
        }
    }

    #[test]
    fn the_same_pattern_twice_is_refused_whatever_its_captures_are_called() {
        let mut table = table(&["a.{x}.b"]);
        assert!(table.insert(Pattern::parse("a.{y}.b").unwrap(), "second").is_err());
        assert!(table.insert(Pattern::parse("a.x.b").unwrap(), "exact").is_ok());
    }
}
