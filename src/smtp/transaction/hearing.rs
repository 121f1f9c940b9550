//! What a transaction makes of the replies it hears, each in its turn.

use super::{Reset, State, Transaction};
use crate::mail::Stage;
use crate::smtp::{Loss, Reply, verdict};

impl Transaction<'_> {
    /// A reply came. Cannot fail: a strange reply becomes a verdict.
    pub fn reply(&mut self, reply: &Reply) {
        if let Err(error) = reply.check_length() {
            return self.lost(&Loss::NoReply(error));
        }
        if self.reset == Reset::Sent && self.state != State::Done {
            return self.hear_reset(reply);
        }
        match self.state {
            // A server that goes says so at any time (RFC 5321 3.8).
            State::Commands if self.heard == self.sent && reply.code == 421 => {
                self.leave(&verdict::refused(self.stage(), reply, self.rows));
            }
            State::Commands if self.heard == self.sent => {
                self.drop_out(&verdict::lost(self.stage(), &Loss::Unasked))
            }
            // The server closes: what is on its way will not be answered, and nothing more should be said.
            _ if reply.code == 421 && (self.state == State::Commands || self.hears_envelope()) => {
                self.drop_out(&verdict::refused(self.stage(), reply, self.rows));
            }
            _ if self.hears_envelope() && self.heard == 0 => self.hear_mail(reply),
            _ if self.hears_envelope() => self.hear_rcpt(reply),
            State::Commands => self.hear_data(reply),
            State::Body | State::BeforeDot => self.hear_early(reply),
            State::Dotted => self.hear_dot(reply),
            State::Done => self.is_spent = true,
        }
        if reply.code == 421 {
            self.is_spent = true;
        }
    }

    /// Octets are left over behind the last whole reply: half of one. Where none is due they must not become the
    /// beginning of the next; while one is due, or the message is being written, they are just early.
    pub fn left_over(&mut self) {
        match self.state {
            State::Commands if self.heard == self.sent => self.lost(&Loss::Unasked),
            State::Done => self.is_spent = true,
            _ => {}
        }
    }

    /// Without a clean slate nothing can go on; it says nothing about the mail.
    fn hear_reset(&mut self, reply: &Reply) {
        self.reset = Reset::No;
        match reply.code {
            250 => {}
            421 => self.leave(&verdict::refused(Stage::Mail, reply, self.rows)),
            _ if self.state == State::Dotted => self.drop_out(&verdict::misplaced(Stage::Dot, reply)),
            _ => self.leave(&verdict::not_reset(reply)),
        }
    }

    fn hear_mail(&mut self, reply: &Reply) {
        self.heard += 1;
        match reply.class() {
            2 => {}
            4 | 5 => {
                self.settle_rest(&verdict::refused(Stage::Mail, reply, self.rows));
                self.end_if_settled();
            }
            // What is on its way behind it may be taken all the same.
            _ if self.state == State::Dotted => self.drop_out(&verdict::misplaced(Stage::Dot, reply)),
            _ => self.drop_out(&verdict::misplaced(Stage::Mail, reply)),
        }
    }

    fn hear_rcpt(&mut self, reply: &Reply) {
        let index = self.heard - 1;
        self.heard += 1;
        match reply.class() {
            2 => self.good[index] = self.verdicts[index].is_none(),
            4 | 5 if self.anybody_good() && verdict::is_too_many(reply) => {
                self.postponed.push(index);
                self.settle(index, verdict::too_many(reply));
            }
            4 | 5 => self.settle(index, verdict::refused(Stage::Rcpt, reply, self.rows)),
            // A whole reply in its place, though a strange one: it says nothing about anybody else.
            _ => self.settle(index, verdict::misplaced(Stage::Rcpt, reply)),
        }
        if self.heard > self.count() {
            self.end_if_settled();
        }
    }

    /// Nobody is left to send to: unless DATA is on its way already, the transaction ends here.
    fn end_if_settled(&mut self) {
        let is_settled = self.verdicts.iter().all(Option::is_some);
        if is_settled && self.sent == self.heard && self.state == State::Commands {
            self.state = State::Done;
        }
    }

    fn hear_data(&mut self, reply: &Reply) {
        self.heard += 1;
        match (reply.class(), self.anybody_good()) {
            (3, true) if reply.code == 354 => self.state = State::Body,
            // A server that lets us go on although it refused everybody gets a lone dot, and its reply means nothing
            // (RFC 2920 3.1).
            (3, false) if reply.code == 354 => {
                self.state = State::BeforeDot;
                self.is_spent = true;
            }
            (4 | 5, _) => {
                self.settle_rest(&verdict::refused(Stage::Data, reply, self.rows));
                self.state = State::Done;
            }
            _ => self.drop_out(&verdict::misplaced(Stage::Data, reply)),
        }
    }

    /// A reply while the message is being written: the server gives up early.
    fn hear_early(&mut self, reply: &Reply) {
        let verdict = match reply.class() {
            4 | 5 => verdict::refused(Stage::Body, reply, self.rows),
            _ => verdict::misplaced(Stage::Body, reply),
        };
        self.drop_out(&verdict);
    }

    fn hear_dot(&mut self, reply: &Reply) {
        let is_taken = reply.class() == 2;
        let verdict = match reply.class() {
            2 => {
                // The reply to a lone dot means nothing.
                if reply.code != 250 && self.anybody_good() {
                    self.warnings.push(format!("the server accepted with {reply}, not with 250"));
                }
                verdict::accepted(reply)
            }
            4 | 5 => verdict::refused(Stage::Dot, reply, self.rows),
            _ => {
                self.is_spent = true;
                verdict::misplaced(Stage::Dot, reply)
            }
        };
        // After a BDAT that failed the state is indeterminate (RFC 3030 section 2).
        self.is_ended |= !self.is_chunked() || is_taken;
        match self.next_answered() {
            Some(index) if reply.class() != 3 => {
                self.settle(index, verdict);
                self.answered = index + 1;
                if self.next_answered().is_some() {
                    if reply.code == 421 {
                        // The server goes, and says nothing of the others.
                        self.drop_out(&verdict::lost(Stage::Dot, &Loss::Closed));
                    }
                    return;
                }
            }
            _ => {
                // Of a message for nobody LMTP has nothing to say but that it is refused.
                self.is_spent |= self.offers.replies_to_each && is_taken;
                self.settle_rest(&verdict);
            }
        }
        self.state = State::Done;
    }

    /// Whose reply to the message comes next, where each has its own: those whose RCPT was taken, in the order of the
    /// RCPTs (RFC 2033 4.2).
    fn next_answered(&self) -> Option<usize> {
        self.unanswered().find(|&index| self.good[index])
    }

    /// How many replies the message may have, from now on; RCPTs that are not answered yet may be taken.
    pub(super) fn final_replies(&self) -> usize {
        let may_be_taken = |&index: &usize| self.good[index] || self.heard <= index + 1;
        self.unanswered().filter(may_be_taken).count().max(1)
    }

    fn unanswered(&self) -> std::ops::Range<usize> {
        self.answered..if self.offers.replies_to_each { self.count() } else { self.answered }
    }

    /// Whether the end of the message has any reply: not in LMTP, where the message is for nobody and DATA was let
    /// pass all the same. BDAT is refused.
    pub(super) fn answers_dot(&self) -> bool {
        self.is_chunked() || !self.offers.replies_to_each || self.anybody_good()
    }
}
