//! What closes a gate: that which says something about the hop, or about us there, and nothing about the mail. A mail that
//! meets it is not counted as tried, and never fails for it, whatever the first digit of the reply.

use crate::mail::{Class, Fate, Problem, Stage, Verdict};
use crate::spool::Id;

/// Longest time for which a quota is waited for before the hop is asked again, seconds. One that is told to last longer
/// does.
const LONGEST_QUOTA_S: u64 = 4 * 60 * 60;

/// For how long a gate is closed at least; the schedule may say longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// As the schedule says.
    AtItsPace,
    /// So many seconds.
    For(u64),
    /// So many seconds, and twice as many each time that it is met in a row.
    Doubled(u64),
}

impl Closing {
    /// Whether this verdict closes the gate of its hop. `is_mail_taken`: on the same connection the hop accepted a MAIL
    /// before that of this verdict.
    pub fn of(verdict: &Verdict, is_mail_taken: bool) -> Option<Self> {
        let problem = verdict.problem.as_ref()?;
        if verdict.in_doubt || matches!(problem, Problem::Interrupted(_)) {
            return None;
        }
        let code = verdict.reply.as_ref().map(|reply| reply.code);
        // Behind a mail that was taken it is the end of a connection that was good, however it is put.
        let is_farewell = code == Some(421) && is_mail_taken;
        match verdict.class {
            Some(Class::Quota(hold_s)) => return Some(Closing::Doubled(hold_s.into())),
            Some(Class::Throttled(hold_s)) if !is_farewell => return Some(Closing::For(hold_s.into())),
            Some(Class::Secret | Class::SecretKind | Class::ServiceOff) => return Some(Closing::AtItsPace),
            // A sender, a content or a trouble that never heals is that of one mail, unless there is none yet.
            _ => {}
        }
        let closes = match (verdict.stage, code) {
            (stage, _) if stage.is_before_transaction() => true,
            // A login is wanted, or TLS, or another order of commands: all mail would be told the same.
            (Stage::Mail, Some(454 | 530 | 534 | 535 | 538)) => true,
            (Stage::Mail, Some(503)) => !is_reset(verdict),
            (Stage::Mail, Some(421)) => !is_farewell,
            // The program or the place that takes the mail is not there.
            (Stage::Local, _) => matches!(problem, Problem::Program | Problem::Unwritable),
            _ => false,
        };
        closes.then_some(Closing::AtItsPace)
    }

    /// For how many seconds at least, where it is met for the `failures`th time in a row.
    pub fn hold_s(self, failures: u32) -> u64 {
        match self {
            Closing::AtItsPace => 0,
            Closing::For(hold_s) => hold_s,
            Closing::Doubled(hold_s) => {
                let doubled = 1u64.checked_shl(failures.saturating_sub(1)).unwrap_or(u64::MAX);
                hold_s.saturating_mul(doubled).min(LONGEST_QUOTA_S.max(hold_s))
            }
        }
    }
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
    use crate::smtp::{Reply, refused};

    fn verdict(stage: Stage, code: u16, text: &str) -> Verdict {
        refused(stage, &Reply { code, lines: vec![text.to_owned()] }, &[])
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
                assert!(Closing::of(&verdict(stage, code, text), false).is_some(), "{stage:?} {code}");
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
            // By what the words say, and by nothing that they just do not say.
            (Dot, 451, "4.7.0 too many messages", true),
            (Dot, 550, "5.7.0 too many messages", false),
            (Rcpt, 450, "4.7.1 rate limit", true),
            (Rcpt, 452, "4.5.3 too many recipients", false),
            (Rcpt, 421, "4.7.0 Error: too many errors", false),
            (Dot, 452, "Daily quota exceeded", true),
            (Rcpt, 452, "4.2.2 mailbox quota exceeded", false),
            (Mail, 440, "mail from account doesn't conform with authentication", false),
            (Mail, 553, "not owned by user dan", false),
            (Dot, 554, "5.7.1 spam", false),
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
            let day = verdict(stage, 550, "5.4.5 Daily user sending limit exceeded");
            assert_eq!(Closing::of(&day, true), Some(Closing::Doubled(3600)));
            let now = verdict(stage, 450, "4.4.5 later");
            assert_eq!(Closing::of(&now, true), Some(Closing::For(900)));
            assert_eq!(
                Closing::of(&verdict(stage, 450, "4.4.4 later"), true).is_some(),
                stage == Stage::Auth
            );
        }
    }

    /// What a table of a provider says goes before what is said here, wherever it is told.
    #[test]
    fn each_class_has_its_closing() {
        for (class, wanted) in [
            (Class::Secret, Some(Closing::AtItsPace)),
            (Class::SecretKind, Some(Closing::AtItsPace)),
            (Class::ServiceOff, Some(Closing::AtItsPace)),
            (Class::Throttled(60), Some(Closing::For(60))),
            (Class::Quota(900), Some(Closing::Doubled(900))),
            (Class::Sender, None),
            (Class::Content, None),
            (Class::NeverHeals, None),
        ] {
            let at = |stage, code| Verdict { class: Some(class), ..verdict(stage, code, "") };
            for (stage, code) in [(Stage::Rcpt, 550), (Stage::Dot, 450), (Stage::Mail, 421)] {
                // Behind a good mail a 421 is the end of a connection, unless it is a matter of the account.
                let is_taken = code == 421;
                let wanted = wanted.filter(|closing| !is_taken || !matches!(closing, Closing::For(_)));
                assert_eq!(Closing::of(&at(stage, code), is_taken), wanted, "{class:?} {stage:?}");
            }
            assert!(Closing::of(&at(Stage::Auth, 535), false).is_some(), "{class:?}");
        }
    }

    #[test]
    fn a_quota_is_waited_for_twice_as_long_each_time() {
        let holds = |closing: Closing| [1, 2, 3, 4, 5, 80].map(|failures| closing.hold_s(failures));
        assert_eq!(holds(Closing::Doubled(3600)), [3600, 7200, 14_400, 14_400, 14_400, 14_400]);
        assert_eq!(holds(Closing::Doubled(900)), [900, 1800, 3600, 7200, 14_400, 14_400]);
        assert_eq!(holds(Closing::Doubled(86_400)), [86_400; 6]);
        assert_eq!(holds(Closing::For(60)), [60; 6]);
        assert_eq!(holds(Closing::AtItsPace), [0; 6]);
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
