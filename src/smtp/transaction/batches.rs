//! The recipients of an envelope in as many transactions as the server and the profile want (RFC 5321 4.5.3.1.10,
//! RFC 9422). A value like the transaction: it says whose turn it is and takes what became of them.

use std::rc::Rc;

use super::{Next, Settled};
use crate::mail::{Envelope, Problem, Report, SessionFacts, Stage, Verdict};
use crate::smtp::Limits;

/// Who has a verdict, and whose turn has not come.
#[derive(Debug)]
pub struct Batches {
    envelope: Rc<Envelope>,
    most: usize,
    verdicts: Vec<Option<Verdict>>,
    /// The places of those whose turn has not come, in order.
    pending: Vec<usize>,
    warnings: Vec<String>,
    is_begun: bool,
}

/// The recipients of one transaction.
#[derive(Debug)]
pub struct Batch {
    /// The envelope with only them.
    pub envelope: Rc<Envelope>,
    places: Vec<usize>,
}

impl Batches {
    /// At most `most` recipients a transaction, and no more than the server's limits; `None` for as many as there are.
    pub fn new(envelope: impl Into<Rc<Envelope>>, most: Option<usize>, limits: Limits) -> Self {
        let offered = limits.rcpt_max.and_then(|most| usize::try_from(most).ok());
        let most = most.into_iter().chain(offered).min();
        let envelope = envelope.into();
        let count = envelope.recipients().len();
        Batches {
            envelope,
            most: most.unwrap_or(usize::MAX).max(1),
            verdicts: vec![None; count],
            pending: (0..count).collect(),
            warnings: Vec::new(),
            is_begun: false,
        }
    }

    /// Whose turn it is; `None` when everybody has a verdict.
    pub fn next_batch(&mut self) -> Option<Batch> {
        if self.pending.is_empty() {
            return None;
        }
        let rest = self.pending.split_off(self.pending.len().min(self.most));
        let places = std::mem::replace(&mut self.pending, rest);
        let is_whole = places.len() == self.verdicts.len();
        let envelope =
            if is_whole { Rc::clone(&self.envelope) } else { Rc::new(self.envelope.only(&places)) };
        Some(Batch { envelope, places })
    }

    /// Takes the verdicts of a transaction that is done. Whom the server put off comes next, if the others of the batch
    /// got the message: else the server would put them off for ever.
    pub fn take(&mut self, places: &[usize], settled: Settled) {
        for warning in settled.warnings {
            // Each transaction may say the same.
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        let postponed = if settled.next == Next::Ready { settled.postponed } else { Vec::new() };
        let mut again = postponed.iter().copied().peekable();
        self.is_begun = true;
        for (index, verdict) in settled.verdicts.into_iter().enumerate() {
            if again.next_if_eq(&index).is_none() {
                self.verdicts[places[index]] = Some(verdict);
            }
        }
        self.pending.splice(0..0, postponed.into_iter().map(|index| places[index]));
        if settled.next == Next::Drop {
            self.give_up();
        }
    }

    /// The connection is gone before everybody had a turn.
    pub fn give_up(&mut self) {
        let sentence =
            format!("the connection ended {} for others, before it was this one's turn", Stage::Mail);
        let verdict = Verdict::deferred(Stage::Mail, Problem::ConnectionLost, sentence).with_status(4, 4, 2);
        for place in self.pending.drain(..) {
            self.verdicts[place] = Some(verdict.clone());
        }
    }

    /// Whether a transaction for some of them has ended.
    pub fn is_begun(&self) -> bool {
        self.is_begun
    }

    /// Whether somebody's turn is still to come.
    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The report. Nobody is pending any more.
    pub fn report(self, session: SessionFacts) -> Report {
        let host = session.host.clone();
        let mut report = Report::settle(&self.envelope, session, |place, recipient| {
            self.verdicts[place].as_ref().expect("nobody is pending any more").outcome(recipient, &host)
        });
        report.warnings.extend(self.warnings);
        report
    }
}

impl Batch {
    /// Their places in the whole envelope.
    pub fn places(&self) -> &[usize] {
        &self.places
    }
}
