//! What a reply, or its absence, means: the one place that judges (RFC 5321 4.2.1, RFC 3463).
//!
//! A refusal's fate is the first digit of its code. Its problem, from which exit code and advice follow, is told by
//! stage, code and enhanced status, in that order of what is most certain. Rows for replies that are known by their words go
//! before all of this.

mod generic;
mod row;

pub use row::ReplyRow;

use crate::mail::{Class, EnhancedStatus, Fate, Problem, Stage, Verdict};
use crate::smtp::sasl::Trouble;
use crate::smtp::{Reply, ReplyError};
use crate::sys::Interrupt;

/// How a connection was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// The server closed it.
    Closed,
    /// It broke; the system's words.
    Broken(String),
    /// No answer within the deadline, in seconds.
    TimedOut(u64),
    /// What came is no SMTP.
    NoReply(ReplyError),
    /// Something came when nothing was due.
    Unasked,
    /// The program was asked to end.
    Interrupted(Interrupt),
}

impl Loss {
    fn problem(&self) -> Problem {
        match self {
            Loss::Closed | Loss::Broken(_) => Problem::ConnectionLost,
            Loss::TimedOut(_) => Problem::TimedOut,
            Loss::NoReply(_) | Loss::Unasked => Problem::Protocol,
            Loss::Interrupted(by) => Problem::Interrupted(*by),
        }
    }

    fn in_words(&self, stage: Stage) -> String {
        match self {
            Loss::Closed => format!("the server closed the connection {stage}"),
            Loss::Broken(words) => format!("the connection broke {stage}: {words}"),
            Loss::TimedOut(seconds) => format!("the server gave no answer within {seconds} s {stage}"),
            Loss::NoReply(error) => format!("the server broke the protocol {stage}: {error}"),
            Loss::Interrupted(by) => Verdict::interrupted(stage, *by).sentence,
            Loss::Unasked => {
                format!("the server broke the protocol {stage}: it spoke when nothing was asked")
            }
        }
    }
}

/// The connection is gone, or not to be used any more.
pub(super) fn lost(stage: Stage, loss: &Loss) -> Verdict {
    let status = if matches!(loss, Loss::Closed | Loss::Interrupted(_)) { (4, 4, 2) } else { (4, 4, 1) };
    let mut verdict = Verdict::deferred(stage, loss.problem(), loss.in_words(stage))
        .with_status(status.0, status.1, status.2);
    if stage == Stage::Dot {
        verdict.in_doubt = true;
        verdict.sentence.push_str(": it may have been accepted; sending again may duplicate");
    }
    verdict
}

/// A reply that cannot be right where it came: `250` to DATA, `334` to MAIL.
pub(super) fn misplaced(stage: Stage, reply: &Reply) -> Verdict {
    let mut verdict = Verdict::deferred(
        stage,
        Problem::Protocol,
        format!("the server broke the protocol {stage}: its reply {} does not belong there", reply.code),
    )
    .with_status(4, 5, 0);
    if stage == Stage::Dot {
        verdict.in_doubt = true;
        verdict.sentence.push_str(": it may have been accepted; sending again may duplicate");
    }
    verdict.reply = Some(reply.reported());
    verdict
}

/// A login that cannot go on, for what this reply said or left out.
pub(super) fn login_broken(trouble: &Trouble, reply: &Reply) -> Verdict {
    let stage = Stage::Auth;
    match trouble {
        Trouble::Misplaced => misplaced(stage, reply),
        Trouble::Malformed(words) => {
            let sentence = format!("the server broke the protocol {stage}: it {words}");
            Verdict::deferred(stage, Problem::Protocol, sentence).with_status(4, 5, 0)
        }
        Trouble::Unproven(words) => {
            Verdict::failed(stage, Problem::ServerUnproven, format!("the server {words}"))
                .with_status(5, 7, 0)
        }
        Trouble::Unusable(words) => {
            Verdict::failed(stage, Problem::NoMechanism, format!("the server {words}")).with_status(5, 7, 4)
        }
    }
}

/// A 4yz or 5yz. These rows are asked first, then the generic ones; what none of them knows is judged by its code.
pub(crate) fn refused(stage: Stage, reply: &Reply, rows: &[ReplyRow]) -> Verdict {
    let row = row::row_of(rows, stage, reply);
    let class = row.and_then(|row| row.class);
    let is_final = class.map_or(reply.class() == 5, |class| !class.heals());
    let problem =
        class.and_then(|class| class_problem(class, stage)).unwrap_or_else(|| problem(stage, reply));
    let sentence = match (reply.code, class) {
        // "Authentication required", or "must issue a STARTTLS command first" (RFC 4954 section 6, RFC 3207 section 4).
        (530, None | Some(Class::Secret)) => "the server asks for a login first, or for TLS",
        (_, Some(class)) if is_final != (reply.class() == 5) || class == Class::ServiceOff => {
            class_sentence(class)
        }
        _ => sentence(stage, &problem, is_final),
    };
    let status = reply.status().unwrap_or_else(|| default_status(stage, reply));
    Verdict {
        fate: if is_final { Fate::Failed } else { Fate::Deferred },
        stage,
        problem: Some(problem),
        status,
        reply: Some(reply.reported()),
        sentence: sentence.to_owned(),
        in_doubt: false,
        class,
        advice: row.and_then(|row| row.advice.clone()),
    }
}

