//! What may serve a URI, and which of it does.

/// The best pattern of each policy that matches one URI, with their values.
#[derive(Debug)]
pub(crate) struct Candidates<T> {
    pub(super) exact: Option<T>,
    /// With its length.
    pub(super) prefix: Option<(usize, T)>,
    /// With the components that are empty.
    pub(super) wildcard: Option<(Vec<bool>, T)>,
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
