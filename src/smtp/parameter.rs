//! Parameters of MAIL and RCPT that carry a sender's wishes: how each is written, and what becomes of the mail where a
//! server does not offer the extension (RFC 3461, 2852, 4865, 6710, 8689).
//!
//! A wish about reports is left out with a warning, for the mail is what matters. Every other wish is a condition, and
//! a mail that would go without it does not go.

use crate::mail::{Address, Envelope, Hold, Late, Notify, Problem, Return, Stage, Verdict, Wishes, xtext};
use crate::smtp::Capabilities;

/// The wishes that may be said to a server; what else is wished is not for it, or [`unmet`] has said so.
pub(super) fn offered(wishes: &Wishes, offers: &Capabilities) -> Wishes {
    if offers.dsn { wishes.clone() } else { wishes.without_reports() }
}

/// The warning that reports were wished for and cannot be asked for. Of a mail from nobody there are none to ask for.
pub(super) fn unmet_reports(envelope: &Envelope, offers: &Capabilities) -> Option<String> {
    let concerns_reports = envelope.reverse_path().is_some() && envelope.wishes().concern_reports();
    (concerns_reports && !offers.dsn)
        .then(|| "the server does not offer DSN, so what was asked of its reports was not said".to_owned())
}

/// Why a mail with these wishes must not go to this server; names every extension that is missing.
pub(super) fn unmet(wishes: &Wishes, offers: &Capabilities) -> Option<Verdict> {
    let is_offered = |extension: &str| match extension {
        "REQUIRETLS" => offers.require_tls,
        "DELIVERBY" => offers.deliver_by,
        "FUTURERELEASE" => offers.future_release,
        _ => offers.mt_priority,
    };
    let missing: Vec<_> =
        wishes.conditions().into_iter().filter(|(_, extension)| !is_offered(extension)).collect();
    if missing.is_empty() {
        return beyond_limit(wishes, offers);
    }
    let extensions: Vec<&str> = missing.iter().map(|(_, extension)| *extension).collect();
    let sentence = match missing[..] {
        [(words, extension)] => {
            format!("the mail asks for {words}, and the server does not offer {extension}")
        }
        _ => format!("the server does not offer what the mail asks for: {}", extensions.join(", ")),
    };
    let verdict = Verdict::failed(Stage::Mail, Problem::Unsupported, sentence);
    // 5.7.30: REQUIRETLS support required (RFC 8689 section 5).
    Some(if extensions.contains(&"REQUIRETLS") {
        verdict.with_status(5, 7, 30)
    } else {
        verdict.with_status(5, 3, 3)
    })
}

/// A wish that the server knows and that goes beyond what it has said it does.
fn beyond_limit(wishes: &Wishes, offers: &Capabilities) -> Option<Verdict> {
    let fail = |sentence, status: (u16, u16)| {
        Some(Verdict::failed(Stage::Mail, Problem::Unsupported, sentence).with_status(5, status.0, status.1))
    };
    // The least time concerns mails that come back (RFC 2852 section 4); 5.4.7 is "delivery time expired".
    if let (Some(by), Some(least)) = (wishes.deliver_by, offers.deliver_by_min_s)
        && by.late == Late::Return
        && by.within_s < least
    {
        let within = by.within_s;
        return fail(
            format!(
                "the mail must arrive within {within} s, and the server promises nothing below {least} s"
            ),
            (4, 7),
        );
    }
    match (wishes.hold, offers.hold_max_s, offers.hold_max_until) {
        (Some(Hold::For(wanted)), Some(most), _) if wanted > most => fail(
            format!("the mail is to be held for {wanted} s, and the server holds mail for at most {most} s"),
            (5, 4),
        ),
        (Some(Hold::Until(wanted)), _, Some(latest)) if wanted > latest => {
            fail(format!("the server holds mail until {latest} at most, and not until {wanted}"), (5, 4))
        }
        _ => None,
    }
}

/// Adds the parameters of MAIL.
pub(super) fn of_mail(wishes: &Wishes, line: &mut String) {
    match wishes.returned {
        Some(Return::Full) => line.push_str(" RET=FULL"),
        Some(Return::Headers) => line.push_str(" RET=HDRS"),
        None => {}
    }
    if let Some(id) = &wishes.envelope_id {
        line.push_str(&format!(" ENVID={}", xtext(id.as_str())));
    }
    if let Some(by) = wishes.deliver_by {
        let mode = if by.late == Late::Return { "R" } else { "N" };
        let trace = if by.trace { "T" } else { "" };
        line.push_str(&format!(" BY={};{mode}{trace}", by.within_s));
    }
    match wishes.hold {
        Some(Hold::For(seconds)) => line.push_str(&format!(" HOLDFOR={seconds}")),
        // In UTC and whole seconds, which is how a Timestamp without a fraction displays.
        Some(Hold::Until(time)) => line.push_str(&format!(" HOLDUNTIL={time}")),
        None => {}
    }
    if let Some(priority) = wishes.priority {
        line.push_str(&format!(" MT-PRIORITY={}", priority.number()));
    }
    if wishes.require_tls {
        line.push_str(" REQUIRETLS");
    }
}

