//! Capabilities: what a server offers in its reply to EHLO (RFC 5321 4.1.1.1).

use crate::smtp::Reply;

/// What the server offers. All false after HELO.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// STARTTLS (RFC 3207).
    pub starttls: bool,
    /// The mechanisms of AUTH (RFC 4954), upper case, in the server's order.
    pub auth: Vec<String>,
    /// PIPELINING (RFC 2920).
    pub pipelining: bool,
    /// 8BITMIME (RFC 6152).
    pub eight_bit_mime: bool,
    /// SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
    /// SIZE (RFC 1870) is offered.
    pub size: bool,
    /// The largest message, octets; `None` when it is not said.
    pub size_limit: Option<u64>,
}

impl Capabilities {
    /// Reads the lines behind the first one. Unknown keywords and malformed parameters are passed over.
    pub fn read(reply: &Reply) -> Self {
        let mut capabilities = Capabilities::default();
        for line in reply.lines.iter().skip(1) {
            let mut words = line.split_ascii_whitespace();
            let Some(keyword) = words.next() else { continue };
            match keyword.to_ascii_uppercase().as_str() {
                "STARTTLS" => capabilities.starttls = true,
                "PIPELINING" => capabilities.pipelining = true,
                "8BITMIME" => capabilities.eight_bit_mime = true,
                "SMTPUTF8" => capabilities.smtputf8 = true,
                "SIZE" => {
                    capabilities.size = true;
                    // 0 means: no fixed limit (RFC 1870 section 4).
                    capabilities.size_limit =
                        words.next().and_then(|word| word.parse().ok()).filter(|&limit| limit > 0);
                }
                "AUTH" => capabilities.add_mechanisms(words),
                // The form of servers from before RFC 2554, still sent beside the right one.
                other if other.starts_with("AUTH=") => {
                    capabilities.add_mechanisms(other[5..].split_ascii_whitespace().chain(words));
                }
                _ => {}
            }
        }
        capabilities
    }

    fn add_mechanisms<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        for word in words {
            let word = word.to_ascii_uppercase();
            if !self.auth.contains(&word) {
                self.auth.push(word);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Capabilities {
        let lines = std::iter::once("mail.example.org").chain(lines.iter().copied());
        Capabilities::read(&Reply { code: 250, lines: lines.map(str::to_owned).collect() })
    }

    #[test]
    fn keywords_in_any_case_and_unknown_ones() {
        let capabilities =
            read(&["PipeLining", "SIZE 1000", "AUTH=LOGIN PLAIN", "auth PLAIN xoauth2", "X-OTHER 1", ""]);
        assert!(capabilities.pipelining && !capabilities.starttls && capabilities.size);
        assert_eq!(capabilities.size_limit, Some(1000));
        assert_eq!(capabilities.auth, ["LOGIN", "PLAIN", "XOAUTH2"]);
    }

    #[test]
    fn odd_sizes_are_no_limit() {
        for size in ["SIZE", "SIZE 0", "SIZE -1", "SIZE 1e9", "SIZE 99999999999999999999"] {
            let capabilities = read(&[size]);
            assert_eq!((capabilities.size, capabilities.size_limit), (true, None), "{size}");
        }
    }

    #[test]
    fn the_first_line_is_a_name() {
        let reply = Reply { code: 250, lines: vec!["STARTTLS".to_owned()] };
        assert_eq!(Capabilities::read(&reply), Capabilities::default());
    }
}
