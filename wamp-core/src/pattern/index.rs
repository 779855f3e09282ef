//! Values under patterns; those that match a URI are found without looking at the others.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::ops::Bound;

use super::{Candidates, Pattern};
use crate::message::MatchPolicy;

/// Which components of a wildcard are empty.
type Shape = Vec<bool>;

/// Values under patterns; those that match a URI are found without looking at the others. The default hasher withstands
/// strangers who choose the patterns.
///
/// A search takes at most a step for each byte of the URI and one for each shape of wildcards, of which there are no more
/// than patterns, however many components they have.
#[derive(Debug)]
pub(crate) struct Index<T, S = RandomState> {
    exact: HashMap<String, T, S>,
    prefixes: BTreeMap<String, T>,
    wildcards: BTreeMap<Shape, HashMap<String, T, S>>,
}

impl<T, S: Default> Default for Index<T, S> {
    fn default() -> Self {
        Self { exact: HashMap::default(), prefixes: BTreeMap::new(), wildcards: BTreeMap::new() }
    }
}

impl<T, S: BuildHasher + Default> Index<T, S> {
    pub(crate) fn get(&self, pattern: &Pattern) -> Option<&T> {
        match pattern.policy {
            MatchPolicy::Exact => self.exact.get(&pattern.uri),
            MatchPolicy::Prefix => self.prefixes.get(&pattern.uri),
            MatchPolicy::Wildcard => self.wildcards.get(&pattern.shape())?.get(&pattern.uri),
        }
    }

    pub(crate) fn insert(&mut self, pattern: &Pattern, value: T) {
        let uri = pattern.uri.clone();
        match pattern.policy {
            MatchPolicy::Exact => self.exact.insert(uri, value),
            MatchPolicy::Prefix => self.prefixes.insert(uri, value),
            MatchPolicy::Wildcard => self.wildcards.entry(pattern.shape()).or_default().insert(uri, value),
        };
    }

    pub(crate) fn remove(&mut self, pattern: &Pattern) {
        match pattern.policy {
            MatchPolicy::Exact => drop(self.exact.remove(&pattern.uri)),
            MatchPolicy::Prefix => drop(self.prefixes.remove(&pattern.uri)),
            MatchPolicy::Wildcard => self.remove_wildcard(pattern),
        }
    }

    fn remove_wildcard(&mut self, pattern: &Pattern) {
        let shape = pattern.shape();
        if let Some(wildcards) = self.wildcards.get_mut(&shape) {
            wildcards.remove(&pattern.uri);
            if wildcards.is_empty() {
                self.wildcards.remove(&shape);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.prefixes.is_empty() && self.wildcards.is_empty()
    }

    /// The value under the pattern that is the URI itself.
    pub(crate) fn exact(&self, uri: &str) -> Option<&T> {
        self.exact.get(uri)
    }

    /// The best of each policy. What is asked for may be a wildcard: its empty components match empty ones only, so these
    /// patterns match all that it matches.
    pub(crate) fn candidates(&self, uri: &str) -> Candidates<&T> {
        Candidates {
            exact: self.exact.get(uri),
            prefix: self.prefixes(uri).next().map(|(prefix, value)| (prefix.len(), value)),
            wildcard: self.wildcards(uri).next().map(|(shape, value)| (shape.clone(), value)),
        }
    }

    /// All that match.
    pub(crate) fn each<'i, 'u>(&'i self, uri: &'u str) -> impl Iterator<Item = &'i T> + use<'i, 'u, T, S> {
        let prefixes = self.prefixes(uri).map(|(_, value)| value);
        self.exact.get(uri).into_iter().chain(prefixes).chain(self.wildcards(uri).map(|(_, value)| value))
    }

    /// The same patterns with other values.
    pub(crate) fn map<U>(&self, mut value: impl FnMut(&T) -> U) -> Index<U, S> {
        let mut mapped = |(uri, old): (&String, &T)| (uri.clone(), value(old));
        let exact = self.exact.iter().map(&mut mapped).collect();
        let prefixes = self.prefixes.iter().map(&mut mapped).collect();
        let wildcards = self
            .wildcards
            .iter()
            .map(|(shape, wildcards)| (shape.clone(), wildcards.iter().map(&mut mapped).collect()));
        Index { exact, prefixes, wildcards: wildcards.collect() }
    }

    /// From the longest down. The greatest key that is not behind the URI shares more of it than any smaller key, so
    /// where they part, the search goes on with what they share.
    fn prefixes<'i, 'u>(
        &'i self,
        uri: &'u str,
    ) -> impl Iterator<Item = (&'i str, &'i T)> + use<'i, 'u, T, S> {
        let mut bound = Bound::Included(uri);
        std::iter::from_fn(move || {
            loop {
                let (prefix, value) = self.prefixes.range::<str, _>((Bound::Unbounded, bound)).next_back()?;
                if uri.starts_with(prefix.as_str()) {
                    bound = Bound::Excluded(&uri[..prefix.len()]);
                    return Some((prefix.as_str(), value));
                }
                bound = Bound::Included(shared(uri, prefix));
            }
        })
    }

    /// In the order of H-04, by which of their components are empty.
    fn wildcards<'i, 'u>(
        &'i self,
        uri: &'u str,
    ) -> impl Iterator<Item = (&'i Shape, &'i T)> + use<'i, 'u, T, S> {
        let components = uri.split('.').count();
        let shapes = self.wildcards.iter().filter(move |(shape, _)| shape.len() == components);
        shapes.filter_map(|(shape, wildcards)| Some((shape, wildcards.get(&masked(uri, shape))?)))
    }
}

/// The wildcard of this shape that has the URI.
fn masked(uri: &str, shape: &[bool]) -> String {
    let mut masked = String::with_capacity(uri.len());
    for (at, (component, is_empty)) in uri.split('.').zip(shape).enumerate() {
        if at > 0 {
            masked.push('.');
        }
        if !is_empty {
            masked.push_str(component);
        }
    }
    masked
}

/// What two texts begin with.
fn shared<'t>(text: &'t str, other: &str) -> &'t str {
    let end = text.char_indices().zip(other.chars()).find(|((_, one), two)| one != two);
    &text[..end.map_or(text.len().min(other.len()), |((at, _), _)| at)]
}
