//! The patterns that match one URI, and the choice of the one that serves it.

/// The best pattern of each policy that matches one URI, with its value.
#[derive(Debug)]
pub(crate) struct Candidates<T> {
    pub(super) exact: Option<T>,
    /// The prefix's length in bytes, and its value.
    pub(super) prefix: Option<(usize, T)>,
    /// The wildcard's shape (true for an empty component), and its value.
    pub(super) wildcard: Option<(Vec<bool>, T)>,
}

impl<T> Candidates<T> {
    /// Combines two tables: for each policy the better of the two. Of prefixes that is the longer
    /// one, of wildcards the smaller shape, as `false` (a literal) sorts before `true` (empty).
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

    /// Returns the value that serves the URI: exact, else the longest prefix, else the best
    /// wildcard (H-04). A prefix that ends inside a component of the URI comes after the wildcards,
    /// as in the specification's table (H-05).
    pub(crate) fn best(self, uri: &str) -> Option<T> {
        let Self { exact, prefix, wildcard } = self;
        let ends_with_component = |length: usize| {
            let (before, after) = uri.split_at(length);
            before.is_empty() || before.ends_with('.') || after.is_empty() || after.starts_with('.')
        };
        exact.or_else(|| match (prefix, wildcard) {
            (Some((length, prefix)), wildcard)
                if wildcard.is_none() || ends_with_component(length) =>
            {
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