/// Adds the parameters of RCPT.
pub(super) fn of_rcpt(notify: Option<Notify>, original: Option<&Address>, line: &mut String) {
    if let Some(notify) = notify {
        line.push_str(&format!(" NOTIFY={}", notify.to_string().to_ascii_uppercase()));
    }
    match original {
        Some(address) if address.is_ascii() => {
            line.push_str(&format!(" ORCPT=rfc822;{}", xtext(&address.to_string())));
        }
        // Who takes the address in UTF-8 takes it so here (RFC 6533 section 3: utf-8-addr-unitext).
        Some(address) => {
            line.push_str(" ORCPT=utf-8;");
            for character in address.to_string().chars() {
                match character {
                    '\\' | '+' | '=' | ' ' => line.push_str(&format!("\\x{{{:02X}}}", u32::from(character))),
                    _ => line.push(character),
                }
            }
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{DeliverBy, EnvelopeId, Priority};

    fn mail(wishes: &Wishes) -> String {
        let mut line = String::new();
        of_mail(wishes, &mut line);
        line
    }

    fn rcpt(notify: &str, address: &str) -> String {
        let mut line = String::new();
        of_rcpt(Notify::parse(notify).ok(), Address::parse(address).ok().as_ref(), &mut line);
        line
    }

    #[test]
    fn reports_are_missed_by_whom_they_would_reach() {
        let me = Address::parse("me@x.org").ok();
        let never = Wishes { notify: Notify::parse("never").ok(), ..Wishes::default() };
        for (reverse_path, wishes, dsn, warns) in [
            (me.clone(), never.clone(), false, true),
            (me.clone(), never.clone(), true, false),
            (me, Wishes::default(), false, false),
            (None, never, false, false),
        ] {
            let recipient = Address::parse("a@x.org").unwrap();
            let envelope = Envelope::new(reverse_path, [recipient]).unwrap().with_wishes(wishes);
            let offers = Capabilities { dsn, ..Capabilities::default() };
            assert_eq!(unmet_reports(&envelope, &offers).is_some(), warns, "{envelope:?}");
        }
    }

    #[test]
    fn all_parameters_of_mail() {
        let wishes = Wishes {
            notify: Notify::parse("never").ok(),
            returned: Return::parse("headers").ok(),
            envelope_id: EnvelopeId::parse("run 7+1=8").ok(),
            deliver_by: DeliverBy::parse("2h,return,trace").ok(),
            hold: Hold::parse_until("2030-01-31T08:00:00.25+01:00").ok(),
            priority: Priority::parse("-3").ok(),
            require_tls: true,
        };
        assert_eq!(
            mail(&wishes),
            " RET=HDRS ENVID=run+207+2B1+3D8 BY=7200;RT HOLDUNTIL=2030-01-31T07:00:00Z MT-PRIORITY=-3 REQUIRETLS"
        );
        let wishes = Wishes {
            returned: Return::parse("full").ok(),
            deliver_by: DeliverBy::parse("60").ok(),
            hold: Hold::parse_for("1h").ok(),
            ..Wishes::default()
        };
        assert_eq!(mail(&wishes), " RET=FULL BY=60;N HOLDFOR=3600");
        assert_eq!(mail(&Wishes::default()), "");
    }

    #[test]
    fn parameters_of_rcpt() {
        assert_eq!(rcpt("never", "a+b=c@x.org"), " NOTIFY=NEVER ORCPT=rfc822;a+2Bb+3Dc@x.org");
        assert_eq!(rcpt("delay,failure", "\"a b\"@x"), " NOTIFY=FAILURE,DELAY ORCPT=rfc822;\"a+20b\"@x");
        assert_eq!(rcpt("", "用户+1@x"), " ORCPT=utf-8;用户\\x{2B}1@x");
    }

    #[test]
    fn a_limit_holds() {
        let offers = Capabilities {
            deliver_by: true,
            deliver_by_min_s: Some(60),
            future_release: true,
            hold_max_s: Some(3600),
            hold_max_until: "2030-01-01T00:00:00Z".parse().ok(),
            ..Capabilities::default()
        };
        let by = |text| Wishes { deliver_by: DeliverBy::parse(text).ok(), ..Wishes::default() };
        let until = |text| Wishes { hold: Hold::parse_until(text).ok(), ..Wishes::default() };
        let after = |text| Wishes { hold: Hold::parse_for(text).ok(), ..Wishes::default() };
        for (wishes, status) in [
            (by("60,return"), None),
            (by("59,notify"), None),
            (by("59,return"), Some("5.4.7")),
            (after("1h"), None),
            (after("3601"), Some("5.5.4")),
            (until("2030-01-01T01:00:00+01:00"), None),
            (until("2030-01-01T00:00:01Z"), Some("5.5.4")),
        ] {
            let verdict = unmet(&wishes, &offers);
            assert_eq!(verdict.map(|verdict| verdict.status.to_string()).as_deref(), status, "{wishes:?}");
        }
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        let wishes = Wishes {
            hold: Hold::parse_for("1h").ok(),
            priority: Priority::parse("1").ok(),
            ..Wishes::default()
        };
        let verdict = unmet(&wishes, &Capabilities::default()).unwrap();
        assert_eq!(
            verdict.sentence,
            "the server does not offer what the mail asks for: FUTURERELEASE, MT-PRIORITY"
        );
        assert_eq!(verdict.status.to_string(), "5.3.3");
    }
}
