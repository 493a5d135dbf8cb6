//! Which addresses belong to the internet at large: only those may be called without an operator's leave.
//!
//! The blocks are those of the registries of special-purpose addresses (RFC 6890 and its successors), taken whole: the few
//! addresses in them that are reachable from everywhere serve no documents.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::network::Network;

/// IPv4 blocks that are not of the internet at large.
const SPECIAL_V4: &[Network] = &[
    Network::v4([0, 0, 0, 0], 8),       // this network; the unspecified address
    Network::v4([10, 0, 0, 0], 8),      // private
    Network::v4([100, 64, 0, 0], 10),   // carrier-grade NAT
    Network::v4([127, 0, 0, 0], 8),     // loopback
    Network::v4([169, 254, 0, 0], 16),  // link-local, with the metadata services of most clouds
    Network::v4([172, 16, 0, 0], 12),   // private
    Network::v4([192, 0, 0, 0], 24),    // protocol assignments
    Network::v4([192, 0, 2, 0], 24),    // documentation
    Network::v4([192, 88, 99, 0], 24),  // relays of 6to4
    Network::v4([192, 168, 0, 0], 16),  // private
    Network::v4([198, 18, 0, 0], 15),   // benchmarking
    Network::v4([198, 51, 100, 0], 24), // documentation
    Network::v4([203, 0, 113, 0], 24),  // documentation
    Network::v4([224, 0, 0, 0], 4),     // multicast
    Network::v4([240, 0, 0, 0], 4),     // reserved; broadcast
];

/// Where IPv6 addresses of the internet at large are given out. Everything else is loopback, unique-local, link-local,
/// multicast, an IPv4 address in other clothes, or not given out.
const GLOBAL_V6: Network = Network::v6([0x2000, 0, 0, 0], 3);

/// Blocks of the former that are not.
const SPECIAL_V6: &[Network] = &[
    Network::v6([0x2001, 0, 0, 0], 23), // protocol assignments, with Teredo, which holds IPv4 addresses
    Network::v6([0x2001, 0xdb8, 0, 0], 32), // documentation
    Network::v6([0x2002, 0, 0, 0], 16), // 6to4, which holds IPv4 addresses
    Network::v6([0x3fff, 0, 0, 0], 20), // documentation
];

/// IPv4 addresses as a network without IPv4 sees them (RFC 6052). There every document of the IPv4 internet comes from here, so
/// what counts is the address inside.
const NAT64: Network = Network::v6([0x64, 0xff9b, 0, 0], 96);

/// Where clouds tell a machine its secrets. Most lie in blocks that are refused anyway, but an operator who allows such a block
/// hardly means these, so each must be allowed by itself.
const METADATA: &[IpAddr] = &[
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 42, 42)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// Whether an address is one of the internet at large.
pub(super) fn is_public(address: IpAddr) -> bool {
    let is_in = |blocks: &[Network]| blocks.iter().any(|block| block.contains(address));
    if is_metadata(address) {
        return false;
    }
    match address {
        IpAddr::V4(_) => !is_in(SPECIAL_V4),
        IpAddr::V6(address) if NAT64.contains(address.into()) => is_public(inside(address).into()),
        IpAddr::V6(_) => GLOBAL_V6.contains(address) && !is_in(SPECIAL_V6),
    }
}

/// Whether a cloud tells its secrets there.
pub(super) fn is_metadata(address: IpAddr) -> bool {
    METADATA.contains(&address.to_canonical())
}

