//! Encoded-words in the text of a field (RFC 2047).

use encoding_rs::{Encoding, UTF_8};

use crate::mime::charset::charset;
use crate::mime::header::parameter::is_token;

/// What stands between words.
pub(in crate::mime) const BLANKS: [char; 2] = [' ', '\t'];

/// A field's text with its encoded-words decoded. Those that stand together are read together, since some programs divide
/// a character between two of them. Those that are in no known charset, or not in the one that they name, stay words.
pub(in crate::mime) fn decoded_words(value: &str) -> String {
    decoded(value, |_| false)
}

/// The same for a text that becomes a field again: what would look like an encoded-word when it is decoded stays one, so
/// that whatever looks like one in the result is one.
pub(in crate::mime) fn rewritable_words(value: &str) -> String {
    decoded(value, |text| text.split(|at: char| at.is_whitespace() || at.is_control()).any(is_encoded_word))
}

/// Whether this is an encoded-word, in whatever charset.
pub(in crate::mime) fn is_encoded_word(word: &str) -> bool {
    encoded_word(word).is_some()
}

/// Decodes all runs of encoded-words but those whose text `stays_encoded`.
fn decoded(value: &str, stays_encoded: impl Fn(&str) -> bool) -> String {
    let mut text = String::with_capacity(value.len());
    let mut words: Vec<&str> = Vec::new();
    let end_run = |words: &mut Vec<&str>, text: &mut String| {
        let read = read_run(words).filter(|read| !stays_encoded(read));
        text.push_str(&read.unwrap_or_else(|| words.join(" ")));
        !std::mem::take(words).is_empty()
    };
    for piece in value.split_inclusive(BLANKS) {
        let word = piece.trim_matches(BLANKS);
        if is_encoded_word(word) {
            words.push(word);
        } else if !word.is_empty() || words.is_empty() {
            if end_run(&mut words, &mut text) {
                text.push(' ');
            }
            text.push_str(piece);
        }
    }
    end_run(&mut words, &mut text);
    text
}

/// What encoded-words that stand together say; nothing where one of them cannot be read.
fn read_run(words: &[&str]) -> Option<String> {
    let mut read: Vec<(&'static Encoding, Vec<u8>)> = Vec::new();
    for word in words {
        let (encoding, octets) = encoded_word(word)??;
        match read.last_mut() {
            Some((before, all)) if *before == encoding => all.extend(octets),
            _ => read.push((encoding, octets)),
        }
    }
    let text = |(encoding, octets): &(&'static Encoding, Vec<u8>)| {
        Some(encoding.decode_without_bom_handling_and_without_replacement(octets)?.into_owned())
    };
    read.iter().map(text).collect()
}

/// What an encoded-word holds, as far as it can be read; `None` if it is no such word.
fn encoded_word(word: &str) -> Option<Option<(&'static Encoding, Vec<u8>)>> {
    let inner = word.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut pieces = inner.split('?');
    let (Some(label), Some(encoding), Some(text), None) =
        (pieces.next(), pieces.next(), pieces.next(), pieces.next())
    else {
        return None;
    };
    if !is_token(label) || !text.bytes().all(|octet| octet.is_ascii_graphic()) {
        return None;
    }
    let octets = match encoding {
        "B" | "b" => base64_simd::STANDARD.decode_to_vec(text).ok(),
        "Q" | "q" => octets_of_q(text),
        _ => return None,
    };
    // RFC 2231 5: a language may follow the charset.
    let charset = charset(label.split('*').next().unwrap_or(label)).ok();
    Some(charset.map(|charset| charset.unwrap_or(UTF_8)).zip(octets))
}

/// Decodes RFC 2047 4.2.
fn octets_of_q(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        octets.push(match octet {
            b'_' => b' ',
            b'=' => {
                let (digits, behind) = behind.split_at_checked(2)?;
                rest = behind;
                // A sign would be read as part of a number.
                let digits = str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
                u8::from_str_radix(digits, 16).ok()?
            }
            _ => octet,
        });
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_any_charset_are_decoded() {
        for (text, decoded) in [
            ("=?iso-8859-1?q?J=F6rg?= X", "Jörg X"),
            ("a  =?iso-8859-1?q?J=F6rg?= \t =?utf-8?q?b?=  c", "a  Jörgb c"),
            ("=?utf-8?q?=C3?= =?UTF-8?q?=A9?=", "é"),
            ("=?gbk?b?1tDOxA==?= =?utf-8*de?q?_=C3=A9?=", "中文 é"),
            ("=?no-such?q?x?= 100%25 =?utf-8?q?100%25?=", "=?no-such?q?x?= 100%25 100%25"),
            ("=?us-ascii?q??=", ""),
            ("  a ", "  a "),
            ("", ""),
        ] {
            assert_eq!(decoded_words(text), decoded);
            assert_eq!(rewritable_words(text), decoded);
        }
    }

    #[test]
    fn what_cannot_be_decoded_stays() {
        for text in [
            "=?cp850?q?J=94rg?=",
            "=?utf-8?q?J=F6rg?=",
            "=?utf-8?q?a?= =?utf-8?q?=F6?= =?cp850?q?b?=",
            "=?utf-8?q?=4?=",
            "=?utf-8?q?=+4?=",
            "=?utf-8?q?=\u{e9}?=",
            "=?utf-8?b?w6k?=",
            "=?utf-8?x?a?=",
            "=?utf-8?q?a?b?=",
            "=?utf-8?q?a",
            "=??q?a?=",
            "=?=",
        ] {
            assert_eq!(decoded_words(text), text);
            assert_eq!(rewritable_words(text), text);
        }
    }

    #[test]
    fn what_would_look_like_a_word_stays_one() {
        for (text, decoded) in [
            ("=?utf-8?q?=3D=3Fx=3Fq=3Fy=3F=3D?=", "=?x?q?y?="),
            ("=?utf-8?q?=3D?= =?us-ascii?q?=3Fx=3Fq=3Fy=3F=3D?=", "=?x?q?y?="),
            ("=?utf-8?q?a=0A=3D=3Fx=3Fq=3Fy=3F=3D?=", "a\n=?x?q?y?="),
        ] {
            assert_eq!(decoded_words(text), decoded);
            assert_eq!(rewritable_words(text), text);
        }
        assert_eq!(rewritable_words("=?utf-8?q?=3D=3F?="), "=?");
    }
}
