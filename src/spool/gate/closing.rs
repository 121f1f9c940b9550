//! What closes a gate: that which says something about the hop, or about us there, and nothing about the mail. A mail that
//! meets it is not counted as tried, and never fails for it, whatever the first digit of the reply.

use crate::mail::{Fate, Problem, Stage, Verdict};
use crate::spool::Id;

/// How long a quota is waited for at least, seconds.
const QUOTA_S: u64 = 60 * 60;

/// That a gate is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// For how long at least, seconds; the schedule may say longer.
    pub hold_s: u64,
}

impl Closing {
    /// Whether this verdict closes the gate of its hop. `is_mail_taken`: on the same connection the hop accepted a MAIL
    /// before that of this verdict.
    pub fn of(verdict: &Verdict, is_mail_taken: bool) -> Option<Self> {
        let problem = verdict.problem.as_ref()?;
        if verdict.in_doubt || matches!(problem, Problem::Interrupted(_)) {
            return None;
        }
        if is_quota(verdict) {
            return Some(Closing { hold_s: QUOTA_S });
        }
        let code = verdict.reply.as_ref().map(|reply| reply.code);
        let closes = match (verdict.stage, code) {
            (stage, _) if stage.is_before_transaction() => true,
            // A login is wanted, or TLS, or another order of commands: all mail would be told the same.
            (Stage::Mail, Some(454 | 530 | 534 | 535 | 538)) => true,
            (Stage::Mail, Some(503)) => !is_reset(verdict),
            // Behind a mail that was taken it is the end of a connection that was good.
            (Stage::Mail, Some(421)) => !is_mail_taken,
            // The program or the place that takes the mail is not there.
            (Stage::Local, _) => matches!(problem, Problem::Program | Problem::Unwritable),
            _ => false,
        };
        closes.then_some(Closing { hold_s: 0 })
    }
}

/// Status x.4.5: it takes no more from us today (Google's 550 5.4.5), which heals by itself.
fn is_quota(verdict: &Verdict) -> bool {
    (verdict.status.subject, verdict.status.detail) == (4, 5) && verdict.reply.is_some()
}

/// Whether the reply is one to RSET: then a connection of its own may do. That to MAIL would have been final.
fn is_reset(verdict: &Verdict) -> bool {
    verdict.fate == Fate::Deferred
}

/// Connections in a row that were lost behind MAIL and before the reply to the message. One mail on which a hop dies is that
/// mail's trouble; three of them are the hop's.
#[derive(Debug, Default)]
pub struct Losses(Vec<Id>);

impl Losses {
    /// How many mails it takes.
    const ENOUGH: usize = 3;

