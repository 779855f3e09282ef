//! Addresses of clients: which of them count as one, and the networks that an application trusts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The part of an IPv6 address that one customer of a provider has for itself.
const IPV6_CUSTOMER: u128 = !0 << 64;

/// Returns the address by which a client is counted: an IPv4 address, or the /64 of an IPv6
/// address, because one client has any number of addresses in it. IPv4 written as IPv6
/// (`::ffff:192.0.2.1`) is IPv4.
pub(crate) fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & IPV6_CUSTOMER).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// Returns whether an address is one of this machine or of a private network, and not of the public
/// Internet.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || is_shared(address)
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// Returns whether an address is in 100.64.0.0/10 (RFC 6598), which providers use for their own
/// translators.
fn is_shared(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && second & 0xc0 == 64
}

/// A network, such as `10.0.0.0/8`; an address without a length is a network of one address.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    length: u32,
}

impl Network {
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        first(address.to_canonical(), self.length) == Some(self.address)
    }
}

/// Returns the first address of the network of this length that contains the address; `None` if the
/// length is invalid.
fn first(address: IpAddr, length: u32) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(length)?).unwrap_or(0);
            Some(Ipv4Addr::from(u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(length)?).unwrap_or(0);
            Some(Ipv6Addr::from(u128::from(address) & mask).into())
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("\"{text}\" is no network, such as \"10.0.0.0/8\" or \"fd00::/8\"");
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| fault())?;
        if address.to_canonical() != address {
            return Err(format!("\"{text}\" is IPv4 written as IPv6: write it as IPv4"));
        }
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            // `parse` alone would accept a plus sign.
            Some(digits) if digits.starts_with('+') => return Err(fault()),
            Some(digits) => digits.parse().map_err(|_| fault())?,
            None => longest,
        };
        match first(address, length) {
            Some(first) if first == address => Ok(Self { address, length }),
            Some(first) => {
                Err(format!("\"{text}\" is not where a network begins: write \"{first}/{length}\""))
            }
            None => Err(fault()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn ipv6_counts_by_its_first_64_bits_and_ipv4_as_it_is_however_it_is_written() {
        for (address, counts_as) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ] {
            assert_eq!(customer(ip(address)), ip(counts_as), "{address}");
        }
    }

    #[test]
    fn private_is_what_is_not_on_the_open_internet() {
        let private = [
            "127.0.0.1",
            "127.255.255.255",
            "10.0.0.0",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.0",
            "100.127.255.255",
            "::1",
            "fe80::1",
            "febf::1",
            "fc00::1",
            "fdff::1",
            "::ffff:10.0.0.1",
        ];
        let public = [
            "126.255.255.255",
            "128.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "100.63.255.255",
            "100.128.0.0",
            "2001:db8::1",
            "fec0::1",
            "fe00::1",
            "::2",
            "::ffff:8.8.8.8",
        ];
        assert_eq!(private.into_iter().find(|address| !is_private(ip(address))), None);
        assert_eq!(public.into_iter().find(|address| is_private(ip(address))), None);
    }

    #[test]
    fn a_network_has_the_addresses_from_its_first_to_its_last() {
        for (network, first, last, before, after) in [
            ("10.0.0.0/8", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
            ("192.0.2.128/25", "192.0.2.128", "192.0.2.255", "192.0.2.127", "192.0.3.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.6", "192.0.2.8"),
            ("192.0.2.7/32", "::ffff:192.0.2.7", "192.0.2.7", "192.0.2.6", "::c000:207"),
            ("fd00::/8", "fd00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fcff::", "fe00::"),
            ("::1", "::1", "::1", "::", "::2"),
            ("0.0.0.0/0", "0.0.0.0", "255.255.255.255", "::", "2001:db8::1"),
            ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "0.0.0.0", "::ffff:0.0.0.0"),
        ] {
            let contains =
                |address| network.parse::<Network>().expect("a network").contains(ip(address));
            assert!(contains(first) && contains(last), "{network}");
            assert!(!contains(before) && !contains(after), "{network}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_with_what_to_write_instead() {
        for text in [
            "",
            "/",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0/8",
            "proxy",
            "::/129",
            " ::1",
        ] {
            let fault = text.parse::<Network>().expect_err(text);
            assert!(fault.contains(&format!("\"{text}\" is no network")), "{fault}");
        }
        let fault = "10.1.2.3/8".parse::<Network>().expect_err("it has bits beyond its length");
        assert!(fault.ends_with("write \"10.0.0.0/8\""), "{fault}");
        let fault = "::ffff:10.0.0.0/104".parse::<Network>().expect_err("it would never match");
        assert!(fault.ends_with("write it as IPv4"), "{fault}");
    }
}
