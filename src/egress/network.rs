//! Blocks of addresses.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// All addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    first: IpAddr,
    prefix: u8,
}

impl Network {
    /// A block of IPv4 addresses; the bits behind the prefix are zero.
    pub(super) const fn v4(first: [u8; 4], prefix: u8) -> Self {
        let [a, b, c, d] = first;
        Self { first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
    }

    /// A block of IPv6 addresses, by its first four groups; the bits behind the prefix are zero.
    pub(super) const fn v6(first: [u16; 4], prefix: u8) -> Self {
        let [a, b, c, d] = first;
        Self { first: IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)), prefix }
    }

    /// Whether it is the block of one address.
    pub(super) const fn is_single(&self) -> bool {
        self.prefix == width(self.first)
    }

    /// Whether an address lies in it.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.first.is_ipv4() == address.is_ipv4() && self.behind(bits(self.first) ^ bits(address)) == 0
    }

    /// What is left of some bits without those behind the prefix.
    fn behind(&self, bits: u128) -> u128 {
        bits.checked_shr(u32::from(width(self.first) - self.prefix)).unwrap_or(0)
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

impl FromStr for Network {
    type Err = String;

    /// Reads an address, or an address and the length of its prefix.
    fn from_str(text: &str) -> Result<Self, String> {
        let not_one = || format!("`{text}` is not a network, as in 10.0.0.0/8 or fd00::/8");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let first = address.parse::<IpAddr>().map_err(|_| not_one())?;
        if first.to_canonical() != first {
            return Err(format!("`{text}` holds an IPv4 address; write that alone"));
        }
        let prefix = match prefix {
            None => width(first),
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= width(first)).ok_or_else(not_one)?,
        };
        let network = Self { first, prefix };
        let kept = network.behind(bits(first)).checked_shl(u32::from(width(first) - prefix)).unwrap_or(0);
        if kept != bits(first) {
            return Err(format!("`{text}` has bits behind its prefix; write the first address of the network"));
        }
        Ok(network)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_single() { write!(f, "{}", self.first) } else { write!(f, "{}/{}", self.first, self.prefix) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_network_is_refused_with_the_reason() {
        for (text, said) in [
            ("10.0.0.1/8", "bits behind"),
            ("fd00::1/8", "bits behind"),
            ("10.0.0.0/33", "not a network"),
            ("fd00::/129", "not a network"),
            ("10.0.0.0/", "not a network"),
            ("10.0.0.0/-1", "not a network"),
            ("10.0.0/8", "not a network"),
            ("::ffff:10.0.0.0/104", "IPv4"),
        ] {
            let problem = text.parse::<Network>().unwrap_err();
            assert!(problem.contains(said), "{text}: {problem}");
        }
    }

    #[test]
    fn no_prefix_at_all_holds_every_address_of_its_family() {
        let (all4, all6): (Network, Network) = ("0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap());
        let (v4, v6): (IpAddr, IpAddr) = ("203.0.113.9".parse().unwrap(), "2001:db8::9".parse().unwrap());
        assert!(all4.contains(v4) && all6.contains(v6));
        assert!(!all4.contains(v6) && !all6.contains(v4));
    }

    proptest! {
        #[test]
        fn an_address_is_in_the_network_of_its_prefix_and_a_changed_prefix_is_not(
            address: u32, prefix in 1..=32_u8, bit in 0..32_u8,
        ) {
            let first = if prefix == 32 { address } else { address & !(u32::MAX >> prefix) };
            let network: Network = format!("{}/{prefix}", Ipv4Addr::from(first)).parse().unwrap();
            prop_assert!(network.contains(Ipv4Addr::from(address).into()));
            let other = Ipv4Addr::from(address ^ (1 << (31 - bit)));
            prop_assert_eq!(network.contains(other.into()), bit >= prefix);
        }

        #[test]
        fn a_network_is_read_as_it_is_written(address: u128, prefix in 0..=128_u8) {
            let first = address & !u128::MAX.checked_shr(prefix.into()).unwrap_or(0);
            prop_assume!(Ipv6Addr::from(first).to_ipv4_mapped().is_none());
            let network: Network = format!("{}/{prefix}", Ipv6Addr::from(first)).parse().unwrap();
            prop_assert_eq!(network.to_string().parse::<Network>().unwrap(), network);
            prop_assert!(network.contains(Ipv6Addr::from(address).into()));
        }
    }
}
