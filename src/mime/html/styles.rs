//! The pictures of a style (CSS), octet by octet.

/// Octets of a reference that are kept: what it leads to is told by its beginning.
const KEPT: usize = 256;

/// A style, as far as it was read.
#[derive(Default)]
pub(super) struct Styles {
    /// The beginning of the declaration or rule that is read, in small letters.
    declaration: Vec<u8>,
    /// The last octets, in small letters.
    last: [u8; 4],
    is_comment: bool,
    /// The reference that is read.
    url: Option<Vec<u8>>,
}

impl Styles {
    /// Takes an octet, which may end a reference to a picture.
    pub(super) fn see(&mut self, octet: u8) -> Option<String> {
        if let Some(url) = &mut self.url {
            let is_quote = |octet: u8| matches!(octet, b'"' | b'\'');
            let is_end = match url.first() {
                Some(&quote) if is_quote(quote) => octet == quote,
                _ => octet == b')',
            };
            if is_end {
                let url = self.url.take()?;
                let url = url.strip_prefix(b"\"").or(url.strip_prefix(b"'")).unwrap_or(&url);
                return self.is_picture().then(|| String::from_utf8_lossy(url).into_owned());
            }
            if url.len() < KEPT && !(url.is_empty() && octet.is_ascii_whitespace()) {
                url.push(octet);
            }
            return None;
        }
        self.last = [self.last[1], self.last[2], self.last[3], octet.to_ascii_lowercase()];
        match &self.last {
            [.., b'*', b'/'] if self.is_comment => self.is_comment = false,
            _ if self.is_comment => {}
            [.., b'/', b'*'] => {
                self.declaration.pop();
                (self.is_comment, self.last) = (true, [0; 4]);
            }
            b"url(" => self.url = Some(Vec::new()),
            [.., b'{' | b'}' | b';'] => self.declaration.clear(),
            [.., octet] => {
                let is_kept = !self.declaration.is_empty() || !octet.is_ascii_whitespace();
                if is_kept && self.declaration.len() < KEPT {
                    self.declaration.push(*octet);
                }
            }
        }
        None
    }

    /// Whether what is declared is a picture: an `@import` brings a style, the `src` of a `@font-face` a font.
    fn is_picture(&self) -> bool {
        let source = self.declaration.strip_prefix(b"src").map(<[u8]>::trim_ascii_start);
        !self.declaration.starts_with(b"@") && !source.is_some_and(|rest| rest.starts_with(b":"))
    }
}
