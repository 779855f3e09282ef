//! Patterns that are declared by the application.

use super::{Candidates, Index, Pattern};
use crate::message::MatchPolicy;
use crate::uri;

/// Values under declared patterns, in which a prefix ends with a dot, or is empty.
#[derive(Debug)]
pub(crate) struct Patterns<T> {
    /// A fast hasher: the application chose the patterns, so it need not withstand attacks.
    index: Index<T, foldhash::fast::RandomState>,
    /// The value for all URIs that no pattern matches.
    rest: Option<T>,
}

impl<T> Default for Patterns<T> {
    fn default() -> Self {
        Self { index: Index::default(), rest: None }
    }
}

impl<T> Patterns<T> {
    /// Adds a value, or returns the one of an equal pattern.
    pub(crate) fn insert(&mut self, pattern: &Pattern, value: T) -> Result<(), &T> {
        if self.contains(pattern) {
            return Err(self.index.get(pattern).expect("it is there"));
        }
        self.index.insert(pattern, value);
        Ok(())
    }

    /// Sets the value for all URIs that no pattern matches.
    pub(crate) fn set_rest(&mut self, value: T) {
        self.rest = Some(value);
    }

    /// Returns the value that serves the URI: exact, else the longest prefix, else the best
    /// wildcard (H-04). No pattern matches an invalid URI (W-02: the components under a wildcard
    /// are not empty).
    pub(crate) fn find(&self, uri: &str) -> Option<&T> {
        self.index.exact(uri).or_else(|| {
            if !uri::is_valid(uri) {
                return None;
            }
            self.candidates(uri).best(uri).or(self.rest.as_ref())
        })
    }

    /// Returns the best match of each policy for a valid URI.
    pub(crate) fn candidates(&self, uri: &str) -> Candidates<&T> {
        self.index.candidates(uri)
    }

    /// Returns whether there is a value under exactly this pattern.
    pub(crate) fn contains(&self, pattern: &Pattern) -> bool {
        self.index.get(pattern).is_some()
    }

    /// Returns the value of the first pattern, in the order of H-04, that covers all URIs that a
    /// client's pattern can match. It serves only those for which [`find`](Self::find) returns the
    /// same value: the others have a more specific pattern.
    pub(crate) fn covering(&self, policy: MatchPolicy, uri: &str) -> Option<&T> {
        let mut candidates = self.index.candidates(uri);
        if policy == MatchPolicy::Prefix {
            // A prefix matches URIs with any number of components.
            (candidates.exact, candidates.wildcard) = (None, None);
        }
        candidates.best(uri).or(self.rest.as_ref())
    }

    /// Maps the values, and keeps the patterns.
    pub(crate) fn map<U>(&self, mut value: impl FnMut(&T) -> U) -> Patterns<U> {
        Patterns { index: self.index.map(&mut value), rest: self.rest.as_ref().map(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(declared: &[&'static str]) -> Patterns<&'static str> {
        let mut table = Patterns::default();
        for declared in declared {
            table.insert(&Pattern::parse(declared).unwrap(), *declared).unwrap();
        }
        table
    }

    /// The table of the specification, with declarations in place of registrations. Its prefixes 2
    /// and 3 end with a dot here (`a1.b2.c3.`), because a handler can declare no other kind of
    /// prefix.
    #[test]
    fn the_table_of_the_specification_h_05() {
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
    fn a_literal_further_left_wins_over_a_longer_pattern_h_06() {
        let table = table(&["a.{x}.cccccccc", "a.b.{x}"]);
        assert_eq!(table.find("a.b.cccccccc"), Some(&"a.b.{x}"));
    }

    /// A search that tried every way to put wildcards into the URI would not end.
    #[test]
    fn a_uri_of_hundreds_of_components_is_found_among_as_many_wildcards_that_nearly_match() {
        const COMPONENTS: usize = uri::MAX_BYTES / 2;
        let wildcard = |empty: &[usize], last: &str| {
            let component = |at| if empty.contains(&at) { "" } else { "a" };
            let uri: String =
                (0..COMPONENTS - 1).map(|at| component(at).to_owned() + ".").collect();
            Pattern { policy: MatchPolicy::Wildcard, uri: uri + last }
        };
        let mut table = Patterns::default();
        for at in 0..COMPONENTS - 1 {
            table.insert(&wildcard(&[at, COMPONENTS - 2 - at], "b"), at).unwrap_or(());
            table.insert(&wildcard(&[at], "c"), at).unwrap();
        }
        let uri = "a.".repeat(COMPONENTS - 1);
        assert_eq!(table.find(&format!("{uri}d")), None);
        assert_eq!(table.find(&format!("{uri}b")), Some(&(COMPONENTS / 2 - 1)));
        assert_eq!(table.find(&format!("{uri}c")), Some(&(COMPONENTS - 2)));
        assert_eq!(table.find(&uri[..uri.len() - 1]), None);
    }

    /// Prefixes of every length, none of which matches the URI.
    #[test]
    fn a_prefix_is_found_behind_as_many_that_nearly_match_as_the_uri_has_components() {
        let mut table = table(&["a.{rest..}"]);
        for components in 2..uri::MAX_BYTES / 2 {
            let uri = "a.".repeat(components - 1) + "Z.";
            table.insert(&Pattern { policy: MatchPolicy::Prefix, uri }, "near").unwrap();
        }
        let uri = "a.".repeat(uri::MAX_BYTES / 2 - 1) + "a";
        assert_eq!(table.find(&uri), Some(&"a.{rest..}"));
    }

    #[test]
    fn a_declaration_covers_a_pattern_if_nothing_under_the_pattern_is_left_out() {
        let table = table(&["a.b", "a.{x}", "p.{rest..}", "p.q.{rest..}", "p.{x}.z", "w.{x}.{y}"]);
        let covering = |policy, uri: &str| table.covering(policy, uri).copied();
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

    /// Compares with the definition, for all patterns and topics of a few components.
    #[test]
    fn what_covers_is_the_first_that_has_every_topic_of_the_pattern() {
        let declared =
            ["a.b", "a.{x}", "b.{rest..}", "b.a.{rest..}", "{x}.{y}.b", "ab.{x}.{y}", "ab.b.{y}"];
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
            [MatchPolicy::Wildcard, MatchPolicy::Prefix]
                .map(|policy| Pattern { policy, uri: uri.clone() })
        });
        for pattern in patterns.filter(Pattern::is_valid) {
            let under: Vec<_> = topics.iter().filter(|topic| pattern.matches(topic)).collect();
            let has_all = |declared: &str| {
                let declared = Pattern::parse(declared).unwrap();
                under.iter().all(|topic| declared.matches(topic))
            };
            if let Some(found) = table.covering(pattern.policy, &pattern.uri) {
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
        assert!(table.insert(&Pattern::parse("a.{y}.b").unwrap(), "second").is_err());
        assert!(table.insert(&Pattern::parse("a.x.b").unwrap(), "exact").is_ok());
    }
}