/// The IPv4 address in the last bits.
fn inside(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: bool) {
        let address: IpAddr = text.parse().unwrap();
        assert_eq!(is_public(address), expected, "{text}");
    }

    #[test]
    fn a_special_block_is_refused_from_its_first_address_to_its_last_and_no_further() {
        for (before, first, last, after) in [
            (None, "0.0.0.0", "0.255.255.255", Some("1.0.0.0")),
            (Some("9.255.255.255"), "10.0.0.0", "10.255.255.255", Some("11.0.0.0")),
            (Some("100.63.255.255"), "100.64.0.0", "100.127.255.255", Some("100.128.0.0")),
            (Some("126.255.255.255"), "127.0.0.0", "127.255.255.255", Some("128.0.0.0")),
            (Some("169.253.255.255"), "169.254.0.0", "169.254.255.255", Some("169.255.0.0")),
            (Some("172.15.255.255"), "172.16.0.0", "172.31.255.255", Some("172.32.0.0")),
            (Some("191.255.255.255"), "192.0.0.0", "192.0.0.255", Some("192.0.1.0")),
            (Some("192.0.1.255"), "192.0.2.0", "192.0.2.255", Some("192.0.3.0")),
            (Some("192.88.98.255"), "192.88.99.0", "192.88.99.255", Some("192.88.100.0")),
            (Some("192.167.255.255"), "192.168.0.0", "192.168.255.255", Some("192.169.0.0")),
            (Some("198.17.255.255"), "198.18.0.0", "198.19.255.255", Some("198.20.0.0")),
            (Some("198.51.99.255"), "198.51.100.0", "198.51.100.255", Some("198.51.101.0")),
            (Some("203.0.112.255"), "203.0.113.0", "203.0.113.255", Some("203.0.114.0")),
            (Some("223.255.255.255"), "224.0.0.0", "255.255.255.255", None),
            (
                Some("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
                "2001::",
                "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
                Some("2001:200::"),
            ),
            (
                Some("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"),
                "2001:db8::",
                "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
                Some("2001:db9::"),
            ),
            (
                Some("2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
                "2002::",
                "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                Some("2003::"),
            ),
            (
                Some("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
                "3fff::",
                "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
                Some("3fff:1000::"),
            ),
            (None, "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("2000::")),
            (
                Some("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
                "4000::",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                None,
            ),
        ] {
            check(first, false);
            check(last, false);
            before.into_iter().chain(after).for_each(|address| check(address, true));
        }
    }

    #[test]
    fn ordinary_addresses_of_both_kinds_are_public() {
        for text in ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e"] {
            check(text, true);
        }
    }

    #[test]
    fn addresses_of_this_machine_and_its_neighbours_are_not_public() {
        for text in ["::1", "::", "fe80::1", "febf::1", "fec0::1", "fc00::1", "fdff::1", "ff02::1", "100::1", "5f00::1"]
        {
            check(text, false);
        }
    }

    #[test]
    fn an_ipv4_address_in_other_clothes_is_judged_by_what_it_is() {
        // Mapped, compatible, translated, 6to4, Teredo and the translation of local networks: whatever is inside.
        for inside in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "8.8.8.8"] {
            let [a, b, c, d] = inside.parse::<Ipv4Addr>().unwrap().octets();
            check(&format!("::ffff:{inside}"), false);
            check(&format!("::{inside}"), false);
            check(&format!("::ffff:0:{inside}"), false);
            check(&format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1"), false);
            check(&format!("2001:0:{a:02x}{b:02x}:{c:02x}{d:02x}::"), false);
            check(&format!("64:ff9b:1::{inside}"), false);
        }
        // Where there is no IPv4, all of its internet is reached like this.
        check("64:ff9b::8.8.8.8", true);
        for special in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "168.63.129.16", "0.0.0.0"] {
            check(&format!("64:ff9b::{special}"), false);
        }
    }

    #[test]
    fn metadata_services_are_known_also_where_the_block_around_them_is_public() {
        for text in ["169.254.169.254", "fd00:ec2::254", "168.63.129.16", "100.100.100.200", "::ffff:169.254.169.254"] {
            assert!(is_metadata(text.parse().unwrap()), "{text}");
            check(text, false);
        }
        check("168.63.129.15", true);
        check("168.63.129.17", true);
    }

    proptest! {
        #[test]
        fn nothing_private_by_the_standard_library_is_public(address: u32) {
            let address = Ipv4Addr::from(address);
            let special = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_multicast()
                || address.is_documentation() || address.is_broadcast() || address.is_unspecified();
            prop_assert!(!(special && is_public(address.into())));
            prop_assert!(!is_public(address.to_ipv6_mapped().into()));
            prop_assert!(!is_public(address.to_ipv6_compatible().into()));
        }

        #[test]
        fn no_ipv6_address_is_public_outside_of_what_is_given_out(address: u128) {
            let address = Ipv6Addr::from(address);
            let special = address.is_loopback() || address.is_unspecified() || address.is_multicast()
                || address.is_unique_local() || address.is_unicast_link_local();
            prop_assert!(!(special && is_public(address.into())));
            let given_out = address.segments()[0] & 0xe000 == 0x2000;
            prop_assert!(given_out || NAT64.contains(address.into()) || !is_public(address.into()));
        }
    }
}
