//! `mailto:` URLs (RFC 6068). They come from web pages, so only what cannot do harm is taken from them.

use crate::cli::rules::addresses;
use crate::cli::usage::{UsageError, printable};
use crate::mail::Listed;

/// The parts of a `mailto:` URL, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailto {
    /// Who gets the mail, one mailbox each.
    pub to: Vec<String>,
    /// Who gets a copy, one mailbox each.
    pub cc: Vec<String>,
    /// The subject, one line.
    pub subject: Option<String>,
    /// The text; its line ends are LF.
    pub body: Option<String>,
    /// The message that is answered.
    pub in_reply_to: Option<String>,
    /// The messages of the thread.
    pub references: Option<String>,
    /// Names of fields that were left out: bcc, attach, from and all that are not known.
    pub ignored: Vec<String>,
}

impl Mailto {
    /// Whether a word is such a URL.
    pub fn is_url(word: &str) -> bool {
        word.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
    }

    /// Takes a URL apart.
    pub fn parse(url: &str) -> Result<Self, UsageError> {
        let fail = |what: String| UsageError::data(format!("`{}`: {what}", printable(url)));
        let mut mailto = Mailto::default();
        let rest = url.get(7..).unwrap_or_default();
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        mailto.to = mailboxes("to", path).map_err(fail)?;
        for field in query.split('&').filter(|field| !field.is_empty()) {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let name = decode(name).map_err(fail)?.to_ascii_lowercase();
            match name.as_str() {
                "to" => mailto.to.extend(mailboxes("to", value).map_err(fail)?),
                "cc" => mailto.cc.extend(mailboxes("cc", value).map_err(fail)?),
                "subject" => mailto.subject = Some(line("subject", value).map_err(fail)?),
                "in-reply-to" => mailto.in_reply_to = Some(line("in-reply-to", value).map_err(fail)?),
                "references" => mailto.references = Some(line("references", value).map_err(fail)?),
                "body" => {
                    let text = decode(value).map_err(fail)?;
                    if text.contains('\0') {
                        return Err(fail("its body holds a NUL".to_owned()));
                    }
                    mailto.body = Some(text.replace("\r\n", "\n").replace('\r', "\n"));
                }
                _ => mailto.ignored.push(printable(&name)),
            }
        }
        Ok(mailto)
    }
}

/// Decodes addresses. They are divided before they are decoded: an encoded comma belongs to an address.
fn mailboxes(name: &str, value: &str) -> Result<Vec<String>, String> {
    let mut list = Vec::new();
    for part in value.split(',').filter(|part| !part.is_empty()) {
        let text = line(name, part)?;
        match addresses("", &text).map_err(|error| error.message)?.as_slice() {
            [Listed::Mailbox(_)] => list.push(text),
            _ => return Err(format!("`{}` is not one address", printable(&text))),
        }
    }
    Ok(list)
}

/// Decodes a value of one line.
fn line(name: &str, value: &str) -> Result<String, String> {
    let text = decode(value)?;
    match text.contains(['\r', '\n', '\0']) {
        true => Err(format!("its {name} holds a line end or a NUL")),
        false => Ok(text),
    }
}

/// Undoes percent-encoding. A plus sign is a plus sign (RFC 6068 5).
fn decode(text: &str) -> Result<String, String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    octets.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|octet| octet.is_ascii_hexdigit()));
        let octet = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        octets.push(octet.ok_or("a % is not followed by two hexadecimal digits")?);
        octets.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(octets).map_err(|_| "it does not decode to UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn urls() {
        let mailto = Mailto::parse(
            "MAILTO:a@x.org,%22b%2Cc%22@x.org?to=d%2Be@x&cc=f+g@x&Subject=caf%C3%A9&body=one%0D%0Atwo&In-Reply-To=%3C1@x%3E\
             &references=%3C0@x%3E&bcc=h@x&attach=/etc/passwd&x-y=z#part",
        )
        .unwrap();
        assert_eq!(
            mailto,
            Mailto {
                to: vec!["a@x.org".into(), "\"b,c\"@x.org".into(), "d+e@x".into()],
                cc: vec!["f+g@x".into()],
                subject: Some("café".into()),
                body: Some("one\ntwo".into()),
                in_reply_to: Some("<1@x>".into()),
                references: Some("<0@x>".into()),
                ignored: vec!["bcc".into(), "attach".into(), "x-y".into()],
            }
        );
        assert_eq!(Mailto::parse("mailto:").unwrap(), Mailto::default());
        assert_eq!(Mailto::parse("mailto:?to=a@x&").unwrap().to, ["a@x"]);
        assert!(Mailto::is_url("mailto:a@x") && !Mailto::is_url("mailto@x") && !Mailto::is_url("é"));
    }

    #[test]
    fn what_is_refused() {
        for (url, why) in [
            ("mailto:a@x?subject=s%0ABcc:%20e@x", "its subject holds a line end"),
            ("mailto:a@x?in-reply-to=%0d", "its in-reply-to holds a line end"),
            ("mailto:a@x%0ABcc:e@x", "its to holds a line end"),
            ("mailto:a@x?cc=%00", "its cc holds a line end or a NUL"),
            ("mailto:a@x?body=%00", "its body holds a NUL"),
            ("mailto:a@x%2Cb@y", "is not one address"),
            ("mailto:a%20b", "is not an address"),
            ("mailto:a@x?subject=%zz", "two hexadecimal digits"),
            ("mailto:a@x?subject=%4", "two hexadecimal digits"),
            ("mailto:a@x?subject=%+1", "two hexadecimal digits"),
            ("mailto:a@x?subject=%ff", "does not decode to UTF-8"),
        ] {
            let error = Mailto::parse(url).unwrap_err();
            assert!(error.message.contains(why), "{url}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_url_is_read_or_refused(rest in "[a-z@%0-9A-F?&=,:;<>\"é #]{0,60}") {
            if let Ok(mailto) = Mailto::parse(&format!("mailto:{rest}")) {
                let lines = [&mailto.subject, &mailto.in_reply_to, &mailto.references];
                prop_assert!(lines.into_iter().flatten().chain(&mailto.to).all(|text| !text.contains(['\r', '\n', '\0'])));
            }
        }
    }
}
