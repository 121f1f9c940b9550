//! What is known of replies whoever gives them.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::row::ReplyRow;
use crate::mail::{Class, Stage};

type Codes = &'static [RangeInclusive<u16>];
type Words = &'static [Cow<'static, str>];

const ANYWHERE: &[Stage] = &[];
const AUTH: &[Stage] = &[Stage::Auth];
const MAIL: &[Stage] = &[Stage::Mail];
const RCPT: &[Stage] = &[Stage::Rcpt];
/// Of the sender a server may think at each of these.
const SENDER: &[Stage] = &[Stage::Mail, Stage::Rcpt, Stage::Body, Stage::Dot];
/// A judgement of the message; an early one comes before its end.
const MESSAGE: &[Stage] = &[Stage::Body, Stage::Dot];

const ANY: Codes = &[];
const LATER: Codes = &[400..=499];
const NEVER: Codes = &[500..=599];
/// Another kind of password is wanted (RFC 4954 section 6).
const TRANSITION: Codes = &[432..=432];
const LOGIN: Codes = &[530..=530, 534..=535, 538..=538];

const NONE: Words = &[];
const TOO_MANY_FOR_ONE: Words = &[Cow::Borrowed("too many recipients")];
const OUR_SLIPS: Words = &[Cow::Borrowed("too many errors"), Cow::Borrowed("too many hops")];
const CONNECTIONS: Words = &[Cow::Borrowed("connections limit"), Cow::Borrowed("thread limit")];
const USED_UP: Words = &[
    Cow::Borrowed("sending*quota exceeded"),
    Cow::Borrowed("daily*quota exceeded"),
    Cow::Borrowed("quota exceeded*sending"),
    Cow::Borrowed("quota exceeded*daily"),
];
const NOT_YOURS: Words = &[
    Cow::Borrowed("not owned by"),
    Cow::Borrowed("sendas"),
    Cow::Borrowed("must be same as"),
    Cow::Borrowed("must equal authorized"),
    Cow::Borrowed("not one of your"),
    Cow::Borrowed("doesn't conform with auth"),
];
const TOO_FAST: Words = &[
    Cow::Borrowed("rate limit"),
    Cow::Borrowed("too many"),
    Cow::Borrowed("frequency limited"),
    Cow::Borrowed("throttl"),
];
const HELD_AGAINST_IT: Words = &[Cow::Borrowed("spam"), Cow::Borrowed("virus"), Cow::Borrowed("policy")];

const QUOTA: Option<Class> = Some(Class::Quota(Class::QUOTA_S));
const THROTTLED: Option<Class> = Some(Class::Throttled(Class::THROTTLED_S));
const CONGESTION: Status = Some((4, Some(5)));

type Status = Option<(u16, Option<u16>)>;

/// First those whose words or statuses would mislead the ones below.
pub(super) static ROWS: [ReplyRow; 17] = [
    // These speak of the mechanism (RFC 4954 section 6): another may do, or none.
    row(AUTH, &[504..=504], None, NONE, None),
    row(AUTH, ANY, Some((5, Some(4))), NONE, None),
    row(AUTH, ANY, Some((7, Some(4))), NONE, None),
    // Too many for one mail, or too many slips of our own on this connection: no word about the pace.
    row(RCPT, ANY, Some((5, Some(3))), NONE, None),
    row(RCPT, ANY, None, TOO_MANY_FOR_ONE, None),
    row(ANYWHERE, LATER, None, OUR_SLIPS, None),
    // Congestion (RFC 3463 section 3.5): with a 5yz providers mean the limit of a day.
    row(ANYWHERE, NEVER, CONGESTION, NONE, QUOTA),
    row(ANYWHERE, LATER, CONGESTION, NONE, THROTTLED),
    row(ANYWHERE, ANY, None, USED_UP, QUOTA),
    // Some count connections with the code that asks for another password.
    row(AUTH, TRANSITION, None, CONNECTIONS, Some(Class::Throttled(60))),
    row(AUTH, TRANSITION, None, NONE, Some(Class::SecretKind)),
    row(AUTH, NEVER, None, NONE, Some(Class::Secret)),
    row(AUTH, LATER, None, NONE, THROTTLED),
    row(MAIL, LOGIN, None, NONE, Some(Class::Secret)),
    row(SENDER, ANY, None, NOT_YOURS, Some(Class::Sender)),
    row(ANYWHERE, LATER, None, TOO_FAST, THROTTLED),
    row(MESSAGE, NEVER, Some((7, None)), HELD_AGAINST_IT, Some(Class::Content)),
];

