//! The owners among which a realm's room for retained events is shared.

use std::net::IpAddr;

use crate::address::customer;
use crate::identity::{ANONYMOUS, Identity};

/// An owner of events that a realm retains.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Principal {
    /// The application and the router itself.
    Server,
    /// All sessions of one authid.
    User(String),
    /// All anonymous sessions of one address, although each has an authid of its own.
    Strangers(Option<IpAddr>),
}

impl Principal {
    /// Returns the principal of a session with this identity and address.
    pub(crate) fn of(identity: &Identity, address: Option<IpAddr>) -> Self {
        if identity.authmethod == ANONYMOUS {
            Self::Strangers(address.map(customer))
        } else {
            Self::User(identity.authid.clone())
        }
    }

    /// Returns the number of bytes of memory that it takes in addition to itself.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::User(authid) => authid.len(),
            Self::Server | Self::Strangers(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strangers(address: &str) -> Principal {
        Principal::of(&Identity::anonymous(), Some(address.parse().expect("an address")))
    }

    #[test]
    fn strangers_of_one_address_are_one_principal_and_ipv6_addresses_count_by_their_64_bits() {
        assert_eq!(strangers("192.0.2.1"), strangers("192.0.2.1"));
        assert_ne!(strangers("192.0.2.1"), strangers("192.0.2.2"));
        assert_eq!(strangers("::ffff:192.0.2.1"), strangers("192.0.2.1"));
        assert_eq!(strangers("2001:db8:0:1::1"), strangers("2001:db8:0:1:ffff::2"));
        assert_ne!(strangers("2001:db8:0:1::1"), strangers("2001:db8:0:2::1"));
    }

    #[test]
    fn a_user_is_the_same_principal_wherever_it_comes_from() {
        let joe =
            |address: &str| Principal::of(&Identity::new("joe", "user"), address.parse().ok());
        assert_eq!(joe("192.0.2.1"), joe("2001:db8::1"));
        assert_ne!(joe("192.0.2.1"), Principal::of(&Identity::new("eve", "user"), None));
    }
}
