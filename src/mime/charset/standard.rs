//! What a charset of mail has by its own standard. The encoders of the Encoding Standard have more, which decoders elsewhere
//! do not know or take for another character.

use encoding_rs::{BIG5, EUC_JP, EUC_KR, EncoderResult, Encoding, GBK, ISO_2022_JP, KOI8_U, SHIFT_JIS};

use super::ASCII;

/// Longest character as encoded for itself, octets: in ISO-2022-JP, with the escapes around it.
const LONGEST: usize = 16;

/// The text in this charset, or the first character that it does not have. A text of its own: it ends in ASCII.
pub(in crate::mime) fn in_charset(encoding: &'static Encoding, text: &str) -> Result<Vec<u8>, char> {
    if let Some(character) = text.chars().find(|character| is_misread(encoding, *character)) {
        return Err(character);
    }
    let mut encoder = encoding.new_encoder();
    let most = encoder.max_buffer_length_from_utf8_without_replacement(text.len()).unwrap_or(0);
    let mut octets = Vec::with_capacity(most);
    match encoder.encode_from_utf8_to_vec_without_replacement(text, &mut octets, true).0 {
        EncoderResult::Unmappable(character) => Err(character),
        // The room was made before.
        EncoderResult::InputEmpty | EncoderResult::OutputFull => {
            let found = Extensions::of(encoding).are_in(&octets);
            if found { extension(encoding, text).map_or(Ok(octets), Err) } else { Ok(octets) }
        }
    }
}

/// Whether the Encoding Standard encodes a character that would come out as another one, or that decoders elsewhere do
/// not know: C1 controls, private use, the yen sign and overline as ASCII, a minus and narrow katakana as wide ones, the euro
/// of GBK, letters of KOI8-RU that are boxes in KOI8-U (RFC 2319).
pub(in crate::mime) fn is_misread(encoding: &'static Encoding, character: char) -> bool {
    match character {
        '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. => true,
        '\u{a5}' | '\u{203e}' => [SHIFT_JIS, EUC_JP].contains(&encoding),
        '\u{2212}' => [SHIFT_JIS, EUC_JP, ISO_2022_JP].contains(&encoding),
        '\u{ff61}'..='\u{ff9f}' => encoding == ISO_2022_JP,
        '\u{20ac}' => encoding == GBK,
        '\u{40e}' | '\u{45e}' => encoding == KOI8_U,
        _ => encoding == ASCII && !character.is_ascii(),
    }
}

/// The first character of a text that is an extension of the charset.
pub(in crate::mime) fn extension(encoding: &'static Encoding, text: &str) -> Option<char> {
    text.chars().filter(|character| !character.is_ascii()).find(|character| {
        let mut octets = [0; LONGEST];
        let (_, _, written) = encoding.new_encoder().encode_from_utf8_without_replacement(
            character.encode_utf8(&mut [0; 4]),
            &mut octets,
            true,
        );
        Extensions::of(encoding).are_in(&octets[..written])
    })
}

/// Finds extensions in what was encoded, by the octets, which costs less than by the characters: what vendors added to
/// JIS X 0208, KS X 1001 and Big5 stands in rows that the standards leave free.
pub(in crate::mime) struct Extensions {
    encoding: &'static Encoding,
    /// The next octets of ISO-2022-JP are pairs.
    is_double: bool,
}

impl Extensions {
    /// Nothing was seen.
    pub(in crate::mime) fn of(encoding: &'static Encoding) -> Self {
        Extensions { encoding, is_double: false }
    }

    /// Whether the next octets, which are whole characters, hold an extension.
    pub(in crate::mime) fn are_in(&mut self, octets: &[u8]) -> bool {
        if self.encoding == ISO_2022_JP {
            self.are_behind_escapes(octets)
        } else if self.encoding == EUC_JP {
            // The first row is 0xA1, the last one with characters is 84.
            any_pair(octets, |lead| lead > 0x7f, |lead, _| matches!(lead, 0xa9..=0xaf | 0xf5..))
        } else if self.encoding == SHIFT_JIS {
            // Two rows in each; narrow katakana is one octet.
            let is_lead = |lead| matches!(lead, 0x81..=0x9f | 0xe0..);
            any_pair(octets, is_lead, |lead, _| matches!(lead, 0x85..=0x87 | 0xeb..))
        } else if self.encoding == EUC_KR {
            any_pair(octets, |lead| lead > 0x7f, |lead, trail| lead < 0xa1 || trail < 0xa1)
        } else if self.encoding == BIG5 {
            let is_own = |pair| matches!(pair, 0xa140..=0xa3bf | 0xa440..=0xc67e | 0xc940..=0xf9d5);
            any_pair(octets, |lead| lead > 0x7f, |lead, trail| !is_own(u16::from_be_bytes([lead, trail])))
        } else {
            false
        }
    }

    fn are_behind_escapes(&mut self, octets: &[u8]) -> bool {
        let mut rest = octets;
        loop {
            rest = match *rest {
                [0x1b, kind, _, ref behind @ ..] => {
                    self.is_double = kind == b'$';
                    behind
                }
                [lead, _, ref behind @ ..] if self.is_double => {
                    if matches!(lead, 0x29..=0x2f | 0x75..) {
                        return true;
                    }
                    behind
                }
                [_, ref behind @ ..] => behind,
                [] => return false,
            }
        }
    }
}

/// Whether a pair of octets is one of these.
fn any_pair(octets: &[u8], is_lead: impl Fn(u8) -> bool, is_wanted: impl Fn(u8, u8) -> bool) -> bool {
    let mut rest = octets.iter();
    while let Some(&octet) = rest.next() {
        if is_lead(octet) && rest.next().is_some_and(|&trail| is_wanted(octet, trail)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_have_what_their_standards_have() {
        // JIS X 0208 from its first row to its last, with what WHATWG and JIS name differently.
        let japanese = "あン漢字、。～∥－￠￡￢Ωя─亜腕弌熙瑤";
        for (encoding, own, others) in [
            (ISO_2022_JP, japanese, "①Ⅰ㍉№∑髙﨑纊黑ⅰ￤＂¬ｱ\u{2212}\u{301c}é"),
            (EUC_JP, &format!("{japanese}ｱﾟ"), "①Ⅰ㍉№∑髙﨑纊黑ⅰ￤＂¬¥\u{2212}\u{301c}é"),
            (SHIFT_JIS, &format!("{japanese}ｱﾟ"), "①Ⅰ㍉№∑髙﨑纊黑ⅰ￤＂¬¥\u{80}\u{2212}\u{301c}é"),
            (EUC_KR, "가힝똑漢詰、€®", "똠햏쀍힣é"),
            (BIG5, "一乂籲測，〞ˊ～╳", "スあ€碁粧①ё␀堃㐀𠀀é"),
            (KOI8_U, "їґЄю═", "ўЎ╝╬é"),
            (GBK, "例①々", "€"),
        ] {
            for character in own.chars() {
                let read = in_charset(encoding, &format!("a{character}b")).map(|octets| {
                    encoding.decode_without_bom_handling_and_without_replacement(&octets).map(String::from)
                });
                assert_eq!(read, Ok(Some(format!("a{character}b"))), "{}", encoding.name());
            }
            for character in others.chars() {
                let text = format!("{own}{character}");
                assert_eq!(in_charset(encoding, &text), Err(character), "{}", encoding.name());
            }
        }
        assert_eq!(in_charset(ASCII, "a~"), Ok(b"a~".to_vec()));
        assert_eq!(in_charset(ASCII, "aé"), Err('é'));
    }
}
