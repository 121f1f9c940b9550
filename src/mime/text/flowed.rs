//! format=flowed: long lines are wrapped so that a reader joins them again to its own width (RFC 3676).
//!
//! Each line of the text is a paragraph. Lines that quote (`>`) and the line `-- ` stay as they are; blanks at the end of a
//! line go, since they would join it to the next. Where a line is wrapped at a blank, that blank ends it. What has no
//! blanks, as Chinese, is wrapped between its characters: then each wrapped line ends in a blank more, which the reader
//! takes away (DelSp).

use crate::mime::source::Taken;

/// Columns of a line; one may be added for a blank before it (RFC 3676 4.2: at most 78).
const COLUMNS: usize = 72;
/// Most octets of a line without a place to wrap that are held.
const HELD: usize = 512;
/// Most octets of a line that is not wrapped, so that transports pass it (RFC 5322 2.1.1).
const LONGEST: usize = 900;

/// How a text is flowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mime) struct Flow {
    /// Whether the blank at the end of a wrapped line is taken away.
    pub(in crate::mime) is_delsp: bool,
}

/// Wraps text whose lines end in CRLF, block by block.
pub(super) struct Wrapper {
    flow: Flow,
    out: String,
    /// What is to stand on the line, and was not handed on.
    line: String,
    /// Where the line can be wrapped: behind so many octets of it.
    place: Option<usize>,
    /// Blanks behind it, held back: at the end of a paragraph they go.
    blanks: usize,
    columns: usize,
    octets: usize,
    is_quote: bool,
    /// The line is not the first one of its paragraph.
    is_continued: bool,
    /// The beginning of the line was handed on.
    is_open: bool,
    /// Something of the line is no blank.
    has_text: bool,
    /// A character that may be wrapped at stood where there was no blank.
    has_wide: bool,
    /// A line could have been wrapped with DelSp only.
    pub(super) needs_delsp: bool,
}

impl Wrapper {
    pub(super) fn new(flow: Flow) -> Self {
        Wrapper {
            flow,
            out: String::new(),
            line: String::new(),
            place: None,
            blanks: 0,
            columns: 0,
            octets: 0,
            is_quote: false,
            is_continued: false,
            is_open: false,
            has_text: false,
            has_wide: false,
            needs_delsp: false,
        }
    }

    /// Takes the next text; no CRLF is divided, and the last line of all is ended.
    pub(super) fn push(&mut self, text: &str, sink: &mut dyn FnMut(&str) -> Taken) -> Taken {
        self.out.clear();
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'\n', rest.as_bytes()) {
            let line = &rest[..at];
            self.take(line.strip_suffix('\r').unwrap_or(line));
            self.end();
            rest = &rest[at + 1..];
        }
        self.take(rest);
        sink(&self.out)
    }

    /// Takes text of one line.
    fn take(&mut self, text: &str) {
        for character in text.chars() {
            if character == ' ' {
                self.blanks += 1;
                continue;
            }
            self.is_quote |= character == '>' && self.is_at_start();
            self.put_blanks();
            self.put(character);
        }
    }

    fn is_at_start(&self) -> bool {
        !self.is_continued && !self.is_open && self.line.is_empty() && self.blanks == 0
    }

    /// Puts the blanks that were held back: text follows them.
    fn put_blanks(&mut self) {
        if self.blanks == 0 {
            return;
        }
        // A line `-- ` would be taken for the mark of a signature (RFC 3676 4.3).
        let is_mark = !self.is_open && self.line == "--" && self.blanks == 1;
        self.columns += self.blanks;
        self.octets += self.blanks;
        while self.blanks > 0 {
            let some = self.blanks.min(HELD);
            self.line.extend(std::iter::repeat_n(' ', some));
            self.blanks -= some;
            if self.line.len() > HELD && self.blanks > 0 {
                self.hand_on(self.line.len());
            }
        }
        self.place = (self.has_text && !is_mark).then_some(self.line.len()).or(self.place);
        self.has_wide = false;
    }

    fn put(&mut self, character: char) {
        let width = width(character);
        let is_between = self.flow.is_delsp && self.has_text;
        if width == 2 && is_between && !self.line.ends_with('\u{200d}') {
            self.place = Some(self.line.len());
        }
        if self.columns + width > COLUMNS && !self.is_quote && width > 0 {
            self.wrap(character);
        }
        if width == 0 && self.place == Some(self.line.len()) && !self.line.ends_with(' ') {
            self.place = Some(self.line.len() + character.len_utf8());
        }
        self.line.push(character);
        self.columns += width;
        self.octets += character.len_utf8();
        self.has_text = true;
        self.has_wide |= width == 2;
        if width == 2 && self.flow.is_delsp {
            self.place = Some(self.line.len());
        }
        if self.line.len() > HELD && self.place.is_none() {
            self.hand_on(self.line.len());
        }
    }

    /// Wraps the line where it can be, before `next` is put.
    fn wrap(&mut self, next: char) {
        let is_too_long = self.octets + next.len_utf8() > LONGEST;
        if self.place.is_none() && is_too_long && self.flow.is_delsp {
            self.place = Some(self.line.len());
        }
        let Some(place) = self.place.take() else {
            self.needs_delsp |= self.has_wide || width(next) == 2 || is_too_long;
            return;
        };
        self.hand_on(place);
        self.out.push_str(if self.flow.is_delsp { " \r\n" } else { "\r\n" });
        (self.is_open, self.is_continued) = (false, true);
        self.columns = self.line.chars().map(width).sum();
        self.octets = self.line.len();
        self.has_text = !self.line.is_empty();
        self.has_wide = self.line.chars().any(|character| width(character) == 2);
    }

    /// Hands on the beginning of the line.
    fn hand_on(&mut self, octets: usize) {
        if !self.is_open {
            // RFC 3676 4.4
            let is_stuffed = self.line.starts_with([' ']) || self.line.starts_with("From ");
            if is_stuffed || (self.line.starts_with('>') && !self.is_quote) {
                self.out.push(' ');
            }
        }
        self.out.push_str(&self.line[..octets]);
        self.line.drain(..octets);
        self.is_open |= octets > 0;
        self.place = None;
    }

    /// Ends a paragraph.
    fn end(&mut self) {
        let mark = self.line.trim_start_matches(['>', ' ']);
        let is_whole = !self.is_open && !self.is_continued;
        let is_mark = is_whole && self.blanks == 1 && mark == "--" && (self.is_quote || self.line == "--");
        self.hand_on(self.line.len());
        self.out.push_str(if is_mark { " \r\n" } else { "\r\n" });
        let (out, needs_delsp) = (std::mem::take(&mut self.out), self.needs_delsp);
        let line = std::mem::take(&mut self.line);
        *self = Wrapper { out, line, needs_delsp, ..Wrapper::new(self.flow) };
    }
}

