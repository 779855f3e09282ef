//! The proxies that a router trusts to name the client's address, and the addresses to which limits
//! apply.

use std::net::IpAddr;

use super::{Router, RouterBuilder};
use crate::address::{Network, customer, is_private};

/// The application's declarations about addresses.
#[derive(Debug, Default)]
pub(super) struct Declared {
    proxies: Vec<String>,
    limits_private: bool,
}

/// The checked declarations.
#[derive(Debug)]
pub(super) struct Addresses {
    proxies: Vec<Network>,
    limits_private: bool,
}

impl Declared {
    /// Parses the networks; each invalid text is a fault.
    pub(super) fn check(&self, faults: &mut Vec<String>) -> Addresses {
        let parsed = self.proxies.iter().map(|network| network.parse());
        let mut sound = |network: Result<Network, String>| {
            network.map_err(|fault| faults.push(format!("trust_proxies: {fault}"))).ok()
        };
        Addresses {
            proxies: parsed.filter_map(&mut sound).collect(),
            limits_private: self.limits_private,
        }
    }
}

impl<R> RouterBuilder<R> {
    /// Trusts reverse proxies in these networks (`"10.0.0.0/8"` or a single address) to name the
    /// client's address in `X-Forwarded-For` or else in `Forwarded`. Without it these headers are
    /// ignored, because any client can write them, and all clients behind a proxy count as one
    /// address.
    ///
    /// The client is the last address, read from the right, that is not a trusted proxy itself: the
    /// client may have made up the addresses before it. The proxy must set the header or append to
    /// it; a proxy that writes only `Forwarded` has to remove `X-Forwarded-For`. A further call
    /// adds networks.
    ///
    /// ```
    /// use wamp_core::Router;
    ///
    /// let router = Router::builder().trust_proxies(["10.0.0.0/8", "::1"]).handlers([]).build()?;
    /// assert!(router.trusts("10.1.2.3".parse()?));
    /// assert!(Router::builder().trust_proxies(["nginx"]).handlers([]).build().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn trust_proxies<N: Into<String>>(mut self, networks: impl IntoIterator<Item = N>) -> Self {
        self.addresses.proxies.extend(networks.into_iter().map(Into::into));
        self
    }

    /// Applies the limits by address
    /// ([`Limits::connections_per_address`](crate::Limits::connections_per_address)) also to
    /// loopback, private and link-local addresses and 100.64.0.0/10. By default they are exempt:
    /// such a peer is usually a proxy, and all its clients would count as one address.
    #[track_caller]
    pub fn limit_private_addresses(mut self, limit: bool) -> Self {
        self.said.once("limit_private_addresses(…)");
        self.addresses.limits_private = limit;
        self
    }
}

impl Router {
    /// Returns whether this peer is a trusted proxy, whose headers name the client's address: see
    /// [`RouterBuilder::trust_proxies`].
    #[must_use]
    pub fn trusts(&self, handle: IpAddr) -> bool {
        self.0.addresses.proxies.iter().any(|network| network.contains(handle))
    }

    /// Returns the address by which the limits by address count a client: an IPv4 address itself,
    /// the first 64 bits of an IPv6 address. `None` for an exempt client: see
    /// [`RouterBuilder::limit_private_addresses`].
    ///
    /// ```
    /// # use std::net::IpAddr;
    /// use wamp_core::Router;
    ///
    /// let router = Router::builder().handlers([]).build()?;
    /// let one: IpAddr = "2001:db8::1".parse()?;
    /// let other: IpAddr = "2001:db8::2".parse()?;
    /// assert_eq!(router.limited_as(one), router.limited_as(other));
    /// assert_eq!(router.limited_as("127.0.0.1".parse()?), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn limited_as(&self, client: IpAddr) -> Option<IpAddr> {
        (self.0.addresses.limits_private || !is_private(client)).then(|| customer(client))
    }
}
