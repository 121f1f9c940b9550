//! One mail transaction: MAIL, RCPT for each recipient, DATA, the message, the dot (RFC 5321 3.3).
//!
//! A value: the driver asks [`Transaction::next_step`] what to do, feeds the replies, and tells of losses. Every
//! recipient is settled exactly once, by whichever comes first. Two cursors: `sent` leads `heard` where the server
//! offers PIPELINING (RFC 2920).

mod batches;
mod hearing;
mod needs;
mod window;

pub use batches::{Batch, Batches};
pub use needs::Needs;
pub use window::Window;

use std::rc::Rc;

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
    /// Whether the server makes reports of what it was asked (DSN).
    pub makes_reports: bool,
    /// What the connection needs now.
    pub next: Next,
    /// The connection was gone before the server had said a word about it: another connection may try it, and that is
    /// no second attempt.
    pub is_untried: bool,
}

/// What a connection needs before the next transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Ready,
    /// The server has not ended the last one: RSET.
    Reset,
    /// It must be dropped without another word.
    Drop,
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

/// RSET before the transaction, in the same flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reset {
    /// None, or it is answered.
    No,
    Due,
    Sent,
}

/// One transaction.
#[derive(Debug)]
pub struct Transaction<'a> {
    envelope: Rc<Envelope>,
    needs: Needs,
    offers: &'a Capabilities,
    may_ride: bool,
    reset: Reset,
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
    /// An octet of it may have left, and the server may know of it.
    is_touched: bool,
    is_untried: bool,
    /// The connection must not be used for anything else.
    is_spent: bool,
    /// The server has judged the message, and forgotten the envelope.
    is_ended: bool,
    warnings: Vec<String>,
}

impl<'a> Transaction<'a> {
    /// Begins a transaction with a server that offers this.
    pub fn new(envelope: impl Into<Rc<Envelope>>, needs: Needs, offers: &'a Capabilities) -> Self {
        let envelope = envelope.into();
        let unmet = needs.unmet(&envelope, offers);
        let count = envelope.recipients().len();
        let warnings = parameter::unmet_reports(&envelope, offers).into_iter().collect();
        let mut transaction = Transaction {
            envelope,
            needs,
            offers,
            may_ride: true,
            reset: Reset::No,
            verdicts: vec![None; count],
            good: vec![false; count],
            postponed: Vec::new(),
            state: State::Commands,
            sent: 0,
            heard: 0,
            answered: 0,
            is_touched: true,
            is_untried: false,
            is_spent: false,
            is_ended: false,
            warnings,
        };
        if let Some(verdict) = unmet {
            transaction.settle_rest(&verdict);
            transaction.state = State::Done;
        }
        transaction
    }

    /// The same, but its message waits for the replies to its envelope: what is written before them proves nothing.
    pub fn without_ride(mut self) -> Self {
        self.may_ride = false;
        self
    }

    /// The same behind a RSET: the server may still have another envelope in mind.
    pub fn behind_reset(mut self) -> Self {
        self.reset = Reset::Due;
        self
    }

    /// The same, but what it says is gathered by its driver, who tells with [`Transaction::touch`] when it leaves.
    fn gathered(mut self) -> Self {
        self.is_touched = false;
        self
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
        self.state == State::Commands && self.sent == self.heard && self.reset != Reset::Sent
    }

    /// How many replies are due.
    pub fn outstanding(&self) -> usize {
        let to_reset = usize::from(self.reset == Reset::Sent);
        match self.state {
            State::Done => 0,
            State::Commands => self.sent - self.heard + to_reset,
            State::Body | State::BeforeDot if !self.is_chunked() => 0,
            // The replies to BDAT are those to the message.
            State::Body | State::BeforeDot | State::Dotted => {
                (self.count() + 1).saturating_sub(self.heard) + self.final_replies() + to_reset
            }
        }
    }

    /// Whether the message goes as it is behind BDAT (RFC 3030), and not behind DATA up to a dot.
    pub fn is_chunked(&self) -> bool {
        self.offers.chunking && self.needs.size > 0
    }

    /// Whether message and envelope go in one flight: nothing is waited for before the last octet is on its way.
    pub fn rides(&self) -> bool {
        self.may_ride && self.is_chunked() && self.offers.pipelining && self.needs.size <= RIDE
    }

    /// Whether everything is written, and only replies are missing.
    pub fn is_dotted(&self) -> bool {
        self.state == State::Dotted
    }

    /// Whether everybody is settled and nothing more will be said.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// The places of those who get the message with this dot: not refused so far.
    pub fn expecting(&self) -> Vec<usize> {
        (0..self.count()).filter(|&index| self.verdicts[index].is_none()).collect()
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

    /// The message must not be accepted, for a reason of ours. There will be no dot.
    pub fn forbid(&mut self, words: &str) {
        let sentence = format!("the message was not sent: {words}");
        self.drop_out(&Verdict::deferred(Stage::Body, Problem::Unwritable, sentence).with_status(4, 3, 0));
    }

    /// Octets of it are about to leave: from here on the server may know of it.
    fn touch(&mut self) {
        self.is_touched = true;
    }

    /// The connection is gone: settles everyone who is not settled; in doubt behind the dot.
    pub fn lost(&mut self, loss: &Loss) {
        let stage = match self.state {
            _ if !self.is_touched => Stage::Mail,
            State::Dotted => Stage::Dot,
            State::Body | State::BeforeDot => Stage::Body,
            _ => self.stage(),
        };
        self.leave(&verdict::lost(stage, loss));
    }

    /// The server has said that it closes, and closed: it has not read what was on its way.
    fn turned_away(&mut self, farewell: &Verdict) {
        self.leave(farewell);
    }

    /// Gives the connection up, and whom nobody has judged to another one.
    fn leave(&mut self, verdict: &Verdict) {
        if self.state != State::Done {
            self.is_untried = self.heard == 0 && !verdict.in_doubt;
            self.drop_out(verdict);
        }
        self.is_spent = true;
    }

    /// Whether the connection must be dropped without another word.
    pub fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// What became of the recipients. All of them are settled by now.
    pub fn finish(self) -> Settled {
        let next = match (self.is_spent, self.sent > 0 && !self.is_ended) {
            (true, _) => Next::Drop,
            (false, true) => Next::Reset,
            (false, false) => Next::Ready,
        };
        let settled =
            |verdict: Option<Verdict>| verdict.expect("a transaction that is done has settled everyone");
        Settled {
            verdicts: self.verdicts.into_iter().map(settled).collect(),
            postponed: self.postponed,
            warnings: self.warnings,
            makes_reports: self.offers.dsn,
            next,
            is_untried: self.is_untried,
        }
    }

    fn count(&self) -> usize {
        self.verdicts.len()
    }

    fn anybody_good(&self) -> bool {
        self.good.iter().any(|&good| good)
    }

    fn next_command(&mut self) -> Step {
        match self.reset {
            Reset::Due => {
                self.reset = Reset::Sent;
                return Step::Write(Command::Rset);
            }
            Reset::Sent if !self.offers.pipelining => return Step::Read,
            _ => {}
        }
        let last = self.count() + 1;
        // A message that is not small is not sent before it is known that somebody gets it.
        let may_lead = self.offers.pipelining && (self.sent < last || self.rides() || !self.is_chunked());
        if self.sent > last || !(may_lead || self.sent == self.heard) {
            return Step::Read;
        }
        let command = match self.sent {
            0 => self.needs.mail_command(&self.envelope, self.offers),
            index if index < last => needs::rcpt_command(index - 1, &self.envelope, self.offers),
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
