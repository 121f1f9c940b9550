//! BDAT: a message in chunks of told lengths (RFC 3030 section 2).
//!
//! The octets of a chunk are read whatever is wrong with it, or they would be taken for commands.

use super::refusal::line;
use super::{Event, Message, Phase, Server, parameter};

impl Server {
    pub(super) fn chunk(&mut self, rest: &str) -> Event {
        let Some((length, is_last)) = told(rest) else {
            // Nobody knows where the next command begins. 521: no mail here (RFC 7504).
            return self.close(line(521, "5.5.4 Syntax: BDAT count [LAST]"));
        };
        self.phase = Phase::Chunk { left: length, is_last };
        let is_first = self.message.is_none();
        let message = self.message.get_or_insert_default();
        if message.refusal.is_some() {
            return self.next_of_chunk();
        }
        let limit = self.policy.size_limit.unwrap_or(u64::MAX);
        match &self.arrival {
            None => message.refusal = Some(line(503, "5.5.1 MAIL first")),
            Some(arrival) if arrival.recipients.is_empty() => {
                message.refusal = Some(line(503, "5.5.1 RCPT first"));
            }
            Some(_) if message.length.saturating_add(length) > limit => {
                message.refusal = Some(parameter::too_large());
            }
            Some(arrival) if is_first => {
                let arrival = arrival.clone();
                message.is_begun = true;
                return Event::Begin(arrival, Vec::new());
            }
            Some(_) => {}
        }
        self.next_of_chunk()
    }

    pub(super) fn next_of_chunk(&mut self) -> Event {
        let Phase::Chunk { left, is_last } = &mut self.phase else { unreachable!("BDAT has begun") };
        let there = self.input.rest();
        let count = usize::try_from(*left).map_or(there.len(), |left| left.min(there.len()));
        let piece = there[..count].to_vec();
        *left -= count as u64;
        let (is_whole, is_last) = (*left == 0, *is_last);
        self.input.skip(count);
        match self.keep(piece) {
            Some(piece) => Event::Piece(piece),
            None if !is_whole => Event::More,
            None if is_last => {
                self.phase = Phase::Ended;
                self.ended()
            }
            None => self.chunk_ended(),
        }
    }

    /// A chunk that is not the last one is read.
    fn chunk_ended(&mut self) -> Event {
        self.phase = Phase::Command;
        let message: &mut Message = self.message.get_or_insert_default();
        match &message.refusal {
            None => Event::Reply(line(250, &format!("2.0.0 Ok: {} octets so far", message.length))),
            Some(refusal) => {
                let refusal = refusal.clone();
                match std::mem::take(&mut message.is_begun) {
                    true => Event::Dropped(refusal),
                    false => Event::Reply(refusal),
                }
            }
        }
    }
}

/// The length of a chunk, and whether it is the last one.
fn told(text: &str) -> Option<(u64, bool)> {
    let mut words = text.split_ascii_whitespace();
    let length = words.next().filter(|word| word.bytes().all(|octet| octet.is_ascii_digit()))?;
    let is_last = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("LAST") => true,
        Some(_) => return None,
    };
    words.next().is_none().then_some((length.parse().ok()?, is_last))
}
