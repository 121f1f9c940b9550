//! The events of a journal, and their octets. Integers are little-endian; places come last and fill the rest.

use crate::mail::{EnhancedStatus, ReportedReply, Stage};
use crate::spool::Id;

/// Longest text of a reply that is kept, octets.
const REPLY: usize = 512;

/// What happened. Times are seconds since 1970, places those of recipients in the envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `A`: an attempt begins; should it crash, the next one is due then.
    Attempt {
        /// When it begins.
        time_s: u64,
        /// Which one it is, from 1 on.
        number: u32,
        /// The number of the hop.
        hop: u32,
        /// When the next one is due.
        due_s: u64,
    },
    /// `C`: the octets that end the message for these recipients are about to leave.
    Commit {
        /// When.
        time_s: u64,
        /// Its number in this entry, from 1 on.
        transaction: u32,
        /// Who.
        places: Vec<u16>,
    },
    /// `R`: these recipients have an answer.
    Result {
        /// The transaction; 0 for none.
        transaction: u32,
        /// What.
        decision: Decision,
        /// Who.
        places: Vec<u16>,
    },
    /// `U`: it is not known what became of this transaction.
    Doubt {
        /// The transaction.
        transaction: u32,
        /// Why.
        reason: String,
    },
    /// `S`: when it is tried next (`None`: never) and when it is given up.
    Schedule {
        /// The next attempt.
        due_s: Option<u64>,
        /// The end of its life.
        expires_s: u64,
        /// Why.
        cause: Cause,
    },
    /// `N`: the sender is told about these recipients, or will never be.
    Notice {
        /// What.
        kind: Kind,
        /// The report.
        bounce: Option<Id>,
        /// About whom.
        places: Vec<u16>,
    },
    /// `E`: a person removed it.
    Removed {
        /// By whom.
        uid: u32,
        /// When.
        time_s: u64,
    },
}

/// What was decided about recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// When the attempt was made that led to it, seconds since 1970.
    pub time_s: u64,
    /// 2 accepted, 4 deferred, 5 failed.
    pub class: u8,
    /// Accepted by a hop that makes no reports, though its sender wants to hear: it is for us to say so.
    pub is_relayed: bool,
    /// Where.
    pub stage: Stage,
    /// Why.
    pub status: EnhancedStatus,
    /// The server's words, or ours with the code 0.
    pub reply: ReportedReply,
}

/// Why a schedule changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The hop did not answer: nothing was tried.
    Host = 0,
    /// A person wants it tried again.
    Retry = 1,
    /// A person holds it.
    Hold = 2,
    /// A person lets it go.
    Release = 3,
    /// It was taken under a wrong clock.
    Repair = 4,
    /// An attempt ended with recipients left.
    Attempt = 5,
}

/// What a sender is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// That it failed.
    Failed = 0,
    /// That it takes longer.
    Delayed = 1,
    /// That it went on to where no reports are made.
    Relayed = 2,
    /// Nothing: it is not wanted, or there were too many.
    Silent = 3,
}

pub(in crate::spool) const STAGES: [Stage; 12] = [
    Stage::Connect,
    Stage::Greeting,
    Stage::Ehlo,
    Stage::StartTls,
    Stage::Handshake,
    Stage::Auth,
    Stage::Mail,
    Stage::Rcpt,
    Stage::Data,
    Stage::Body,
    Stage::Dot,
    Stage::Local,
];

impl Event {
    /// Its type, and its payload.
    pub(super) fn encode(&self) -> (u8, Vec<u8>) {
        let mut out = Vec::new();
        let kind = match self {
            Event::Attempt { time_s, number, hop, due_s } => {
                out.extend_from_slice(&time_s.to_le_bytes());
                out.extend_from_slice(&number.to_le_bytes());
                out.extend_from_slice(&hop.to_le_bytes());
                out.extend_from_slice(&due_s.to_le_bytes());
                b'A'
            }
            Event::Commit { time_s, transaction, places } => {
                out.extend_from_slice(&time_s.to_le_bytes());
                out.extend_from_slice(&transaction.to_le_bytes());
                put_places(&mut out, places);
                b'C'
            }
            Event::Result { transaction, decision, places } => {
                out.extend_from_slice(&transaction.to_le_bytes());
                decision.put(&mut out);
                put_places(&mut out, places);
                b'R'
            }
            Event::Doubt { transaction, reason } => {
                out.extend_from_slice(&transaction.to_le_bytes());
                put_text(&mut out, reason);
                b'U'
            }
            Event::Schedule { due_s, expires_s, cause } => {
                out.extend_from_slice(&due_s.unwrap_or(u64::MAX).to_le_bytes());
                out.extend_from_slice(&expires_s.to_le_bytes());
                out.push(*cause as u8);
                b'S'
            }
            Event::Notice { kind, bounce, places } => {
                out.push(*kind as u8);
                put_text(&mut out, &bounce.map_or_else(String::new, |id| id.to_string()));
                put_places(&mut out, places);
                b'N'
            }
            Event::Removed { uid, time_s } => {
                out.extend_from_slice(&uid.to_le_bytes());
                out.extend_from_slice(&time_s.to_le_bytes());
                b'E'
            }
        };
        (kind, out)
    }

