//! One mail transaction: MAIL, RCPT for each recipient, DATA, the message, the dot (RFC 5321 3.3).
//!
//! A value: the driver asks [`Transaction::next_step`] what to do, feeds the replies, and tells of losses. Every
//! recipient is settled exactly once, by whichever comes first. Two cursors: `sent` leads `heard` where the server
//! offers PIPELINING (RFC 2920).

mod batches;
mod hearing;
mod needs;

pub use batches::{Batch, Batches, Next};
pub use needs::Needs;

use crate::mail::{Envelope, Problem, Stage, Verdict};
use crate::smtp::{Capabilities, Command, Loss, parameter, verdict};

/// What the driver does next.
#[derive(Debug)]
pub enum Step {
    /// Write this; replies may be read later.
    Write(Command),
    /// Read a reply.
    Read,
    /// Write the message's octets, then call [`Transaction::body_written`]. Listen meanwhile.
    Body,
    /// Write what is left of the message and, unless it is chunked, the final dot, in one piece.
    Dot,
    /// Everybody is settled.
    Done,
}

/// How a transaction ended.
#[derive(Debug)]
pub struct Settled {
    /// One verdict per recipient of the envelope, in its order.
    pub verdicts: Vec<Verdict>,
    /// The places of those whom the server would take in a further transaction.
    pub postponed: Vec<usize>,
    /// What is worth saying although it changed no verdict.
    pub warnings: Vec<String>,
}

/// The largest message that rides with its envelope, octets. A refused one is sent in vain; up to here that costs less
/// than a round trip.
const RIDE: u64 = 256 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Commands are being written and their replies heard.
    Commands,
    /// The message is being written.
    Body,
    /// The message is written, the dot is not.
    BeforeDot,
    /// The dot is on its way.
    Dotted,
    Done,
}

/// One transaction.
#[derive(Debug)]
pub struct Transaction<'a> {
    envelope: &'a Envelope,
    needs: Needs,
    offers: &'a Capabilities,
    verdicts: Vec<Option<Verdict>>,
    /// Whether each recipient's RCPT was accepted.
    good: Vec<bool>,
    /// Whom the server would take in a further transaction (RFC 5321 4.5.3.1.10).
    postponed: Vec<usize>,
    state: State,
    sent: usize,
    heard: usize,
    /// Recipients before this place have had their reply to the message, where each has its own.
    answered: usize,
    /// The connection must not be used for anything else.
    is_spent: bool,
    /// The server has judged the message, and forgotten the envelope.
    is_ended: bool,
    warnings: Vec<String>,
}

impl<'a> Transaction<'a> {
    /// Begins a transaction with a server that offers this.
    pub fn new(envelope: &'a Envelope, needs: Needs, offers: &'a Capabilities) -> Self {
        let count = envelope.recipients().len();
        let mut transaction = Transaction {
            envelope,
            needs,
            offers,
            verdicts: vec![None; count],
            good: vec![false; count],
            postponed: Vec::new(),
            state: State::Commands,
            sent: 0,
            heard: 0,
            answered: 0,
            is_spent: false,
            is_ended: false,
            warnings: parameter::unmet_reports(envelope.wishes(), offers).into_iter().collect(),
        };
        if let Some(verdict) = needs.unmet(envelope, offers) {
            transaction.settle_rest(&verdict);
            transaction.state = State::Done;
        }
        transaction
    }

    /// What to do now.
    pub fn next_step(&mut self) -> Step {
        match self.state {
            State::Commands => self.next_command(),
            State::Body => Step::Body,
            State::BeforeDot => {
                // From here on a retry may duplicate.
                self.state = if self.answers_dot() { State::Dotted } else { State::Done };
                Step::Dot
            }
            State::Dotted => Step::Read,
            State::Done => Step::Done,
        }
    }

    /// Whether no reply is due and the next step is a command.
    pub fn awaits_nothing(&self) -> bool {
        self.state == State::Commands && self.sent == self.heard
    }

    /// How many replies are due.
    pub fn outstanding(&self) -> usize {
        match self.state {
            State::Done => 0,
            State::Body | State::BeforeDot if !self.is_chunked() => 0,
            // What BDAT counts among the commands is here counted with the message.
            State::Body | State::BeforeDot | State::Dotted => {
                (self.count() + 1).saturating_sub(self.heard) + self.final_replies()
            }
            State::Commands => self.sent - self.heard,
        }
    }

