//! Commands: what the client says, one line each (RFC 5321 4.1.1).

use crate::mail::{Address, Notify, OriginalRecipient, Wishes};
use crate::smtp::parameter;
use crate::sys::Secret;

/// The `BODY=` parameter of MAIL (RFC 6152).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BodyKind {
    /// Only ASCII; the parameter is left out.
    #[default]
    SevenBit,
    /// `BODY=8BITMIME`.
    EightBit,
}

/// One command.
#[derive(Debug, Clone)]
pub enum Command {
    /// EHLO with the client's name.
    Ehlo(String),
    /// HELO with the client's name.
    Helo(String),
    /// LHLO with the client's name (RFC 2033 4.1).
    Lhlo(String),
    /// STARTTLS (RFC 3207).
    StartTls,
    /// AUTH with its initial response, if the mechanism has one (RFC 4954). The secret is already base64.
    Auth {
        /// `PLAIN`, `LOGIN`.
        mechanism: &'static str,
        /// The initial response in base64.
        initial: Option<Secret>,
    },
    /// The answer to a 334, in base64.
    AuthAnswer(Secret),
    /// MAIL FROM.
    ///
    /// Never with `AUTH=` (RFC 4954 section 5): by that a relay which the server trusts tells who wrote to it. A
    /// submission server knows who has logged in and takes nobody else's word, and `AUTH=<>` would hide him.
    Mail {
        /// The reverse-path; `None` is the null one.
        reverse_path: Option<Address>,
        /// `SIZE=` in octets (RFC 1870), where the server offers it.
        size: Option<u64>,
        /// `BODY=`.
        body: BodyKind,
        /// `SMTPUTF8` (RFC 6531).
        smtputf8: bool,
        /// What the sender wishes and the server has offered.
        wishes: Box<Wishes>,
    },
    /// RCPT TO.
    Rcpt {
        /// The recipient.
        recipient: Address,
        /// `NOTIFY=` (RFC 3461).
        notify: Option<Notify>,
        /// `ORCPT=`, so that a report names whom the sender wrote to.
        original: Option<OriginalRecipient>,
    },
    /// DATA.
    Data,
    /// `BDAT size LAST`: the whole message, this many octets, follows (RFC 3030).
    Bdat(u64),
    /// RSET.
    Rset,
    /// QUIT.
    Quit,
}

impl Command {
    /// Appends the line with its CRLF.
    ///
    /// What a person wrote is in it only as an [`Address`] or as base64, neither of which can hold a line end.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        match self {
            Command::Auth { mechanism, initial } => {
                out.extend_from_slice(b"AUTH ");
                out.extend_from_slice(mechanism.as_bytes());
                if let Some(initial) = initial {
                    out.push(b' ');
                    out.extend_from_slice(initial.expose());
                }
            }
            Command::AuthAnswer(answer) => out.extend_from_slice(answer.expose()),
            other => out.extend_from_slice(other.redacted().as_bytes()),
        }
        assert!(
            !out[start..].iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)),
            "a command is one line"
        );
        out.extend_from_slice(b"\r\n");
    }

    /// The line as a transcript may show it, without CRLF: secrets are `***`.
    pub fn redacted(&self) -> String {
        match self {
            Command::Ehlo(name) => format!("EHLO {name}"),
            Command::Helo(name) => format!("HELO {name}"),
            Command::Lhlo(name) => format!("LHLO {name}"),
            Command::StartTls => "STARTTLS".to_owned(),
            Command::Auth { mechanism, initial: None } => format!("AUTH {mechanism}"),
            Command::Auth { mechanism, initial: Some(_) } => format!("AUTH {mechanism} ***"),
            Command::AuthAnswer(_) => "***".to_owned(),
            Command::Mail { reverse_path, size, body, smtputf8, wishes } => {
                let path = reverse_path.as_ref().map(Address::to_string).unwrap_or_default();
                let mut line = format!("MAIL FROM:<{path}>");
                if let Some(size) = size {
                    line.push_str(&format!(" SIZE={size}"));
                }
                if *body == BodyKind::EightBit {
                    line.push_str(" BODY=8BITMIME");
                }
                if *smtputf8 {
                    line.push_str(" SMTPUTF8");
                }
                parameter::of_mail(wishes, &mut line);
                line
            }
            Command::Rcpt { recipient, notify, original } => {
                let mut line = format!("RCPT TO:<{recipient}>");
                // Letters outside ASCII may stand there where they stand in the recipient.
                let original = original.as_ref().map(|original| original.said(!recipient.is_ascii()));
                parameter::of_rcpt(*notify, original.as_deref(), &mut line);
                line
            }
            Command::Data => "DATA".to_owned(),
            Command::Bdat(size) => format!("BDAT {size} LAST"),
            Command::Rset => "RSET".to_owned(),
            Command::Quit => "QUIT".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(command: &Command) -> String {
        let mut out = Vec::new();
        command.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_are_those_of_the_rfc() {
        let address = Address::parse("a@x.org").unwrap();
        let mail = |reverse_path, body, smtputf8| {
            let wishes = Box::default();
            line(&Command::Mail { reverse_path, size: Some(9), body, smtputf8, wishes })
        };
        assert_eq!(
            mail(Some(address.clone()), BodyKind::EightBit, true),
            "MAIL FROM:<a@x.org> SIZE=9 BODY=8BITMIME SMTPUTF8\r\n"
        );
        assert_eq!(mail(None, BodyKind::SevenBit, false), "MAIL FROM:<> SIZE=9\r\n");
        assert_eq!(
            line(&Command::Rcpt { recipient: address, notify: None, original: None }),
            "RCPT TO:<a@x.org>\r\n"
        );
    }

    #[test]
    fn a_secret_is_on_the_wire_and_not_in_the_transcript() {
        let auth = Command::Auth { mechanism: "PLAIN", initial: Some(Secret::new("Y2FuYXJ5")) };
        assert_eq!(line(&auth), "AUTH PLAIN Y2FuYXJ5\r\n");
        assert_eq!(auth.redacted(), "AUTH PLAIN ***");
        assert!(!format!("{auth:?}").contains("Y2FuYXJ5"));
    }

    #[test]
    #[should_panic(expected = "one line")]
    fn a_line_end_never_passes() {
        line(&Command::Ehlo("x\r\nMAIL FROM:<>".to_owned()));
    }
}