    /// Reads a payload of this type; `None` if it is not known or not one.
    pub(super) fn decode(kind: u8, payload: &[u8]) -> Option<Event> {
        let mut take = Take(payload);
        let event = match kind {
            b'A' => Event::Attempt {
                time_s: take.u64()?,
                number: take.u32()?,
                hop: take.u32()?,
                due_s: take.u64()?,
            },
            b'C' => Event::Commit { time_s: take.u64()?, transaction: take.u32()?, places: take.places()? },
            b'R' => {
                Event::Result { transaction: take.u32()?, decision: take.decision()?, places: take.places()? }
            }
            b'U' => Event::Doubt { transaction: take.u32()?, reason: take.text()? },
            b'S' => {
                let due_s = Some(take.u64()?).filter(|&due| due != u64::MAX);
                let (expires_s, cause) = (take.u64()?, take.u8()?);
                let causes =
                    [Cause::Host, Cause::Retry, Cause::Hold, Cause::Release, Cause::Repair, Cause::Attempt];
                Event::Schedule { due_s, expires_s, cause: *causes.get(usize::from(cause))? }
            }
            b'N' => {
                let kinds = [Kind::Failed, Kind::Delayed, Kind::Relayed, Kind::Silent];
                let (kind, bounce) = (*kinds.get(usize::from(take.u8()?))?, take.text()?);
                let bounce = if bounce.is_empty() { None } else { Some(Id::parse(&bounce)?) };
                Event::Notice { kind, bounce, places: take.places()? }
            }
            b'E' => Event::Removed { uid: take.u32()?, time_s: take.u64()? },
            _ => return None,
        };
        take.0.is_empty().then_some(event)
    }
}

impl Decision {
    /// The status of a message that is not what was taken in, or cannot be read any more (RFC 3463 3.7).
    pub const DAMAGED: EnhancedStatus = EnhancedStatus::new(5, 6, 0);
    /// The status of a message that could not be read this time.
    pub const UNREAD: EnhancedStatus = EnhancedStatus::new(4, 6, 0);

    /// Whether it was decided here, and not by a hop, that the message is damaged.
    pub fn is_damage(&self) -> bool {
        self.class == 5 && self.stage == Stage::Local && self.status == Self::DAMAGED
    }

    /// Whether the message could not be read.
    pub fn is_unread(&self) -> bool {
        self.class == 4 && self.stage == Stage::Local && self.status == Self::UNREAD
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.time_s.to_le_bytes());
        out.push(self.class);
        out.push(u8::from(self.is_relayed));
        let stage = STAGES.iter().position(|stage| *stage == self.stage).unwrap_or(0);
        out.push(stage as u8);
        out.push(self.status.class);
        out.extend_from_slice(&self.status.subject.to_le_bytes());
        out.extend_from_slice(&self.status.detail.to_le_bytes());
        out.extend_from_slice(&self.reply.code.to_le_bytes());
        put_text(out, &self.reply.text);
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let mut end = text.len().min(REPLY);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    out.extend_from_slice(&(text.len() as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn put_places(out: &mut Vec<u8>, places: &[u16]) {
    for place in places {
        out.extend_from_slice(&place.to_le_bytes());
    }
}

/// What is left of a payload.
struct Take<'a>(&'a [u8]);

impl Take<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[octet]| octet)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::from(self.u16()?);
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn decision(&mut self) -> Option<Decision> {
        let time_s = self.u64()?;
        let class = self.u8().filter(|class| matches!(class, 2 | 4 | 5))?;
        let is_relayed = self.u8().filter(|flags| *flags <= 1)? == 1;
        let stage = *STAGES.get(usize::from(self.u8()?))?;
        let status = EnhancedStatus::new(self.u8()?, self.u16()?, self.u16()?);
        let reply = ReportedReply { code: self.u16()?, text: self.text()? };
        Some(Decision { time_s, class, is_relayed, stage, status, reply })
    }

    /// All that is left.
    fn places(&mut self) -> Option<Vec<u16>> {
        let mut places = Vec::with_capacity(self.0.len() / 2);
        while !self.0.is_empty() {
            places.push(self.u16()?);
        }
        Some(places)
    }
}
