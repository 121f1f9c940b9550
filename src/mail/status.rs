//! Enhanced status codes, `5.1.1` (RFC 3463, RFC 2034).

use std::fmt;

/// class.subject.detail; the class is 2, 4 or 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnhancedStatus {
    /// 2 success, 4 persistent transient failure, 5 permanent failure.
    pub class: u8,
    /// 0 to 999.
    pub subject: u16,
    /// 0 to 999.
    pub detail: u16,
}

impl EnhancedStatus {
    /// Makes a status of its three numbers.
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        EnhancedStatus { class, subject, detail }
    }

    /// Reads a status at the beginning of `text`, followed by a blank or the end; gives it and the rest.
    pub fn split(text: &str) -> Option<(Self, &str)> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut numbers = word.split('.');
        let class = match numbers.next()? {
            "2" => 2,
            "4" => 4,
            "5" => 5,
            _ => return None,
        };
        let mut number = || -> Option<u16> {
            let digits = numbers.next()?;
            let is_short = (1..=3).contains(&digits.len());
            (is_short && digits.bytes().all(|octet| octet.is_ascii_digit())).then(|| digits.parse().ok())?
        };
        let status = EnhancedStatus::new(class, number()?, number()?);
        numbers.next().is_none().then_some((status, rest))
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_a_status_and_nothing_else() {
        let (status, rest) = EnhancedStatus::split("5.1.1 no such user").unwrap();
        assert_eq!((status.to_string().as_str(), rest), ("5.1.1", "no such user"));
        for text in ["", "5.1", "5.1.1.1", "3.1.1", "5.1.x", "5..1", "5.1.1000", "ok 5.1.1"] {
            assert_eq!(EnhancedStatus::split(text), None, "{text:?}");
        }
    }
}
