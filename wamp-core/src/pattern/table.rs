//! Patterns that are declared once, in the order in which they are tried.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{Candidates, Pattern};
use crate::message::MatchPolicy;
use crate::uri;

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
