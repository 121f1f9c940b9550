//! The list of the variable `NO_PROXY`: hosts that are reached without the proxy of `ALL_PROXY`, as curl reads it.

use std::net::IpAddr;

/// Whether the list names `host`, which is a name in A-labels or an address without brackets. Entries are divided by
/// commas and blanks: a name stands for itself and all names below it, with or without a dot before it; an address for
/// itself; `10.0.0.0/8` for a network. `*` alone stands for all.
pub(in crate::config) fn names(list: &str, host: &str) -> bool {
    if list.trim() == "*" {
        return true;
    }
    let mut entries = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
    match host.parse::<IpAddr>() {
        Ok(address) => entries.any(|entry| is_network_of(entry, address)),
        Err(_) => entries.any(|entry| is_domain_of(entry, host)),
    }
}

/// No name is looked up for this: an address matches addresses only, a name names only.
fn is_domain_of(entry: &str, host: &str) -> bool {
    let entry = entry.strip_prefix('.').unwrap_or(entry);
    let entry = entry.strip_suffix('.').unwrap_or(entry).to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let above = host.strip_suffix(&entry).filter(|_| !entry.is_empty());
    above.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_network_of(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => (network, Some(bits)),
        None => (entry, None),
    };
    let network = network.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(network);
    let (widest, difference) = match (network.parse(), address) {
        (Ok(IpAddr::V4(network)), IpAddr::V4(address)) => {
            (32, u128::from(network.to_bits() ^ address.to_bits()))
        }
        (Ok(IpAddr::V6(network)), IpAddr::V6(address)) => (128, network.to_bits() ^ address.to_bits()),
        _ => return false,
    };
    let bits = match bits.map(str::parse::<u32>) {
        None => widest,
        Some(Ok(bits)) if bits <= widest => bits,
        Some(_) => return false,
    };
    // What lies beyond the network does not count; a shift by all bits leaves nothing.
    difference.checked_shr(widest - bits).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_list_names() {
        for (list, host) in [
            ("*", "h.example"),
            (" * ", "192.0.2.1"),
            ("h.example", "h.example"),
            ("H.Example.", "h.example"),
            ("example", "h.example"),
            (".h.example", "h.example"),
            (".example", "a.h.example"),
            ("a, b.example ,h.example", "h.example"),
            ("a b.example\th.example", "h.example"),
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.0/24", "192.0.2.255"),
            ("192.0.2.99/24", "192.0.2.1"),
            ("10.0.0.0/8,172.16.0.0/12", "172.31.255.255"),
            ("0.0.0.0/0", "203.0.113.5"),
            ("2001:db8::1", "2001:db8:0::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1"),
            ("[fe80::]/10", "fe80::1"),
            ("::/0", "2001:db8::1"),
        ] {
            assert!(names(list, host), "{list} {host}");
        }
        for (list, host) in [
            ("", "h.example"),
            (",, ", "h.example"),
            (".", "h.example"),
            ("*.example", "h.example"),
            ("a,*", "h.example"),
            ("h.example:25", "h.example"),
            ("ample", "h.example"),
            ("a.h.example", "h.example"),
            ("192.0.2.1", "192.0.2.10"),
            ("2.1", "192.0.2.1"),
            ("192.0.2.0/24", "192.0.3.1"),
            ("192.0.2.0/33", "192.0.2.1"),
            ("192.0.2.0/", "192.0.2.1"),
            ("192.0.2.0/x", "192.0.2.1"),
            ("0.0.0.0/0", "::1"),
            ("::/0", "192.0.2.1"),
            ("2001:db8::/32", "2001:db9::1"),
            ("2001:db8::/129", "2001:db8::"),
            ("192.0.2.0/24", "h.example"),
        ] {
            assert!(!names(list, host), "{list} {host}");
        }
    }

    proptest! {
        #[test]
        fn a_network_holds_what_shares_its_bits(address: u32, other: u32, bits in 0_u32..=32) {
            let text = |bits: u32| std::net::Ipv4Addr::from_bits(bits).to_string();
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            let mixed = (address & mask) | (other & !mask);
            let list = format!("{}/{bits}", text(address));
            prop_assert!(names(&list, &text(mixed)));
            prop_assert_eq!(names(&list, &text(other)), address & mask == other & mask);
        }

        #[test]
        fn no_text_panics(list in ".{0,40}", host in "[a-z0-9.:]{0,20}") {
            names(&list, &host);
        }
    }
}
