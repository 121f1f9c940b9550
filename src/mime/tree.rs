//! The message: a header and the part that holds all others, written as often as needed.

mod lint;
mod nest;

use std::io::Write;

use self::nest::Nest;
use super::draft::{Draft, date_field};
use super::error::{ComposeError, MessageError};
use super::given::Ready;
use super::header::{Header, check_id, in_utf8};
use super::part::{Outline, Part};
use crate::mail::{Warning, WarningKind};
use crate::sys::Random;

/// A message that can be written, the same each time. It holds no file's content.
#[derive(Debug, Clone)]
pub struct Message {
    message_id: String,
    header: String,
    root: Part,
    smtputf8: bool,
    eight_bit: bool,
    warnings: Vec<Warning>,
}

impl Message {
    /// Composes the message: decides charsets, encodings and types, reads each text and the beginning of each
    /// attachment, and computes the size.
    pub fn compose(draft: Draft, random: &dyn Random) -> Result<Self, ComposeError> {
        let mut warnings = Vec::new();
        let given = draft.given.as_ref().map(|given| given.ready(&draft, &mut warnings)).transpose()?;
        // What was given and holds all of the message keeps the places of its fields.
        let is_whole = given.as_ref().is_some_and(Ready::has_content) && !draft.has_several_parts();
        let Header { text: mut header, smtputf8, mut lacking, .. } = match &given {
            Some(given) => given.header(is_whole, &draft.charsets, &mut warnings)?,
            None => fields(&draft, &mut warnings)?,
        };
        let root = Nest::root(&draft, given.as_ref(), random, &mut warnings, &mut lacking)?;
        let words = in_utf8(&lacking).into_iter();
        warnings.extend(words.map(|words| Warning::new(WarningKind::UNENCODABLE, words)));
        if !is_whole {
            header.push_str(&root.fields);
        }
        header.push_str("\r\n");
        lint::judge(&draft, &root, header.len() as u64 + root.size, &mut warnings)?;
        // Each form of a text has the same to say.
        let mut said: Vec<Warning> = Vec::new();
        warnings.retain(|warning| {
            let is_new = !said.contains(warning);
            said.extend(is_new.then(|| warning.clone()));
            is_new
        });
        let eight_bit = root.is_eight_bit();
        let message_id = given.map_or(draft.message_id, |given| given.message_id().to_owned());
        Ok(Message { message_id, header, root, smtputf8, eight_bit, warnings })
    }

    /// Exactly how many octets [`Message::write_to`] writes; not dot-stuffed.
    pub fn size(&self) -> u64 {
        self.header.len() as u64 + self.root.size
    }

    /// Writes the message, every line ended in CRLF, not dot-stuffed. After an error what was written is no message.
    pub fn write_to(&self, out: &mut dyn Write) -> Result<(), MessageError> {
        let mut sink = |octets: &[u8]| out.write_all(octets).map_err(MessageError::Sink);
        sink(self.header.as_bytes())?;
        self.root.write_body(&mut sink)
    }

    /// The header's lines, each ended in CRLF, with the empty line behind them.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The identifier, `<left@right>`.
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// Whether an address in the header is in UTF-8, so that the server must offer SMTPUTF8 (RFC 6531 3.1).
    pub fn needs_smtputf8(&self) -> bool {
        self.smtputf8
    }

    /// Whether any octet is above 127. No text has one; a message that is attached may, and a multipart that was given.
    pub fn is_eight_bit(&self) -> bool {
        self.smtputf8 || self.eight_bit
    }

    /// What was decided for the person and may surprise, and what is unwise.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// What is in it, in order; the text comes first.
    pub fn parts(&self) -> impl Iterator<Item = &Outline> {
        self.root.outlines().into_iter()
    }
}

