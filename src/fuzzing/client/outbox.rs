//! The mails of one connection in the fuzz target `client`, and what is asked of how they come back.

use std::io::{self, Write};

use super::Setting;
use crate::deliver::{Mail, Mails, needs};
use crate::mail::{Envelope, Report, Verdict};
use crate::mime::{Message, MessageError};
use crate::smtp::{Needs, Settled};

/// A mail that came back: with its report, or untried.
#[derive(Debug)]
pub struct Fated {
    pub envelope: Envelope,
    pub fate: Result<Report, Verdict>,
}

/// One mail on its way.
#[derive(Debug)]
pub struct Outgoing {
    number: usize,
    envelope: Envelope,
    message: &'static Message,
}

impl Mail for Outgoing {
    fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    fn needs(&self) -> Needs {
        needs(self.message)
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<(), MessageError> {
        self.message.write_to(out)
    }
}

/// The mails to come, and those that came back.
#[derive(Debug)]
pub struct Outbox {
    waiting: Vec<Outgoing>,
    /// Which mails are out.
    out: Vec<usize>,
    back: Vec<Fated>,
    /// The mail whose dot must not leave.
    forbidden: Option<usize>,
    /// It was asked for, and kept back.
    has_forbidden: bool,
    /// What becomes of mails cannot be recorded.
    is_full: bool,
    count: usize,
}

impl Outbox {
    pub fn new(setting: &Setting, envelopes: &[Envelope], many: u8) -> Self {
        let waiting: Vec<Outgoing> = envelopes
            .iter()
            .enumerate()
            .rev()
            .map(|(number, envelope)| Outgoing {
                number,
                envelope: envelope.clone(),
                message: &setting.message(number).0,
            })
            .collect();
        let forbidden = (many & 0x10 != 0).then_some(usize::from(many >> 6));
        let count = waiting.len();
        Outbox {
            waiting,
            out: Vec::new(),
            back: Vec::new(),
            forbidden,
            has_forbidden: false,
            is_full: many & 0x20 != 0,
            count,
        }
    }

    /// What became of all mails that were taken.
    pub fn close(self, is_opened: bool) -> Vec<Fated> {
        assert!(self.out.is_empty(), "not given back: {:?}", self.out);
        assert!(is_opened || self.back.is_empty(), "a mail was taken for no session");
        assert_eq!(self.back.len() + self.waiting.len(), self.count);
        self.back
    }

    fn came_back(&mut self, mail: Outgoing, fate: Result<Report, Verdict>) {
        let place = self.out.iter().position(|number| *number == mail.number);
        self.out.remove(place.expect("it was out"));
        if self.has_forbidden
            && self.forbidden == Some(mail.number)
            && let Ok(report) = &fate
        {
            let is_certain = report.outcomes().iter().all(|outcome| !outcome.in_doubt);
            assert!(is_certain, "in doubt without a dot: {report:?}");
        }
        self.back.push(Fated { envelope: mail.envelope, fate });
    }
}

impl Mails for Outbox {
    type Mail = Outgoing;

    fn next_mail(&mut self) -> Option<Outgoing> {
        let mail = self.waiting.pop()?;
        self.out.push(mail.number);
        Some(mail)
    }

    fn before_dot(&mut self, mail: &Outgoing, places: &[usize]) -> io::Result<()> {
        assert!(self.out.contains(&mail.number) && !places.is_empty());
        assert!(places.iter().all(|place| *place < mail.envelope.recipients().len()));
        if self.forbidden != Some(mail.number) {
            return Ok(());
        }
        self.has_forbidden = true;
        Err(io::Error::other("the disk is full"))
    }

    fn answered(&mut self, mail: &Outgoing, places: &[usize], settled: &Settled) -> io::Result<()> {
        assert!(self.out.contains(&mail.number));
        assert_eq!(places.len(), settled.verdicts.len());
        if self.is_full { Err(io::Error::other("the disk is full")) } else { Ok(()) }
    }

    fn settled(&mut self, mail: Outgoing, report: Report) {
        self.came_back(mail, Ok(report));
    }

    fn untried(&mut self, mail: Outgoing, why: Verdict) {
        assert!(!why.in_doubt && !why.sentence.is_empty(), "{why:?}");
        self.came_back(mail, Err(why));
    }
}
