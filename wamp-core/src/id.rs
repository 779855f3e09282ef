//! Identifiers of the protocol.

use std::fmt;

use rand::RngExt as _;
use serde::Serialize;

/// The largest id, 2^53 (specification, "IDs"), up to which an `f64` represents every integer.
pub(crate) const MAX: u64 = 1 << 53;

/// Draws a number from 1 to 2^53, uniform and unpredictable, as ids of global scope must be.
fn random() -> u64 {
    rand::rng().random_range(1..=MAX)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Returns the id with this number, if it lies in 1 … 2^53 (specification, "IDs").
            #[must_use]
            pub const fn new(number: u64) -> Option<Self> {
                if number >= 1 && number <= MAX { Some(Self(number)) } else { None }
            }

            /// Returns the number on the wire.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// The id of a session, unique in the router and drawn at random (global scope).
    ///
    /// ```
    /// use wamp_core::SessionId;
    /// assert_eq!(SessionId::new(7).map(SessionId::get), Some(7));
    /// assert_eq!(SessionId::new(0), None);
    /// ```
    SessionId,
    /// The id of a request of one session: 1, 2, 3 … in each direction (session scope).
    RequestId,
    /// The id of a topic and match policy to which at least one session is subscribed (router
    /// scope).
    SubscriptionId,
    /// The id of one published event, drawn at random (global scope).
    PublicationId,
    /// The id of a procedure that a callee registered (router scope).
    RegistrationId,
}

impl SessionId {
    pub(crate) fn random() -> Self {
        Self(random())
    }
}

impl PublicationId {
    pub(crate) fn random() -> Self {
        Self(random())
    }
}

impl RequestId {
    /// The id of a session's first request.
    pub(crate) const FIRST: Self = Self(1);

    /// Returns the next id; 1 comes after 2^53 (I-05).
    pub(crate) fn next(self) -> Self {
        if self.0 == MAX { Self::FIRST } else { Self(self.0 + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_after_the_largest_is_one_i_05() {
        assert_eq!(RequestId(MAX).next(), RequestId::FIRST);
        assert_eq!(RequestId::FIRST.next(), RequestId(2));
    }

    #[test]
    fn ids_run_from_1_to_2_53_inclusive_m_12() {
        assert_eq!(RequestId::new(0), None);
        assert_eq!(RequestId::new(MAX).map(RequestId::get), Some(9_007_199_254_740_992));
        assert_eq!(RequestId::new(MAX + 1), None);
    }

    /// S-01, S-02: a chi-square over 16 buckets; 60 is far beyond the 99.9999 % quantile (15
    /// degrees of freedom).
    #[test]
    fn session_ids_are_spread_evenly() {
        let mut buckets = [0_u32; 16];
        for _ in 0..16_000 {
            buckets[usize::try_from((SessionId::random().get() - 1) >> 49).unwrap()] += 1;
        }
        let chi_square: f64 =
            buckets.iter().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
        assert!(chi_square < 60.0, "{buckets:?}");
    }
}
