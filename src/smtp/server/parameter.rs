//! MAIL and RCPT with their parameters (RFC 5321 4.1.1.2, 4.1.1.3, 4.1.1.11), read.

use super::refusal::line;
use super::{Arrival, Recipient, path};
use crate::mail::{EnvelopeId, Notify, OriginalRecipient, Return, from_xtext};
use crate::smtp::BodyKind;

/// The reply to a command that is not obeyed.
pub(super) type Said = Vec<u8>;

/// What stands behind `MAIL`.
pub(super) fn mail(text: &str, size_limit: Option<u64>) -> Result<Arrival, Said> {
    let (path, parameters) =
        path::split(text, "FROM:").ok_or_else(|| line(501, "5.5.4 Syntax: MAIL FROM:<address>"))?;
    let reverse_path = match path {
        "" => None,
        _ => Some(path::bare(path).map_err(|error| line(501, &format!("5.1.7 {error}")))?),
    };
    let mut arrival = Arrival { reverse_path, ..Arrival::default() };
    for parameter in parameters.split_ascii_whitespace() {
        let (keyword, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match keyword.to_ascii_uppercase().as_str() {
            "SIZE" => arrival.size = Some(size(value, size_limit)?),
            "BODY" if value.eq_ignore_ascii_case("7BIT") => arrival.body = BodyKind::SevenBit,
            "BODY" if value.eq_ignore_ascii_case("8BITMIME") => arrival.body = BodyKind::EightBit,
            "SMTPUTF8" if parameter.len() == keyword.len() => arrival.smtputf8 = true,
            "RET" if arrival.returned.is_none() => {
                arrival.returned = Some(Return::parse(value).map_err(|_| unreadable(parameter))?);
            }
            "ENVID" if arrival.envelope_id.is_none() => {
                let id = from_xtext(value).and_then(|text| EnvelopeId::parse(&text).ok());
                arrival.envelope_id = Some(id.ok_or_else(|| unreadable(parameter))?);
            }
            "BODY" | "SMTPUTF8" | "RET" | "ENVID" => return Err(unreadable(parameter)),
            _ => return Err(unknown(parameter)),
        }
    }
    Ok(arrival)
}

/// What stands behind `RCPT`.
pub(super) fn rcpt(text: &str) -> Result<Recipient, Said> {
    let (path, parameters) =
        path::split(text, "TO:").ok_or_else(|| line(501, "5.5.4 Syntax: RCPT TO:<address>"))?;
    let address = path::bare(path).map_err(|error| line(501, &format!("5.1.3 {error}")))?;
    let mut recipient = Recipient { address, notify: None, original: None };
    for parameter in parameters.split_ascii_whitespace() {
        let (keyword, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match keyword.to_ascii_uppercase().as_str() {
            "NOTIFY" if recipient.notify.is_none() => {
                recipient.notify = Some(Notify::parse(value).map_err(|_| unreadable(parameter))?);
            }
            "ORCPT" if recipient.original.is_none() => {
                recipient.original =
                    Some(OriginalRecipient::heard(value).map_err(|_| unreadable(parameter))?);
            }
            "NOTIFY" | "ORCPT" => return Err(unreadable(parameter)),
            _ => return Err(unknown(parameter)),
        }
    }
    Ok(recipient)
}

/// `SIZE=` (RFC 1870 section 5: up to 20 digits).
fn size(value: &str, limit: Option<u64>) -> Result<u64, Said> {
    let is_number = (1..=20).contains(&value.len()) && value.bytes().all(|octet| octet.is_ascii_digit());
    if !is_number {
        return Err(unreadable(&format!("SIZE={value}")));
    }
    let size = value.parse().unwrap_or(u64::MAX);
    if size > limit.unwrap_or(u64::MAX - 1) { Err(too_large()) } else { Ok(size) }
}

/// The reply to a message that is larger than the limit (RFC 1870 section 6).
pub(super) fn too_large() -> Said {
    line(552, "5.3.4 the message is larger than what is taken here")
}

fn unreadable(parameter: &str) -> Said {
    line(501, &format!("5.5.4 cannot understand {parameter}"))
}

fn unknown(parameter: &str) -> Said {
    line(555, &format!("5.5.4 not offered here: {parameter}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parameters_are_read() {
        let text = "FROM:<me@x> size=12 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=run+207+2B1";
        let arrival = mail(text, Some(12)).unwrap();
        assert_eq!(arrival.reverse_path.unwrap().as_str(), "me@x");
        assert_eq!((arrival.size, arrival.body, arrival.smtputf8), (Some(12), BodyKind::EightBit, true));
        assert_eq!(arrival.returned, Some(Return::Headers));
        assert_eq!(arrival.envelope_id.unwrap().as_str(), "run 7+1");
        let recipient = rcpt("TO:<a@x> NOTIFY=SUCCESS,delay ORCPT=rfc822;a+2Bb@x").unwrap();
        assert_eq!(recipient.notify, Notify::parse("success,delay").ok());
        assert_eq!(recipient.original.unwrap().to_string(), "rfc822;a+b@x");
    }

    #[test]
    fn what_is_wrong_is_told() {
        let said = |text: &str| {
            let reply = if text.starts_with("FROM") { mail(text, Some(99)).err() } else { rcpt(text).err() };
            String::from_utf8(reply.unwrap_or_default()).unwrap()
        };
        for (text, wanted) in [
            ("FROM:<a@x> SIZE=", "501 5.5.4 "),
            ("FROM:<a@x> SIZE=-1", "501 5.5.4 "),
            ("FROM:<a@x> SIZE=100", "552 5.3.4 "),
            ("FROM:<a@x> SIZE=99999999999999999999", "552 5.3.4 "),
            ("FROM:<a@x> SIZE=099999999999999999999", "501 5.5.4 "),
            ("FROM:<a@x> BODY=BINARYMIME", "501 5.5.4 cannot understand BODY=BINARYMIME"),
            ("FROM:<a@x> SMTPUTF8=yes", "501 5.5.4 "),
            ("FROM:<a@x> RET=ALL", "501 5.5.4 "),
            ("FROM:<a@x> RET=FULL RET=FULL", "501 5.5.4 "),
            ("FROM:<a@x> ENVID=a+2", "501 5.5.4 "),
            ("FROM:<a@x> ENVID=a+0D+0ARCPT", "501 5.5.4 "),
            ("FROM:<a@x> AUTH=<>", "555 5.5.4 not offered here: AUTH=<>"),
            ("FROM:<a@x> REQUIRETLS", "555 5.5.4 "),
            ("FROM:<a b@x>", "501 5.1.7 `a b@x` is not an address"),
            ("FROM <a@x>", "501 5.5.4 "),
            ("TO:<>", "501 5.1.3 "),
            ("TO:<a@x> NOTIFY=NEVER,DELAY", "501 5.5.4 "),
            ("TO:<a@x> ORCPT=a@x", "501 5.5.4 "),
            ("TO:<a@x> ORCPT=rfc822;a+0A@x", "501 5.5.4 "),
            ("TO:<a@x> SIZE=3", "555 5.5.4 "),
        ] {
            assert!(said(text).starts_with(wanted), "{text}: {}", said(text));
        }
        assert_eq!(mail("FROM:<> SIZE=18446744073709551614", None).unwrap().size, Some(u64::MAX - 1));
    }
}
