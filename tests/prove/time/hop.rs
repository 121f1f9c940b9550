//! A hop in the same process: it is down or up, knows us or not, loses its replies, and keeps its own book.

use std::collections::BTreeMap;

use whippet::deliver::{Mail, Mails, Unopened};
use whippet::mail::{Address, Problem, Report, ReportedReply, SessionFacts, Stage, Verdict};
use whippet::smtp::{Next, Settled};
use whippet::spool::{Attempt, Hops};

use crate::world::SENDER;

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Takes,
    /// Nobody listens.
    Down,
    /// The password is wrong.
    Refuses,
    /// Nobody is taken now.
    Defers,
}

/// The hop of every profile, for each its own manner.
pub struct Hop {
    pub manners: BTreeMap<String, Manner>,
    /// How often the reply to the dot for these is lost from now on.
    pub losses: BTreeMap<String, usize>,
    /// Connections for each profile.
    pub connections: BTreeMap<String, usize>,
    /// Messages for each recipient that came to their end.
    pub dots: BTreeMap<String, usize>,
    /// Reports, each as text.
    pub reports: Vec<String>,
    /// Connections in vain.
    pub in_vain: usize,
}

impl Hop {
    pub fn new(manner: Manner) -> Self {
        Hop {
            manners: BTreeMap::from([("default".to_owned(), manner)]),
            losses: BTreeMap::new(),
            connections: BTreeMap::new(),
            dots: BTreeMap::new(),
            reports: Vec::new(),
            in_vain: 0,
        }
    }

    /// From now on the hop of the usual profile does this.
    pub fn is(&mut self, manner: Manner) {
        self.manners.insert("default".to_owned(), manner);
    }

    pub fn connections(&self, profile: &str) -> usize {
        self.connections.get(profile).copied().unwrap_or_default()
    }

    pub fn dots(&self, to: &str) -> usize {
        self.dots.get(to).copied().unwrap_or_default()
    }

    /// A transaction for one recipient; whether another may follow.
    fn transact<M: Mails>(
        &mut self,
        mails: &mut M,
        mail: &M::Mail,
        place: usize,
        manner: Manner,
    ) -> (Verdict, bool) {
        let to = mail.envelope().recipients()[place].to_string();
        let reply = |code, text: &str| Some(ReportedReply { code, text: text.to_owned() });
        let mut verdict =
            Verdict { reply: reply(250, "2.0.0 taken"), ..Verdict::accepted(Stage::Dot, "taken") };
        let mut is_open = true;
        if manner == Manner::Defers {
            let deferred = Verdict::deferred(Stage::Rcpt, Problem::Refused, "later");
            verdict = Verdict { reply: reply(450, "4.2.0 later"), ..deferred };
        } else {
            let mut octets = Vec::new();
            mail.write_to(&mut octets).unwrap();
            mails.before_dot(mail, &[place]).unwrap();
            *self.dots.entry(to.clone()).or_default() += 1;
            if to == SENDER {
                self.reports.push(String::from_utf8(octets).unwrap());
            }
            let left = self.losses.entry(to).or_default();
            if *left > 0 {
                *left -= 1;
                is_open = false;
                verdict = Verdict::deferred(Stage::Dot, Problem::ConnectionLost, "lost after the final dot");
                verdict.in_doubt = true;
            }
        }
        let settled = Settled {
            verdicts: vec![verdict.clone()],
            postponed: Vec::new(),
            warnings: Vec::new(),
            makes_reports: false,
            next: if is_open { Next::Ready } else { Next::Drop },
            is_untried: false,
        };
        mails.answered(mail, &[place], &settled).unwrap();
        (verdict, is_open)
    }
}

impl Hops for Hop {
    fn settings(&mut self, _profile: &str) -> [u8; 32] {
        // A password is no part of it.
        [0; 32]
    }

    fn sender(&mut self, _profile: &str) -> Option<Address> {
        Address::parse("postmaster@example.test").ok()
    }

    fn deliver(&mut self, profile: &str, attempt: &mut Attempt<'_, '_, '_>) -> Result<(), Box<Unopened>> {
        *self.connections.entry(profile.to_owned()).or_default() += 1;
        let manner = self.manners.get(profile).copied().unwrap_or(Manner::Takes);
        self.in_vain += usize::from(manner != Manner::Takes);
        let unopened = |verdict| Err(Box::new(Unopened { verdict, facts: SessionFacts::default() }));
        match manner {
            Manner::Down => {
                let verdict = Verdict::deferred(Stage::Connect, Problem::ConnectionRefused, "nobody listens");
                return unopened(verdict.with_status(4, 4, 1));
            }
            Manner::Refuses => {
                let refused =
                    Verdict::failed(Stage::Auth, Problem::LoginRefused, "the server refused the login");
                let reply = ReportedReply { code: 535, text: "5.7.8 bad credentials".to_owned() };
                return unopened(Verdict { reply: Some(reply), ..refused.with_status(5, 7, 8) });
            }
            Manner::Takes | Manner::Defers => {}
        }
        while let Some(mail) = attempt.next_mail() {
            let count = mail.envelope().recipients().len();
            let (mut all, mut is_open) = (Vec::new(), true);
            for place in 0..count {
                if is_open {
                    let (verdict, goes_on) = self.transact(attempt, &mail, place, manner);
                    (is_open, _) = (goes_on, all.push(verdict));
                }
            }
            let rest = Verdict::deferred(Stage::Mail, Problem::ConnectionLost, "its turn has not come");
            let report = Report::settle(mail.envelope(), SessionFacts::default(), |place, recipient| {
                all.get(place).unwrap_or(&rest).outcome(recipient, "peer")
            });
            attempt.settled(mail, report);
            if !is_open {
                break;
            }
        }
        Ok(())
    }
}