/// All fields but those of the body.
fn fields(draft: &Draft, warnings: &mut Vec<Warning>) -> Result<Header, ComposeError> {
    let mut header = Header::new(&draft.charsets);
    header.plain("Date", &date_field(&draft.date)?);
    header.addresses("From", &draft.authors())?;
    if let Some(sender) = draft.sender_field() {
        header.addresses("Sender", &[sender])?;
    }
    if !draft.reply_to.is_empty() {
        header.addresses("Reply-To", &draft.reply_to)?;
    }
    if !draft.to.is_empty() {
        header.addresses("To", &draft.to)?;
    } else if draft.cc.is_empty() {
        header.plain("To", "undisclosed-recipients:;");
    }
    if !draft.cc.is_empty() {
        header.addresses("Cc", &draft.cc)?;
    }
    if let Some(subject) = &draft.subject {
        header.subject(subject, &draft.charsets, warnings)?;
    }
    check_id("Message-ID", &draft.message_id)?;
    header.plain("Message-ID", &draft.message_id);
    for (name, text) in &draft.fields {
        header.own(name, text, &draft.charsets, warnings)?;
    }
    header.plain("MIME-Version", "1.0");
    Ok(header)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mail::Listed;
    use crate::mime::sample::{attachment, compose, draft, mailbox, written};
    use crate::mime::{Body, Charsets, Html, Source, Text};
    use crate::sys::SeededRandom;
    use std::io;

    #[test]
    fn a_plain_message() {
        let message =
            compose(Draft { subject: Some("hello".into()), body: Body::from("one\ntwo\n"), ..draft() })
                .unwrap();
        assert_eq!(
            written(&message),
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n\
             From: a@example.org\r\n\
             To: b@example.org\r\n\
             Subject: hello\r\n\
             Message-ID: <1@example.org>\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=us-ascii\r\n\
             Content-Transfer-Encoding: 7bit\r\n\
             \r\n\
             one\r\ntwo\r\n"
        );
        assert!(!message.needs_smtputf8() && !message.is_eight_bit() && message.warnings().is_empty());
        assert_eq!(message.message_id(), "<1@example.org>");
        assert_eq!(written(&compose(draft()).unwrap()).rsplit_once("\r\n\r\n").unwrap().1, "");
    }

    #[test]
    fn a_message_with_attachments() {
        let attachments =
            vec![attachment("a.txt", "x\n"), attachment("файл имя.pdf", "%PDF"), attachment("e", "")];
        let message = compose(Draft { body: Body::from("é"), attachments, ..draft() }).unwrap();
        let text = written(&message);
        let boundary = text.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(boundary.starts_with("=_") && boundary.len() == 26);
        let parts: Vec<&str> = text.split(&format!("--{boundary}")).collect();
        assert_eq!(parts.len(), 6);
        assert!(
            parts[0]
                .ends_with(&format!("\r\nContent-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n"))
        );
        assert_eq!(
            parts[1],
            "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
             =C3=A9\r\n\r\n"
        );
        assert_eq!(
            parts[2],
            "\r\nContent-Type: text/plain; charset=us-ascii; name=\"a.txt\"\r\n\
             Content-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"a.txt\"\r\n\r\n\
             eAo=\r\n\r\n"
        );
        assert!(parts[3].contains(
            "Content-Disposition: attachment;\r\n filename*=utf-8''%D1%84%D0%B0%D0%B9%D0%BB%20%D0%B8%D0%BC%D1%8F.pdf\r\n"
        ));
        assert!(parts[4].ends_with("filename=\"e\"\r\n\r\n\r\n"));
        assert_eq!(parts[5], "--\r\n");
        let outline: Vec<_> = message.parts().map(|part| (part.media_type.as_str(), part.octets)).collect();
        assert_eq!(
            outline,
            [("text/plain", 4), ("text/plain", 2), ("application/pdf", 4), ("text/plain", 0)]
        );
        assert_eq!(message.parts().nth(1).unwrap().name.as_deref(), Some("a.txt"));
    }

    #[test]
    fn a_message_can_be_written_from_several_threads() {
        fn is_shared<T: Send + Sync>(_: &T) {}
        is_shared(&compose(draft()).unwrap());
    }

    #[test]
    fn who_is_not_named() {
        let to = |to, cc| {
            let text = written(&compose(Draft { to, cc, ..draft() }).unwrap());
            text.lines().filter(|line| line.starts_with("To:") || line.starts_with("Cc:")).collect::<String>()
        };
        let someone = vec![Listed::Mailbox(mailbox("", "c@x"))];
        assert_eq!(to(vec![], vec![]), "To: undisclosed-recipients:;");
        assert_eq!(to(vec![], someone.clone()), "Cc: c@x");
        assert_eq!(to(someone, vec![]), "To: c@x");
    }

    #[test]
    fn a_body_of_another_type() {
        let with = |body_type: &str, body: &str| {
            compose(Draft { body_type: body_type.into(), body: Body::from(body), ..draft() })
        };
        let text = written(&with("text/html; charset=iso-8859-1; x=y", "<p>é").unwrap());
        assert!(text.contains("Content-Type: text/html; x=y; charset=utf-8\r\n"), "{text}");
        let text = written(&with("application/json", "{}\n").unwrap());
        assert!(
            text.contains(
                "Content-Type: application/json\r\nContent-Transfer-Encoding: base64\r\n\r\ne30K\r\n"
            )
        );
        for bad in ["multipart/mixed", "message/rfc822", "text", "text/plain\r\nBcc: x@y"] {
            assert!(with(bad, "").is_err(), "{bad}");
        }
    }

    #[test]
    fn octets_of_no_charset_are_kept() {
        let body = Source::Octets(b"caf\xe9\n".to_vec()).into();
        let message = compose(Draft { body, ..draft() }).unwrap();
        let text = written(&message);
        assert!(text.contains("Content-Type: text/plain; charset=unknown-8bit\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\nY2Fm6Qo=\r\n"), "{text}");
        let names: Vec<_> = message.warnings().iter().map(|warning| warning.kind.name).collect();
        assert_eq!(names, ["unknown-charset", "no-subject"]);
    }

    #[test]
    fn what_holds_of_several_forms_is_said_once() {
        let html = Html { body: Body::from("<p>😀"), charset: None };
        let charsets = Charsets { output: Some(encoding_rs::GBK), ..Charsets::default() };
        let subject = Some("x".into());
        let letter = Draft { subject, body: Body::from("😀"), html: Some(html), charsets, ..draft() };
        let message = compose(letter).unwrap();
        assert_eq!(message.warnings(), ["GBK has no `\\u{1f600}`: the body is sent in UTF-8"]);
    }

    #[test]
    fn a_boundary_never_stands_in_a_part() {
        let token = SeededRandom::new(1).token(23).unwrap();
        let trap = format!("--=_{token}\n");
        let attachments = vec![attachment("a.eml", format!("Subject: x\n\n{trap}"))];
        let text =
            written(&compose(Draft { body: Body::from(trap.as_str()), attachments, ..draft() }).unwrap());
        assert_eq!(text.matches(&format!("--=_{token}")).count(), 3, "{text}");
    }

    #[test]
    fn the_error_of_the_writer_comes_through() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::new(io::ErrorKind::StorageFull, "mine"))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        match compose(draft()).unwrap().write_to(&mut Full) {
            Err(MessageError::Sink(error)) => assert_eq!(error.to_string(), "mine"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_subject_of_two_lines_is_refused() {
        let error = compose(Draft { subject: Some(Text::from("a\nBcc: e@x")), ..draft() }).unwrap_err();
        assert_eq!(error.to_string(), "a subject is one line: it holds an LF");
        let fields = vec![("bcc\n".to_owned(), Text::from("x"))];
        assert!(compose(Draft { fields, ..draft() }).is_err());
        assert!(compose(Draft { message_id: "<a@b>\r\nX: y".into(), ..draft() }).is_err());
    }
}
