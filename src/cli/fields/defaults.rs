//! Fields of every mail. One that a mail has by itself, by whatever option, stands in place of them.

use std::ffi::OsStr;

use super::{has_field, is_once};
use crate::cli::request::Request;
use crate::cli::rules::{header, one_address, text};
use crate::cli::usage::UsageError;

impl Request {
    /// Adds fields before those that it has, but for those that it has already; the rules are those of `--header`. `place`
    /// is what errors begin with.
    pub fn add_default_fields(&mut self, place: &str, fields: &[String]) -> Result<(), UsageError> {
        let mut added = Vec::new();
        for field in fields {
            let (name, value) = header(place, OsStr::new(field))?;
            let is_same = |other: &str| name.eq_ignore_ascii_case(other);
            if is_once(&name) && added.iter().any(|(other, _): &(String, _)| is_same(other)) {
                return Err(UsageError::usage(format!("{place}: the field {name} is given twice")));
            }
            if is_same("Sender") {
                let value = text(place, value)?;
                one_address(place, &value)?;
                self.sender.get_or_insert(value);
                continue;
            }
            let is_given = has_field(self, &name)
                || (is_same("Disposition-Notification-To") && self.read_receipt.is_some())
                // It speaks of the other field, which is not the one of every mail then (RFC 8058 3.1).
                || (is_same("List-Unsubscribe-Post") && has_field(self, "List-Unsubscribe"));
            if !is_given {
                added.push((name, value));
            }
        }
        self.headers.splice(0..0, added);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::tests::request_of;

    #[test]
    fn what_a_mail_has_by_itself_stands_in_their_place() {
        let defaults = [
            "Importance: low",
            "X-A: 1",
            "X-A: 2",
            "Sender: al",
            "Disposition-Notification-To: al@x",
            "List-Unsubscribe: <https://x>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ];
        let defaults = defaults.map(str::to_owned);
        for (words, names, sender) in [
            (
                &[][..],
                "Importance X-A X-A Disposition-Notification-To List-Unsubscribe List-Unsubscribe-Post",
                "al",
            ),
            (
                &["--importance", "high"],
                "X-A X-A Disposition-Notification-To List-Unsubscribe List-Unsubscribe-Post Importance",
                "al",
            ),
            (
                &["--header", "x-a: 3", "--sender", "bo@x", "--read-receipt"],
                "Importance List-Unsubscribe List-Unsubscribe-Post x-a",
                "bo@x",
            ),
            (
                &["--list-unsubscribe", "mailto:l@x"],
                "Importance X-A X-A Disposition-Notification-To List-Unsubscribe",
                "al",
            ),
        ] {
            let mut request = request_of(&[words, &["r"]].concat());
            request.add_default_fields("here", &defaults).unwrap();
            let found: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(
                (found.join(" ").as_str(), request.sender.as_deref()),
                (names, Some(sender)),
                "{words:?}"
            );
        }
    }

    #[test]
    fn the_rules_are_those_of_an_option() {
        for (fields, problem) in [
            (&["Bcc: a@x"][..], "here: the field Bcc cannot be added"),
            (&["X A: b"], "here: `X A` is no field name"),
            (&["Importance: low", "importance: high"], "here: the field importance is given twice"),
            (&["Sender: a@x, b@x"], "here: `a@x, b@x` is not one address"),
        ] {
            let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
            let error = request_of(&["r"]).add_default_fields("here", &fields).unwrap_err();
            assert!(error.message.contains(problem), "{error}");
        }
    }
}