    /// Whether the message goes as it is behind BDAT (RFC 3030), and not behind DATA up to a dot.
    pub fn is_chunked(&self) -> bool {
        self.offers.chunking && self.needs.size > 0
    }

    /// Whether message and envelope go in one flight: nothing is waited for before the last octet is on its way.
    pub fn rides(&self) -> bool {
        self.is_chunked() && self.offers.pipelining && self.needs.size <= RIDE
    }

    /// Whether the next reply is one to MAIL or RCPT.
    fn hears_envelope(&self) -> bool {
        self.state != State::Done && self.heard <= self.count() && self.sent > self.heard
    }

    /// Where the transaction is: the stage whose reply is due.
    pub fn stage(&self) -> Stage {
        match self.state {
            State::Done => Stage::Dot,
            _ if self.heard == 0 => Stage::Mail,
            _ if self.heard <= self.count() => Stage::Rcpt,
            State::Commands => Stage::Data,
            State::Body | State::BeforeDot => Stage::Body,
            State::Dotted => Stage::Dot,
        }
    }

    /// The message's octets are written, but for what rides with the dot.
    pub fn body_written(&mut self) {
        // An early reply may have ended the transaction while the last octets were written.
        if self.state == State::Body {
            self.state = State::BeforeDot;
        }
    }

    /// The message could not be read to its end. There will be no dot.
    pub fn unreadable(&mut self, words: &str) {
        let sentence =
            format!("the message was not sent to its end: {words}; the server has accepted nothing");
        let verdict = Verdict::deferred(Stage::Body, Problem::Unreadable, sentence).with_status(4, 3, 0);
        self.drop_out(&verdict);
    }

    /// The connection is gone: settles everyone who is not settled; in doubt behind the dot.
    pub fn lost(&mut self, loss: &Loss) {
        let stage = match self.state {
            State::Dotted => Stage::Dot,
            State::Body | State::BeforeDot => Stage::Body,
            _ => self.stage(),
        };
        if self.state != State::Done {
            self.drop_out(&verdict::lost(stage, loss));
        }
        self.is_spent = true;
    }

    /// Whether the connection must be dropped without another word.
    pub fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// Whether the server still has the envelope in mind: the next transaction begins with RSET.
    pub fn is_open(&self) -> bool {
        self.sent > 0 && !self.is_ended
    }

    /// What became of the recipients. All of them are settled by now.
    pub fn finish(self) -> Settled {
        let settled =
            |verdict: Option<Verdict>| verdict.expect("a transaction that is done has settled everyone");
        Settled {
            verdicts: self.verdicts.into_iter().map(settled).collect(),
            postponed: self.postponed,
            warnings: self.warnings,
        }
    }

    fn count(&self) -> usize {
        self.verdicts.len()
    }

    fn anybody_good(&self) -> bool {
        self.good.iter().any(|&good| good)
    }

    fn next_command(&mut self) -> Step {
        let last = self.count() + 1;
        // A message that is not small is not sent before it is known that somebody gets it.
        let may_lead = self.offers.pipelining && (self.sent < last || self.rides() || !self.is_chunked());
        if self.sent > last || !(may_lead || self.sent == self.heard) {
            return Step::Read;
        }
        let command = match self.sent {
            0 => self.needs.mail_command(self.envelope, self.offers),
            index if index < last => needs::rcpt_command(index - 1, self.envelope, self.offers),
            _ if self.is_chunked() => {
                self.state = State::Body;
                Command::Bdat(self.needs.size)
            }
            _ => Command::Data,
        };
        self.sent += 1;
        Step::Write(command)
    }

    fn settle(&mut self, index: usize, verdict: Verdict) {
        self.verdicts[index].get_or_insert(verdict);
    }

    fn settle_rest(&mut self, verdict: &Verdict) {
        for index in 0..self.count() {
            if self.verdicts[index].is_none() {
                self.settle(index, verdict.clone());
            }
        }
    }

    /// Settles who is left and gives the connection up.
    fn drop_out(&mut self, verdict: &Verdict) {
        self.settle_rest(verdict);
        self.state = State::Done;
        self.is_spent = true;
    }
}