/// The kind of trouble that a class tells of, where it is another than the code's.
fn class_problem(class: Class, stage: Stage) -> Option<Problem> {
    match class {
        Class::Secret | Class::SecretKind => Some(Problem::LoginRefused),
        Class::Sender => Some(Problem::SenderRefused),
        Class::ServiceOff | Class::Throttled(_) | Class::Quota(_) | Class::Content | Class::NeverHeals
            if stage >= Stage::Mail =>
        {
            Some(Problem::Refused)
        }
        _ => None,
    }
}

/// What a reply amounts to that its code does not tell.
fn class_sentence(class: Class) -> &'static str {
    match class {
        Class::Secret => "the server refused the login",
        Class::SecretKind => "the server wants another kind of password",
        Class::ServiceOff => "the server does not let this account send",
        Class::Throttled(_) => "the server wants mail more slowly",
        Class::Quota(_) => "what this account may send is used up for now",
        Class::Sender => "the server does not permit this sender",
        Class::Content => "the server refuses the message for what it holds",
        Class::NeverHeals => "the server will not take it later either",
    }
}

/// Whether a refusal of RCPT, behind recipients that were taken, says that there are too many for one transaction:
/// status x.5.3, or 452 or 552 without a status (RFC 5321 4.5.3.1.10).
pub(super) fn is_too_many(reply: &Reply) -> bool {
    match reply.status() {
        Some(status) => (status.subject, status.detail) == (5, 3),
        None => matches!(reply.code, 452 | 552),
    }
}

/// [`is_too_many`]: a further transaction can help, so it is never final, whatever the code's first digit.
pub(super) fn too_many(reply: &Reply) -> Verdict {
    let sentence = "the server takes no more recipients of one mail";
    let mut verdict = Verdict::deferred(Stage::Rcpt, Problem::Refused, sentence).with_status(4, 5, 3);
    verdict.reply = Some(reply.reported());
    verdict
}

/// The server does not forget the mail before: this one cannot be begun. It says nothing about it.
pub(super) fn not_reset(reply: &Reply) -> Verdict {
    let sentence = "the server did not forget the mail before this one";
    let mut verdict = Verdict::deferred(Stage::Mail, Problem::Refused, sentence).with_status(4, 5, 0);
    verdict.reply = Some(reply.reported());
    verdict
}

/// The reply to the dot was 2yz.
pub(super) fn accepted(reply: &Reply) -> Verdict {
    let mut verdict = Verdict::accepted(Stage::Dot, "accepted by the next hop");
    verdict.status = reply.status().unwrap_or(EnhancedStatus::new(2, 0, 0));
    verdict.reply = Some(reply.reported());
    verdict
}

fn problem(stage: Stage, reply: &Reply) -> Problem {
    let status = reply.status().map(|status| (status.subject, status.detail));
    match (stage, reply.code, status) {
        (Stage::Auth, ..) | (_, 530 | 534 | 535 | 538, _) => Problem::LoginRefused,
        (Stage::Greeting | Stage::Ehlo, ..) => Problem::SessionRefused,
        (Stage::StartTls, ..) => Problem::StartTlsUnavailable,
        (_, _, Some((1, 7 | 8))) => Problem::SenderRefused,
        (_, _, Some((1, 2 | 10))) => Problem::NoSuchDomain,
        // At MAIL 5.1.x speaks of the sender.
        (Stage::Rcpt | Stage::Data | Stage::Body | Stage::Dot, _, Some((1, _))) => Problem::NoSuchRecipient,
        (Stage::Rcpt, 550 | 551 | 553, None) => Problem::NoSuchRecipient,
        (_, _, Some((3, 4))) | (Stage::Mail | Stage::Data | Stage::Body | Stage::Dot, 552, None) => {
            Problem::TooBig
        }
        (_, _, Some((6, 7))) => Problem::Unsupported,
        (_, _, Some((6, _))) => Problem::Malformed,
        _ => Problem::Refused,
    }
}

