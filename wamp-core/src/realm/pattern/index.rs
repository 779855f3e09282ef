//! Values under patterns; those that match a URI are found without a scan of the others.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};

use super::{Candidates, Pattern};
use crate::message::MatchPolicy;

/// The shape of a wildcard: for each component, whether it is empty.
type Shape = Vec<bool>;

/// Patterns in groups of the same length or shape, by their URI: one look-up in a group finds the
/// one that matches.
type Groups<K, T, S> = BTreeMap<K, HashMap<String, T, S>>;

/// Values under patterns; those that match a URI are found without a scan of the others. The
/// default hasher withstands clients that choose the patterns.
///
/// A search takes a step for each length of prefixes, at most as many as the URI has bytes, and one
/// for each shape of wildcards, of which there are at most as many as patterns, however many
/// components they have.
#[derive(Debug)]
pub(crate) struct Index<T, S = RandomState> {
    exact: HashMap<String, T, S>,
    /// Prefixes by their length in bytes.
    prefixes: Groups<usize, T, S>,
    wildcards: Groups<Shape, T, S>,
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
            MatchPolicy::Prefix => self.prefixes.get(&pattern.uri.len())?.get(&pattern.uri),
            MatchPolicy::Wildcard => self.wildcards.get(&pattern.shape())?.get(&pattern.uri),
        }
    }

    pub(crate) fn insert(&mut self, pattern: &Pattern, value: T) {
        let uri = pattern.uri.clone();
        match pattern.policy {
            MatchPolicy::Exact => self.exact.insert(uri, value),
            MatchPolicy::Prefix => self.prefixes.entry(uri.len()).or_default().insert(uri, value),
            MatchPolicy::Wildcard => {
                self.wildcards.entry(pattern.shape()).or_default().insert(uri, value)
            }
        };
    }

    pub(crate) fn remove(&mut self, pattern: &Pattern) {
        match pattern.policy {
            MatchPolicy::Exact => drop(self.exact.remove(&pattern.uri)),
            MatchPolicy::Prefix => remove(&mut self.prefixes, &pattern.uri.len(), &pattern.uri),
            MatchPolicy::Wildcard => remove(&mut self.wildcards, &pattern.shape(), &pattern.uri),
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.prefixes.is_empty() && self.wildcards.is_empty()
    }

    /// Returns the value of the exact pattern.
    pub(crate) fn exact(&self, uri: &str) -> Option<&T> {
        self.exact.get(uri)
    }

    /// Returns the best match of each policy. The text that is looked up may be a wildcard: its
    /// empty components match empty ones only, so these patterns match all URIs that it matches.
    pub(crate) fn candidates(&self, uri: &str) -> Candidates<&T> {
        Candidates {
            exact: self.exact.get(uri),
            prefix: self.prefixes(uri).next(),
            wildcard: self.wildcards(uri).next().map(|(shape, value)| (shape.clone(), value)),
        }
    }

    /// Returns the values of all patterns that match.
    pub(crate) fn each<'i, 'u>(
        &'i self,
        uri: &'u str,
    ) -> impl Iterator<Item = &'i T> + use<'i, 'u, T, S> {
        let prefixes = self.prefixes(uri).map(|(_, value)| value);
        self.exact
            .get(uri)
            .into_iter()
            .chain(prefixes)
            .chain(self.wildcards(uri).map(|(_, value)| value))
    }

    /// Maps the values, and keeps the patterns.
    pub(crate) fn map<U>(&self, mut value: impl FnMut(&T) -> U) -> Index<U, S> {
        Index {
            exact: map(&self.exact, &mut value),
            prefixes: self
                .prefixes
                .iter()
                .map(|(length, group)| (*length, map(group, &mut value)))
                .collect(),
            wildcards: self
                .wildcards
                .iter()
                .map(|(shape, group)| (shape.clone(), map(group, &mut value)))
                .collect(),
        }
    }

    /// Returns the matching prefixes with their lengths, the longest first.
    fn prefixes<'i, 'u>(
        &'i self,
        uri: &'u str,
    ) -> impl Iterator<Item = (usize, &'i T)> + use<'i, 'u, T, S> {
        let lengths = self.prefixes.range(..=uri.len()).rev();
        lengths.filter_map(|(length, group)| Some((*length, group.get(uri.get(..*length)?)?)))
    }

    /// Returns the matching wildcards with their shapes, in the order of H-04.
    fn wildcards<'i, 'u>(
        &'i self,
        uri: &'u str,
    ) -> impl Iterator<Item = (&'i Shape, &'i T)> + use<'i, 'u, T, S> {
        let components = uri.split('.').count();
        let shapes = self.wildcards.iter().filter(move |(shape, _)| shape.len() == components);
        shapes.filter_map(|(shape, wildcards)| Some((shape, wildcards.get(&masked(uri, shape))?)))
    }
}

/// Returns the wildcard of this shape that matches the URI.
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

fn remove<K: Ord, T, S: BuildHasher>(groups: &mut Groups<K, T, S>, key: &K, uri: &str) {
    if let Some(group) = groups.get_mut(key) {
        group.remove(uri);
        if group.is_empty() {
            groups.remove(key);
        }
    }
}

fn map<T, U, S: BuildHasher + Default>(
    group: &HashMap<String, T, S>,
    mut value: impl FnMut(&T) -> U,
) -> HashMap<String, U, S> {
    group.iter().map(|(uri, old)| (uri.clone(), value(old))).collect()
}
