//! The transactions that are in flight on one connection, oldest first: each is a value of its own, and replies belong to
//! the oldest that is not done.
//!
//! Replies are strictly counted. One that nobody waits for, or one out of order, puts every message in flight in doubt.
//! Only a 421, with which a server says that it closes, followed by the end of the connection, is a certain end for those
//! behind it.

use std::collections::VecDeque;
use std::rc::Rc;

use super::{Needs, Next, Settled, Transaction};
use crate::mail::{Envelope, Stage, Verdict};
use crate::smtp::{Capabilities, Limits, Loss, Reply, ReplyRow, verdict};

/// The transactions of one connection.
#[derive(Debug)]
pub struct Window<'a> {
    offers: &'a Capabilities,
    most: usize,
    may_ride: bool,
    line: VecDeque<Transaction<'a>>,
    /// What the connection needs, by the last transaction that was settled.
    next: Next,
    /// A 421: nothing else may come.
    farewell: Option<Verdict>,
    begun: u32,
    /// How many may begin in all.
    turns: Option<u32>,
    /// By which refusals are judged.
    rows: &'a [ReplyRow],
}

impl<'a> Window<'a> {
    /// At most `most` transactions in flight. With `may_ride` small messages ride with their envelopes.
    pub fn new(offers: &'a Capabilities, most: usize, may_ride: bool) -> Self {
        let line = VecDeque::new();
        let turns = offers.limits.mail_max;
        Window { offers, most, may_ride, line, next: Next::Ready, farewell: None, begun: 0, turns, rows: &[] }
    }

    /// The same with no more than so many transactions in all.
    pub fn at_most(mut self, turns: Option<u32>) -> Self {
        self.turns = self.turns.into_iter().chain(turns).min();
        self
    }

    /// The same with these rows for refusals.
    pub fn judging_by(mut self, rows: &'a [ReplyRow]) -> Self {
        self.rows = rows;
        self
    }

    /// Whether the connection can take another message, now or after replies.
    pub fn is_usable(&self) -> bool {
        let has_turns = self.turns.is_none_or(|most| self.begun < most);
        self.next != Next::Drop
            && self.farewell.is_none()
            && has_turns
            && !self.line.iter().any(Transaction::is_spent)
    }

    /// Whether the session can still be ended in good order.
    pub fn is_sound(&self) -> bool {
        self.next != Next::Drop && self.farewell.is_none()
    }

    /// Whether another transaction can begin at once: its commands may follow the last octets of the one before (RFC 2920
    /// 3.1).
    pub fn has_room(&self) -> bool {
        let may_follow = self
            .line
            .back()
            .is_none_or(|newest| newest.is_done() || newest.is_dotted() && self.offers.pipelining);
        self.is_usable() && may_follow && self.line.len() < self.most
    }

    /// Begins a transaction. There is room.
    pub fn begin(&mut self, envelope: Rc<Envelope>, needs: Needs) {
        let mut transaction = Transaction::new(envelope, needs, self.offers).judging_by(self.rows).gathered();
        if !self.may_ride {
            transaction = transaction.without_ride();
        }
        // A BDAT that will be refused leaves the server in a state of its own (RFC 3030 section 2).
        let is_open = self
            .line
            .back()
            .map_or(self.next == Next::Reset, |newest| newest.is_chunked() || newest.is_done());
        if is_open {
            transaction = transaction.behind_reset();
        }
        self.begun = self.begun.saturating_add(1);
        self.line.push_back(transaction);
    }

    /// The transaction whose turn to write it is.
    pub fn newest(&mut self) -> Option<&mut Transaction<'a>> {
        self.line.back_mut()
    }

    /// How many recipients a transaction may have, and how many transactions there may be.
    pub fn limits(&self) -> Limits {
        self.offers.limits
    }

    /// Whether no reply is due and the next step is a command.
    pub fn awaits_nothing(&self) -> bool {
        self.line.iter().all(Transaction::awaits_nothing)
    }

    /// How many replies are due.
    pub fn outstanding(&self) -> usize {
        self.line.iter().map(Transaction::outstanding).sum()
    }

    /// The stage whose reply is due.
    pub fn stage(&self) -> Stage {
        self.oldest().map_or(Stage::Dot, Transaction::stage)
    }

    /// Whether a message is on its way whose verdict is missing: nothing is certain until it is there.
    pub fn is_dotted(&self) -> bool {
        self.line.iter().any(Transaction::is_dotted)
    }

    /// Whether the server has said that it closes.
    pub fn is_leaving(&self) -> bool {
        self.farewell.is_some()
    }

    /// A reply came.
    pub fn reply(&mut self, reply: &Reply) {
        if self.farewell.is_some() {
            return self.lost(&Loss::Unasked);
        }
        let Some(oldest) = self.line.iter_mut().find(|transaction| !transaction.is_done()) else {
            self.next = Next::Drop;
            return;
        };
        oldest.reply(reply);
        // One that is spent may still owe its lone dot (RFC 2920 3.1).
        if !oldest.is_spent() || !oldest.is_done() {
            return;
        }
        if reply.code == 421 {
            self.farewell = Some(verdict::refused(Stage::Mail, reply, self.rows));
        } else {
            self.lost(&Loss::Unasked);
        }
    }

    /// Octets are left over behind the last whole reply.
    pub fn left_over(&mut self) {
        match self.line.iter_mut().find(|transaction| !transaction.is_done()) {
            Some(oldest) => oldest.left_over(),
            None => self.next = Next::Drop,
        }
    }

    /// What was begun is about to leave.
    pub fn touch(&mut self) {
        self.line.iter_mut().for_each(Transaction::touch);
    }

    /// The connection is gone.
    pub fn lost(&mut self, loss: &Loss) {
        self.next = Next::Drop;
        for transaction in &mut self.line {
            match (&self.farewell, loss) {
                (Some(farewell), Loss::Closed | Loss::Broken(_)) => transaction.turned_away(farewell),
                _ => transaction.lost(loss),
            }
        }
    }

    /// The oldest transaction, if it is done.
    pub fn settled(&mut self) -> Option<Settled> {
        self.line.front().filter(|oldest| oldest.is_done())?;
        let settled = self.line.pop_front()?.finish();
        if self.next != Next::Drop {
            self.next = settled.next;
        }
        Some(settled)
    }

    /// Whether nothing is in flight.
    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    fn oldest(&self) -> Option<&Transaction<'a>> {
        self.line.iter().find(|transaction| !transaction.is_done())
    }
}