fn sentence(stage: Stage, problem: &Problem, is_final: bool) -> &'static str {
    match (problem, is_final) {
        (Problem::SessionRefused, true) => "the server refuses sessions from here",
        (Problem::SessionRefused, false) => "the server takes no session now",
        (Problem::StartTlsUnavailable, true) => "the server refuses STARTTLS",
        (Problem::StartTlsUnavailable, false) => "the server cannot do TLS now",
        (Problem::LoginRefused, true) => "the server refused the login",
        (Problem::LoginRefused, false) => "the server cannot check the login now",
        (Problem::SenderRefused, _) => "the server does not permit this sender",
        (Problem::NoSuchRecipient, true) => "the server does not know this recipient",
        (Problem::NoSuchDomain, true) => "the recipient's domain takes no mail",
        (Problem::TooBig, _) => "the server finds the message too big",
        (Problem::Malformed, _) => "the server finds the message malformed",
        (_, true) => refusal(stage),
        (_, false) => postponement(stage),
    }
}

fn refusal(stage: Stage) -> &'static str {
    match stage {
        Stage::Mail => "the server refuses mail from this sender or from here",
        Stage::Rcpt => "the server refuses to take mail for this recipient",
        Stage::Dot => "the server has read the message and refuses it",
        _ => "the server refuses the message",
    }
}

fn postponement(stage: Stage) -> &'static str {
    match stage {
        Stage::Mail => "the server takes no mail from this sender or from here now",
        Stage::Rcpt => "the server takes no mail for this recipient now",
        _ => "the server does not take the message now",
    }
}

/// A status where the server gave none (RFC 3463; the table in RFC 5321 4.2.2 read as statuses).
fn default_status(stage: Stage, reply: &Reply) -> EnhancedStatus {
    let class = if reply.class() == 5 { 5 } else { 4 };
    let (subject, detail) = match (stage, reply.code) {
        (_, 421) => (3, 2),
        (Stage::Rcpt, 450 | 550) => (1, 1),
        (Stage::Rcpt, 551) => (1, 6),
        (Stage::Rcpt, 553) => (1, 3),
        (Stage::Rcpt, 452 | 552) => (2, 2),
        (_, 452) => (3, 1),
        (_, 552) => (3, 4),
        (_, 530 | 534 | 535 | 538) => (7, 0),
        (_, 500..=504) => (5, 0),
        _ => (0, 0),
    };
    EnhancedStatus::new(class, subject, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, text: &str) -> Reply {
        Reply { code, lines: vec![text.to_owned()] }
    }

    #[test]
    fn refusals_by_stage_code_and_status() {
        for (stage, code, text, problem) in [
            (Stage::Greeting, 554, "no", Problem::SessionRefused),
            (Stage::Auth, 535, "5.7.8 no", Problem::LoginRefused),
            (Stage::Auth, 550, "no", Problem::LoginRefused),
            (Stage::Mail, 530, "5.7.0 log in", Problem::LoginRefused),
            (
                Stage::Mail,
                553,
                "5.7.1 a@x: Sender address rejected: not owned by user b",
                Problem::SenderRefused,
            ),
            (Stage::Mail, 550, "5.1.8 bad sender", Problem::SenderRefused),
            (Stage::Mail, 552, "too big", Problem::TooBig),
            (Stage::Rcpt, 550, "no such user", Problem::NoSuchRecipient),
            (Stage::Rcpt, 551, "not here", Problem::NoSuchRecipient),
            (Stage::Rcpt, 550, "5.1.1 no", Problem::NoSuchRecipient),
            (Stage::Rcpt, 550, "5.1.2 no", Problem::NoSuchDomain),
            (Stage::Rcpt, 550, "5.7.1 relaying denied", Problem::Refused),
            (Stage::Rcpt, 452, "4.2.2 full", Problem::Refused),
            (Stage::Mail, 550, "5.1.0 no", Problem::Refused),
            (Stage::Dot, 550, "5.1.1 no such user", Problem::NoSuchRecipient),
            (Stage::Dot, 554, "5.6.0 malformed", Problem::Malformed),
            (Stage::Dot, 552, "5.3.4 too big", Problem::TooBig),
            (Stage::Dot, 554, "5.7.1 spam", Problem::Refused),
        ] {
            let verdict = refused(stage, &reply(code, text), &[]);
            assert_eq!(verdict.problem, Some(problem), "{stage:?} {code} {text}");
            assert_eq!(verdict.fate == Fate::Failed, code >= 500);
            assert!(!verdict.in_doubt);
        }
    }

    #[test]
    fn only_at_the_dot_is_a_loss_in_doubt() {
        for loss in [Loss::Closed, Loss::TimedOut(3), Loss::Unasked, Loss::Broken("reset".into())] {
            assert!(!lost(Stage::Body, &loss).in_doubt);
            assert!(lost(Stage::Dot, &loss).in_doubt);
        }
        assert!(misplaced(Stage::Dot, &reply(354, "what")).in_doubt);
    }
}
