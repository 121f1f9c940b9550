//! Names and passwords in the one form that both sides hash (SASLprep, RFC 4013).

use zeroize::Zeroizing;

/// The octets of a password for SCRAM. What SASLprep has no form for (no UTF-8, control characters, letters that are
/// younger than its tables) goes as it is, as PostgreSQL and others do: a server that took it has kept it so too.
pub(super) fn password(octets: &[u8]) -> Zeroizing<Vec<u8>> {
    let prepared = std::str::from_utf8(octets).ok().and_then(|text| stringprep::saslprep(text).ok());
    // An owned form is another copy of the password.
    Zeroizing::new(match prepared {
        Some(prepared) => prepared.into_owned().into_bytes(),
        None => octets.to_vec(),
    })
}

/// A user's name for SCRAM, with `=` and `,` escaped (RFC 5802 section 5.1).
pub(super) fn username(name: &str) -> String {
    let prepared = stringprep::saslprep(name).unwrap_or(name.into());
    prepared.replace('=', "=3D").replace(',', "=2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4013() {
        for (given, wanted) in [
            ("I\u{ad}X", "IX"),
            ("user", "user"),
            ("USER", "USER"),
            ("\u{aa}", "a"),
            ("\u{2168}", "IX"),
            ("e\u{301}", "é"),
            ("密码", "密码"),
            // Prohibited, prohibited for its direction, younger than Unicode 3.2.
            ("a\u{7}", "a\u{7}"),
            ("\u{627}1", "\u{627}1"),
            ("🦮", "🦮"),
        ] {
            assert_eq!(password(given.as_bytes()).as_slice(), wanted.as_bytes(), "{given:?}");
        }
        assert_eq!(password(b"\xff\xfe").as_slice(), b"\xff\xfe");
    }

    #[test]
    fn commas_and_equals_signs_in_a_name() {
        assert_eq!(username("a=b,c"), "a=3Db=2Cc");
    }
}