/// Columns of a character: 2 for the wide ones of East Asia and for emoji, which lines are wrapped between; 0 for what
/// belongs to the character before it.
fn width(character: char) -> usize {
    match character {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{20d0}'..='\u{20ff}' => 0,
        '\u{3099}' | '\u{309a}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' => 0,
        '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}' => 0,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' => 2,
        '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' => 2,
        '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::mime::text::lines::LineEnds;

    /// The text as it is sent, pushed in blocks of so many characters, and whether DelSp is used: where it is needed.
    fn flowed(text: &str, block: usize) -> (String, bool) {
        let once = |is_delsp| {
            let mut wrapper = Wrapper::new(Flow { is_delsp });
            let mut out = String::new();
            let characters: Vec<char> = text.chars().collect();
            let mut ends = LineEnds::default();
            for part in characters.chunks(block) {
                let part: String = part.iter().collect();
                let mut sink = |text: &str| {
                    out.push_str(text);
                    Ok(())
                };
                ends.push(&part, &mut |text| wrapper.push(text, &mut sink)).unwrap();
                assert!(wrapper.line.len() <= 2 * HELD, "{}", wrapper.line.len());
            }
            (out, wrapper.needs_delsp)
        };
        match once(false) {
            (out, false) => (out, false),
            _ => (once(true).0, true),
        }
    }

    /// A reader of RFC 3676 4.1 to 4.5: the paragraphs, each with the depth of its quotes.
    fn read(text: &str, is_delsp: bool) -> Vec<(usize, String)> {
        let mut paragraphs = Vec::new();
        let mut open: Option<(usize, String)> = None;
        for line in text.split_terminator("\r\n") {
            let bare = line.trim_start_matches('>');
            let depth = line.len() - bare.len();
            let bare = bare.strip_prefix(' ').unwrap_or(bare);
            let is_flowed = bare.ends_with(' ') && bare != "-- ";
            let bare = if is_flowed && is_delsp { &bare[..bare.len() - 1] } else { bare };
            let paragraph = match open.take() {
                Some((before, text)) if before == depth && bare != "-- " => (depth, text + bare),
                Some(_) => panic!("a wrapped line is not continued: {text:?}"),
                None => (depth, bare.to_owned()),
            };
            if is_flowed { open = Some(paragraph) } else { paragraphs.push(paragraph) }
        }
        assert!(open.is_none(), "the text ends in a wrapped line: {text:?}");
        paragraphs
    }

    /// What a reader is to find: the lines, their last blanks gone.
    fn paragraphs(text: &str) -> Vec<(usize, String)> {
        let lines = text.split_terminator("\r\n").map(|line| {
            let bare = line.trim_start_matches('>');
            let depth = line.len() - bare.len();
            let is_mark = bare == "-- " || (depth > 0 && bare.trim_start() == "-- ");
            let bare = if depth > 0 { bare.strip_prefix(' ').unwrap_or(bare) } else { bare };
            (depth, if is_mark { bare } else { bare.trim_end_matches(' ') }.to_owned())
        });
        lines.collect()
    }

    #[track_caller]
    fn judge(text: &str) -> (String, bool) {
        let (whole, is_delsp) = flowed(text, usize::MAX);
        for block in [1, 7] {
            assert_eq!(flowed(text, block), (whole.clone(), is_delsp), "{text:?}");
        }
        assert_eq!(read(&whole, is_delsp), paragraphs(text), "{text:?} {whole:?}");
        (whole, is_delsp)
    }

    #[test]
    fn lines_are_wrapped_and_joined() {
        for (text, sent) in [
            ("", ""),
            ("short\r\n", "short\r\n"),
            ("blanks go  \r\n\r\n   \r\n", "blanks go\r\n\r\n\r\n"),
            (" stuffed\r\nFrom me\r\n", "  stuffed\r\n From me\r\n"),
            ("> kept  \r\n>> kept > too\r\n", "> kept\r\n>> kept > too\r\n"),
            ("-- \r\nAnn\r\n", "-- \r\nAnn\r\n"),
            ("> -- \r\n", "> -- \r\n"),
            ("a\rb\r\n", "a\rb\r\n"),
        ] {
            assert_eq!(judge(text), (sent.to_owned(), false));
        }
        let (sent, is_delsp) = judge(&("word ".repeat(40) + "\r\n"));
        assert!(!is_delsp && sent.lines().all(|line| line.len() <= 73), "{sent}");
        assert_eq!(sent.matches(" \r\n").count(), 2);
        // A continued line that begins as a quote does.
        let (sent, _) = judge(&format!("{} > {}\r\n", "x".repeat(71), "y".repeat(9)));
        assert!(sent.contains(" \r\n > y"), "{sent}");
        let (sent, _) = judge(&format!("-- {}\r\n", "x".repeat(80)));
        assert_eq!(sent.lines().count(), 1, "the mark of a signature is not made here");
        let quote = format!("> {}\r\n", "word ".repeat(40).trim_end());
        assert_eq!(judge(&quote).0, quote);
    }

    #[test]
    fn delsp_is_used_where_there_is_no_blank() {
        let (sent, is_delsp) =
            judge(&("汉字".repeat(50) + "\r\nand ASCII words " + &"word ".repeat(20) + "\r\n"));
        assert!(is_delsp && sent.lines().all(|line| line.chars().count() <= 74), "{sent}");
        assert!(sent.starts_with(&("汉字".repeat(18) + " \r\n")), "{sent}");
        // A long URL stays whole: who knows no DelSp can still follow it.
        let url = format!("see https://example.org/{} there\r\n", "x".repeat(200));
        assert_eq!(
            judge(&url),
            (format!("see \r\nhttps://example.org/{} \r\nthere\r\n", "x".repeat(200)), false)
        );
        let (sent, is_delsp) = judge(&("x".repeat(5000) + "\r\n"));
        assert!(is_delsp && sent.lines().all(|line| line.len() <= LONGEST + 1), "{sent}");
        let (sent, is_delsp) = judge(&("汉字 ".repeat(50) + "\r\n"));
        assert!(!is_delsp, "{sent}");
        let (sent, _) = judge(&format!("{}か\u{3099}き\r\n", "汉".repeat(35)));
        assert!(!sent.contains(" \r\n\u{3099}"), "{sent}");
    }

    #[test]
    fn blanks_take_no_room() {
        judge(&format!("x{}y\r\n{}\r\n", " ".repeat(10_000), " ".repeat(10_000)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_it_was(
            lines in prop::collection::vec(
                prop::collection::vec(
                    "[a-zé]{1,20}|[ ]{1,3}|[>]{1,2}|-- |--|From |汉字[。，]?|😀\u{200d}?|か\u{3099}|[x]{80}| [\r]", 0..30,
                ).prop_map(|parts| parts.concat().replace('\r', "c")),
                0..4,
            ),
        ) {
            let text: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            judge(&text);
        }
    }
}