const fn row(
    at: &'static [Stage],
    codes: Codes,
    status: Status,
    words: Words,
    class: Option<Class>,
) -> ReplyRow {
    ReplyRow {
        at: Cow::Borrowed(at),
        codes: Cow::Borrowed(codes),
        status,
        words: Cow::Borrowed(words),
        class,
        advice: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::row_of;
    use super::*;
    use crate::smtp::Reply;

    fn class(stage: Stage, code: u16, text: &str) -> Option<Class> {
        row_of(&[], stage, &Reply { code, lines: vec![text.to_owned()] }).and_then(|row| row.class)
    }

    /// Each row, and beside it replies that just miss it.
    #[test]
    fn each_row_and_what_just_misses_it() {
        use Stage::{Auth, Body, Data, Dot, Greeting, Mail, Rcpt};
        let (secret, kind) = (Some(Class::Secret), Some(Class::SecretKind));
        let (sender, content) = (Some(Class::Sender), Some(Class::Content));
        for (stage, code, text, wanted) in [
            (Auth, 504, "5.7.8 unrecognised", None),
            (Auth, 505, "5.7.8 unrecognised", secret),
            (Auth, 535, "5.5.4 no such mechanism", None),
            (Auth, 535, "5.7.4 no such mechanism", None),
            (Auth, 535, "5.5.3 no such mechanism", secret),
            (Mail, 535, "5.5.4 no", secret),
            (Rcpt, 452, "4.5.3 too many recipients", None),
            (Mail, 452, "4.5.3 too many recipients", THROTTLED),
            (Rcpt, 452, "Too many recipients", None),
            (Rcpt, 452, "Too many mails", THROTTLED),
            (Rcpt, 552, "too many recipients", None),
            (Rcpt, 421, "4.7.0 host Error: too many errors", None),
            (Rcpt, 421, "4.7.0 host Error: too many concurrent connections", THROTTLED),
            (Mail, 550, "5.4.5 Daily user sending limit exceeded", QUOTA),
            (Dot, 554, "5.4.5 Daily user sending limit exceeded", QUOTA),
            (Auth, 550, "5.4.5 limit", QUOTA),
            (Mail, 450, "4.4.5 busy", THROTTLED),
            (Mail, 550, "5.4.6 loop", None),
            (Mail, 550, "Daily user limit, see 10.4.4.5", None),
            (Mail, 550, "4.4.5 of another class", None),
            (Dot, 452, "Daily quota exceeded", QUOTA),
            (Dot, 552, "your Sending QUOTA EXCEEDED", QUOTA),
            (Dot, 552, "quota exceeded: daily", QUOTA),
            (Rcpt, 452, "4.2.2 mailbox quota exceeded", None),
            (Rcpt, 552, "5.2.2 quota exceeded", None),
            (Rcpt, 552, "daily quota reached", None),
            (Auth, 432, "4.7.12 a password transition is needed", kind),
            (Auth, 432, "4.3.2 concurrent connections limit exceeded", Some(Class::Throttled(60))),
            (Auth, 432, "4.3.2 STOREDRV; sender thread limit exceeded", Some(Class::Throttled(60))),
            (Auth, 431, "4.7.12 a password transition is needed", THROTTLED),
            (Mail, 432, "4.7.12 a password transition is needed", None),
            (Auth, 535, "5.7.8 no", secret),
            (Auth, 526, "", secret),
            (Auth, 551, "auth error", secret),
            (Auth, 454, "4.7.0 later", THROTTLED),
            (Auth, 421, "", THROTTLED),
            (Greeting, 554, "no", None),
            (Mail, 530, "5.7.0 Authentication required", secret),
            (Mail, 534, "", secret),
            (Mail, 535, "", secret),
            (Mail, 538, "", secret),
            (Mail, 533, "", None),
            (Mail, 536, "", None),
            (Rcpt, 530, "5.7.0 Authentication required", None),
            (Mail, 553, "5.7.1 <a@x>: Sender address rejected: not owned by user dan", sender),
            (Rcpt, 553, "5.7.1 <a@x>: Sender address rejected: not owned by user dan", sender),
            (Dot, 554, "5.2.252 SendAsDenied; a@x not allowed", sender),
            (Mail, 501, "Mail from address must be same as authorization user", sender),
            (Mail, 553, "Mail from must equal authorized user", sender),
            (Mail, 550, "5.7.0 From address is not one of your addresses", sender),
            (Mail, 440, "mail from account doesn't conform with authentication", sender),
            (Data, 553, "not owned by user dan", None),
            (Auth, 535, "not owned by user dan", secret),
            (Mail, 553, "the mailbox is owned by dan", None),
            (Mail, 450, "4.7.1 rate limit exceeded", THROTTLED),
            (Dot, 451, "4.7.0 Too many messages", THROTTLED),
            (Rcpt, 450, "frequency limited", THROTTLED),
            (Greeting, 421, "Throttling failure", THROTTLED),
            (Mail, 550, "rate limit exceeded", None),
            (Mail, 450, "the rate is limited", None),
            (Dot, 554, "5.7.1 looks like spam", content),
            (Body, 550, "5.7.0 VIRUS found", content),
            (Dot, 554, "5.7.9 Message not accepted for policy reasons", content),
            (Rcpt, 554, "5.7.1 refused by policy", None),
            (Dot, 554, "5.6.0 spam", None),
            (Dot, 554, "spam", None),
            (Dot, 451, "4.7.1 looks like spam", None),
            (Dot, 554, "5.7.1 no", None),
        ] {
            assert_eq!(class(stage, code, text), wanted, "{stage:?} {code} {text}");
        }
    }
}
