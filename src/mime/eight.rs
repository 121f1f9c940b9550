//! Octets of a text, looked at eight at a time.
//!
//! What is asked of an octet below 128 is answered in its bit 7, and no sum carries into the next octet.

/// Whether ASCII has a control character other than tab, CR and LF. Other octets give any answer.
pub(super) fn has_control(ascii: &[u8]) -> bool {
    let (words, rest) = ascii.as_chunks::<8>();
    let mut last = [b' '; 8];
    last[..rest.len()].copy_from_slice(rest);
    let is_fit = |word: &[u8; 8]| {
        let word = u64::from_ne_bytes(*word);
        let is_line_end_or_tab = !(differs(word, b'\t') & differs(word, b'\r') & differs(word, b'\n'));
        all_say(differs(word, 0x7f) & (is_printed(word) | is_line_end_or_tab))
    };
    !(words.iter().all(is_fit) && is_fit(&last))
}

/// How many octets at the beginning are a blank or stand for themselves in quoted-printable (RFC 2045 6.7 rule 2).
pub(super) fn literal(octets: &[u8]) -> usize {
    let (words, _) = octets.as_chunks::<8>();
    let is_literal = |word: &&[u8; 8]| {
        let word = u64::from_ne_bytes(**word);
        word & all(0x80) == 0 && all_say(is_printed(word) & differs(word, 0x7f) & differs(word, b'='))
    };
    let whole = 8 * words.iter().take_while(is_literal).count();
    whole + octets[whole..].iter().take_while(|octet| matches!(octet, b' '..=b'<' | b'>'..=b'~')).count()
}

/// How many octets are above 127.
pub(super) fn above_127(octets: &[u8]) -> u64 {
    let (words, rest) = octets.as_chunks::<8>();
    // The product adds up the eight in its highest octet.
    let in_word = |word: &[u8; 8]| ((u64::from_ne_bytes(*word) >> 7) & all(1)).wrapping_mul(all(1)) >> 56;
    let in_rest = rest.iter().filter(|octet| !octet.is_ascii()).count() as u64;
    words.iter().map(in_word).sum::<u64>() + in_rest
}

const fn all(octet: u8) -> u64 {
    u64::from_ne_bytes([octet; 8])
}

fn differs(word: u64, octet: u8) -> u64 {
    (word ^ all(octet)).wrapping_add(all(0x7f))
}

/// Whether it is no control character below the blank.
fn is_printed(word: u64) -> u64 {
    word.wrapping_add(all(0x80 - b' '))
}

fn all_say(answers: u64) -> bool {
    answers & all(0x80) == all(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each octet at each place of short texts.
    fn texts() -> impl Iterator<Item = (u8, usize, Vec<u8>)> {
        (0..=255).flat_map(|octet| {
            (1..20).flat_map(move |length| {
                (0..length).map(move |at| {
                    let mut octets = vec![b'~'; length];
                    octets[at] = octet;
                    (octet, at, octets)
                })
            })
        })
    }

    #[test]
    fn a_control_is_seen_wherever_it_stands() {
        for (octet, at, octets) in texts().filter(|(octet, ..)| octet.is_ascii()) {
            let expected = matches!(octet, 0..=8 | 0x0b | 0x0c | 0x0e..=0x1f | 0x7f);
            assert_eq!(has_control(&octets), expected, "{octet} at {at} of {}", octets.len());
        }
    }

    #[test]
    fn all_above_127_are_counted() {
        for length in 0..40 {
            for step in 1..9 {
                let octets: Vec<u8> =
                    (0..length).map(|n| if n % step == 0 { 128 + n as u8 } else { n as u8 + 64 }).collect();
                let expected = octets.iter().filter(|octet| **octet > 127).count() as u64;
                assert_eq!(above_127(&octets), expected, "{length} {step}");
            }
        }
    }

    #[test]
    fn literals_end_where_one_is_none() {
        for (octet, at, octets) in texts() {
            let is_literal = matches!(octet, b' '..=b'~') && octet != b'=';
            let expected = if is_literal { octets.len() } else { at };
            assert_eq!(literal(&octets), expected, "{octet} at {at} of {}", octets.len());
        }
    }
}