    /// Takes in what became of a connection's last mail; `true`: the gate is to be closed.
    pub fn take(&mut self, id: Id, verdict: &Verdict) -> bool {
        let is_lost = !verdict.stage.is_before_transaction()
            && verdict.stage != Stage::Local
            && verdict.reply.is_none()
            && matches!(
                verdict.problem,
                Some(Problem::ConnectionLost | Problem::TimedOut | Problem::Protocol)
            );
        if !is_lost {
            self.0.clear();
        } else if !self.0.contains(&id) {
            self.0.push(id);
        }
        self.0.len() >= Self::ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{EnhancedStatus, ReportedReply};

    fn verdict(stage: Stage, code: u16, text: &str) -> Verdict {
        let mut verdict = match code {
            500.. => Verdict::failed(stage, Problem::Refused, "no"),
            _ => Verdict::deferred(stage, Problem::Refused, "not now"),
        };
        if let Some((status, _)) = EnhancedStatus::split(text) {
            verdict.status = status;
        }
        verdict.reply = Some(ReportedReply { code, text: text.to_owned() });
        verdict
    }

    fn lost(stage: Stage) -> Verdict {
        Verdict { reply: None, problem: Some(Problem::ConnectionLost), ..verdict(stage, 421, "") }
    }

    /// Sections of the table: before MAIL anything, at MAIL what concerns all mail, behind it nothing but a quota.
    #[test]
    fn what_concerns_the_hop_closes_its_gate() {
        use Stage::{Auth, Body, Connect, Data, Dot, Ehlo, Greeting, Handshake, Mail, Rcpt, StartTls};
        let before = [Connect, Greeting, Ehlo, StartTls, Handshake, Auth];
        for stage in before {
            for (code, text) in
                [(354, ""), (421, "4.7.0 later"), (454, "4.7.0 no"), (500, ""), (554, "5.7.1")]
            {
                assert_eq!(Closing::of(&verdict(stage, code, text), false), Some(Closing { hold_s: 0 }));
            }
            assert!(Closing::of(&lost(stage), false).is_some());
        }
        for (stage, code, text, closes) in [
            (Mail, 530, "5.7.0 Authentication required", true),
            (Mail, 534, "5.7.9", true),
            (Mail, 535, "5.7.8", true),
            (Mail, 538, "5.7.11", true),
            (Mail, 454, "4.7.0 Temporary authentication failure", true),
            (Mail, 503, "5.5.1 Error: need EHLO command", true),
            (Mail, 421, "4.3.2", true),
            (Mail, 450, "4.7.1", false),
            (Mail, 550, "5.7.1", false),
            (Mail, 553, "5.1.8", false),
            (Rcpt, 530, "5.7.0", false),
            (Rcpt, 421, "4.3.2", false),
            (Rcpt, 450, "4.2.0 greylisted", false),
            (Rcpt, 550, "5.1.1", false),
            (Data, 421, "", false),
            (Data, 451, "", false),
            (Data, 554, "", false),
            (Body, 552, "5.3.4", false),
            (Dot, 421, "4.3.2", false),
            (Dot, 451, "4.3.0", false),
            (Dot, 554, "5.6.0", false),
        ] {
            assert_eq!(Closing::of(&verdict(stage, code, text), false).is_some(), closes, "{stage:?} {code}");
        }
        for stage in [Mail, Rcpt, Data, Body, Dot] {
            assert_eq!(Closing::of(&lost(stage), false), None);
        }
    }

    #[test]
    fn a_quota_closes_it_for_an_hour_wherever_it_is_told() {
        for stage in [Stage::Auth, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot] {
            for (code, text) in [(550, "5.4.5 Daily user sending limit exceeded"), (450, "4.4.5 later")] {
                assert_eq!(Closing::of(&verdict(stage, code, text), true), Some(Closing { hold_s: 3600 }));
            }
        }
    }

    #[test]
    fn the_end_of_a_good_connection_closes_nothing() {
        let end = verdict(Stage::Mail, 421, "4.4.2 enough");
        assert!(Closing::of(&end, false).is_some() && Closing::of(&end, true).is_none());
        // RSET was answered by 503; the MAIL behind it would have failed.
        let reset = Verdict { fate: Fate::Deferred, ..verdict(Stage::Mail, 503, "bad sequence") };
        assert_eq!(Closing::of(&reset, true), None);
        let refused = verdict(Stage::Mail, 503, "bad sequence");
        assert!(Closing::of(&refused, true).is_some());
    }

    #[test]
    fn what_is_accepted_or_in_doubt_closes_nothing() {
        assert_eq!(Closing::of(&Verdict::accepted(Stage::Dot, "yes"), false), None);
        let doubt = Verdict { in_doubt: true, ..lost(Stage::Dot) };
        assert_eq!(Closing::of(&doubt, false), None);
    }

    #[test]
    fn a_program_that_is_not_there_is_a_hop_that_is_down() {
        let local = |problem| Verdict { problem: Some(problem), ..lost(Stage::Local) };
        for (problem, closes) in [
            (Problem::Program, true),
            (Problem::Unwritable, true),
            (Problem::ProgramExit(75), false),
            (Problem::ProgramExit(65), false),
            (Problem::Unreadable, false),
        ] {
            assert_eq!(Closing::of(&local(problem.clone()), false).is_some(), closes, "{problem:?}");
        }
    }

    #[test]
    fn three_mails_in_a_row_on_which_it_dies_close_it() {
        let id = |number: u32| Id::parse("01HZXA7Q6N8W4Y2R5T9V3B1C0D").unwrap().bounce(number);
        let refused = verdict(Stage::Dot, 451, "later");
        for (connections, closes) in [
            (vec![(1, lost(Stage::Body)), (2, lost(Stage::Dot)), (3, lost(Stage::Mail))], true),
            (vec![(1, lost(Stage::Body)), (1, lost(Stage::Body)), (1, lost(Stage::Body))], false),
            (vec![(1, lost(Stage::Body)), (2, lost(Stage::Body)), (1, lost(Stage::Body))], false),
            (
                vec![(1, lost(Stage::Body)), (2, lost(Stage::Body)), (4, refused), (3, lost(Stage::Body))],
                false,
            ),
            (vec![(1, lost(Stage::Auth)), (2, lost(Stage::Auth)), (3, lost(Stage::Auth))], false),
        ] {
            let mut losses = Losses::default();
            let last = connections.iter().map(|(number, verdict)| losses.take(id(*number), verdict)).last();
            assert_eq!(last, Some(closes), "{connections:?}");
        }
    }
}
