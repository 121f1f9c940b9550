//! Capabilities: what a server offers in its reply to EHLO (RFC 5321 4.1.1.1) or LHLO (RFC 2033 4.1).

use jiff::Timestamp;

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
    /// CHUNKING (RFC 3030): BDAT.
    pub chunking: bool,
    /// BINARYMIME (RFC 3030); without CHUNKING it is of no use, and so not set.
    pub binary_mime: bool,
    /// DSN (RFC 3461).
    pub dsn: bool,
    /// ENHANCEDSTATUSCODES (RFC 2034).
    pub enhanced_status_codes: bool,
    /// REQUIRETLS (RFC 8689).
    pub require_tls: bool,
    /// DELIVERBY (RFC 2852) is offered.
    pub deliver_by: bool,
    /// The shortest time in which the server can return a message, seconds; `None` when it is not said.
    pub deliver_by_min_s: Option<u32>,
    /// FUTURERELEASE (RFC 4865) is offered.
    pub future_release: bool,
    /// The longest time for which the server holds a message, seconds; `None` when it is not said.
    pub hold_max_s: Option<u32>,
    /// The latest time until which it does; `None` when it is not said.
    pub hold_max_until: Option<Timestamp>,
    /// MT-PRIORITY (RFC 6710).
    pub mt_priority: bool,
    /// LIMITS (RFC 9422).
    pub limits: Limits,
    /// It speaks LMTP: the message has one reply for each recipient that was taken (RFC 2033 4.2). No keyword says so.
    pub replies_to_each: bool,
}

/// How much the server takes (RFC 9422 section 4); `None` where it does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Transactions on one connection, at least 1.
    pub mail_max: Option<u32>,
    /// Recipients of one transaction, at least 1.
    pub rcpt_max: Option<u32>,
    /// Domains among the recipients of one transaction, at least 1.
    pub rcpt_domain_max: Option<u32>,
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
                "CHUNKING" => capabilities.chunking = true,
                "BINARYMIME" => capabilities.binary_mime = true,
                "DSN" => capabilities.dsn = true,
                "ENHANCEDSTATUSCODES" => capabilities.enhanced_status_codes = true,
                "REQUIRETLS" => capabilities.require_tls = true,
                "DELIVERBY" => {
                    capabilities.deliver_by = true;
                    // Extension tokens may follow the number (RFC 2852 section 4).
                    let first = words.next().and_then(|word| word.split(',').next());
                    capabilities.deliver_by_min_s = first.and_then(|word| number(word, 9)).filter(|&s| s > 0);
                }
                "FUTURERELEASE" => {
                    capabilities.future_release = true;
                    capabilities.hold_max_s =
                        words.next().and_then(|word| number(word, 9)).filter(|&s| s > 0);
                    capabilities.hold_max_until = words.next().and_then(|word| word.parse().ok());
                }
                "MT-PRIORITY" => capabilities.mt_priority = true,
                "LIMITS" => words.for_each(|word| capabilities.limits.read(word)),
                // The form of servers from before RFC 2554, still sent beside the right one.
                other if other.starts_with("AUTH=") => {
                    capabilities.add_mechanisms(other[5..].split_ascii_whitespace().chain(words));
                }
                _ => {}
            }
        }
        // Binary content has no dot to end it (RFC 3030 section 3).
        capabilities.binary_mime &= capabilities.chunking;
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

impl Limits {
    /// Reads `NAME=VALUE`. Of a limit that is said twice the smaller holds; 0 is no limit, and so are more than six
    /// digits (RFC 9422 section 4).
    fn read(&mut self, word: &str) {
        let Some((name, value)) = word.split_once('=') else { return };
        let Some(value) = number(value, 6).filter(|&value| value > 0) else { return };
        let limit = match name.to_ascii_uppercase().as_str() {
            "MAILMAX" => &mut self.mail_max,
            "RCPTMAX" => &mut self.rcpt_max,
            "RCPTDOMAINMAX" => &mut self.rcpt_domain_max,
            _ => return,
        };
        *limit = Some(limit.map_or(value, |said| said.min(value)));
    }
}

/// A number of at most this many digits (nine at the most), and nothing else.
fn number(word: &str, digits: usize) -> Option<u32> {
    let is_number = (1..=digits).contains(&word.len()) && word.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| word.parse().ok())?
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
    fn extensions_with_parameters() {
        let capabilities = read(&[
            "DSN",
            "chunking",
            "BINARYMIME",
            "ENHANCEDSTATUSCODES",
            "REQUIRETLS",
            "DELIVERBY 120,x",
            "FUTURERELEASE 1209600 2030-01-02T03:04:05Z",
            "MT-PRIORITY MIXER",
            "LIMITS RCPTMAX=50 mailmax=100 RCPTDOMAINMAX=1 OTHER=x",
        ]);
        assert!(capabilities.dsn && capabilities.chunking && capabilities.binary_mime);
        assert!(capabilities.enhanced_status_codes && capabilities.require_tls && capabilities.mt_priority);
        assert_eq!((capabilities.deliver_by, capabilities.deliver_by_min_s), (true, Some(120)));
        assert_eq!((capabilities.future_release, capabilities.hold_max_s), (true, Some(1_209_600)));
        assert_eq!(capabilities.hold_max_until, Some("2030-01-02T03:04:05Z".parse().unwrap()));
        let limits = Limits { mail_max: Some(100), rcpt_max: Some(50), rcpt_domain_max: Some(1) };
        assert_eq!(capabilities.limits, limits);
    }

    #[test]
    fn hostile_parameters_are_no_limits() {
        for word in ["", "0", "-1", "+5", "1e3", "1234567890", "99999999999999999999", "٣", "5;", "\\x35"] {
            let capabilities = read(&[
                &format!("DELIVERBY {word}"),
                &format!("FUTURERELEASE {word} {word}"),
                &format!("LIMITS RCPTMAX={word} MAILMAX={word}{word} RCPTDOMAINMAX"),
                &format!("LIMITS={word} RCPTMAX=3"),
                &format!("CHUNKING={word}"),
                "BINARYMIME",
            ]);
            assert!(capabilities.deliver_by && capabilities.future_release, "{word}");
            assert_eq!(capabilities.deliver_by_min_s, None, "{word}");
            assert_eq!((capabilities.hold_max_s, capabilities.hold_max_until), (None, None), "{word}");
            assert_eq!(capabilities.limits, Limits::default(), "{word}");
            assert!(!capabilities.chunking && !capabilities.binary_mime, "{word}");
        }
    }

    #[test]
    fn of_two_limits_the_smaller_holds() {
        let limits = read(&["LIMITS RCPTMAX=20 RCPTMAX=10", "LIMITS RCPTMAX=999999 RCPTMAX=1000000"]).limits;
        assert_eq!(limits.rcpt_max, Some(10));
    }

    #[test]
    fn the_first_line_is_a_name() {
        let reply = Reply { code: 250, lines: vec!["STARTTLS".to_owned()] };
        assert_eq!(Capabilities::read(&reply), Capabilities::default());
    }
}
