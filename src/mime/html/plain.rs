//! How an HTML text reads where nothing but characters can be shown.

use super::tags::{Tag, tags};

/// A step to the right. Like [`EXACT`] it is a character that no page has; one that has it gets blanks for it.
const STEP: char = '\u{f0000}';
/// Stands before and behind the number of a preformatted text.
const EXACT: char = '\u{f0001}';

/// What is read of an HTML text: links with where they lead, lists with their marks, the cells of a row on one line,
/// preformatted text in its lines.
pub fn text_of(html: &str) -> String {
    let mut marked = Marked::default();
    let mut at = 0;
    for tag in tags(html) {
        marked.characters(&html[at..tag.at.start]);
        at = tag.at.end;
        marked.tag(&tag, &html[tag.at.clone()]);
    }
    marked.characters(&html[at..]);
    marked.read()
}

/// The HTML text with characters for what only its markup tells of lists and rows.
#[derive(Default)]
struct Marked {
    html: String,
    /// Of each list that is open the number of its last item, if they are numbered.
    lists: Vec<Option<u32>>,
    /// The preformatted texts.
    exact: Vec<String>,
    /// The one that is open.
    open: Option<String>,
}

impl Marked {
    fn characters(&mut self, characters: &str) {
        match &mut self.open {
            Some(open) => open.push_str(&decoded(characters)),
            None => self.html.push_str(characters),
        }
    }

    fn tag(&mut self, tag: &Tag, written: &str) {
        let name = tag.name.as_str();
        match (name, &mut self.open) {
            ("/pre", Some(_)) => return self.close(),
            ("br", Some(open)) => return open.push('\n'),
            (_, Some(_)) => return,
            ("pre", None) => return self.open = Some(String::new()),
            _ => {}
        }
        match name {
            "td" | "th" | "/td" | "/th" => self.html.push(' '),
            // No reader shows what does not end, and to look for its end again and again takes long.
            "" => {}
            // It stands apart, as a paragraph does.
            "table" => self.html.extend(["<p>", written]),
            "/table" => self.html.extend([written, "<p>"]),
            "ol" | "ul" if self.lists.is_empty() => self.html.extend(["<p>", written]),
            "/ol" | "/ul" if self.lists.len() == 1 => self.html.extend([written, "<p>"]),
            _ => self.html.push_str(written),
        }
        match name {
            "ol" => self.lists.push(Some(0)),
            "ul" => self.lists.push(None),
            "/ol" | "/ul" => drop(self.lists.pop()),
            "li" => self.item(),
            _ => {}
        }
    }

    fn item(&mut self) {
        /// No page is wider.
        const DEEPEST: usize = 16;
        let depth = self.lists.len().clamp(1, DEEPEST) - 1;
        self.html.extend(std::iter::repeat_n(STEP, depth));
        match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                self.html.push_str(&format!("{number}. "));
            }
            _ => self.html.push_str("* "),
        }
    }

    fn close(&mut self) {
        let Some(text) = self.open.take() else { return };
        self.html.push_str(&format!("<p>{EXACT}{}{EXACT}<p>", self.exact.len()));
        self.exact.push(text);
    }

    fn read(mut self) -> String {
        self.close();
        let text = nanohtml2text::html2text(&self.html).replace(STEP, "  ");
        let mut lines = String::with_capacity(text.len());
        let mut texts = self.exact.iter().enumerate().peekable();
        for piece in text.split(EXACT) {
            // Each has its place once, whatever the page says.
            match texts.next_if(|(number, _)| piece.parse() == Ok(*number)) {
                // The line end behind the tag belongs to the tag.
                Some((_, text)) => {
                    lines.push_str(text.strip_prefix("\r\n").or(text.strip_prefix('\n')).unwrap_or(text))
                }
                None => lines.push_str(piece),
            }
        }
        let lines: Vec<&str> = lines.lines().map(str::trim_end).collect();
        lines.join("\n").trim_matches('\n').to_owned() + "\n"
    }
}

/// Characters with what they name by `&`; their blanks and line ends stay.
fn decoded(characters: &str) -> String {
    let word = |word: &str| {
        let (named, blanks) = word.split_at(word.trim_end().len());
        if named.contains('&') { nanohtml2text::html2text(named) + blanks } else { word.to_owned() }
    };
    characters.split_inclusive(char::is_whitespace).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preformatted_text_keeps_its_lines_and_has_no_markup() {
        for (html, expected) in [
            ("<pre>a &lt; b &amp;&amp; <b>c</b></pre>", "a < b && c\n"),
            (
                "A<pre><code>if (a &lt; b)\n    x&nbsp;= \"&lt;/pre&gt;\";</code></pre>B",
                "A\n\nif (a < b)\n    x\u{a0}= \"</pre>\";\n\nB\n",
            ),
            ("<pre>\n  a<br>  b\n\n  c  \n</pre>", "  a\n  b\n\n  c\n"),
            ("<pre>open <li>x", "open x\n"),
            ("<pre>1</pre><pre>2</pre>", "1\n\n2\n"),
            ("&#983041;0&#983041;<pre>1</pre>", "1\n\n0\n"),
        ] {
            assert_eq!(text_of(html), expected, "{html}");
        }
    }

    #[test]
    fn a_list_in_a_list_stands_to_the_right_of_it() {
        let html = "<ul><li>a<ul><li>b<ol><li>c</ol></ul><li>d</ul><ol><li>e<ol><li>f</ol><li>g</ol>";
        assert_eq!(text_of(html), "* a\n  * b\n    1. c\n* d\n\n1. e\n  1. f\n2. g\n");
    }
}
