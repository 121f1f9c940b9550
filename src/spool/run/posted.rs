//! An entry on its way to a hop: a mail whose message is checked as it is written.

use std::cell::{Cell, RefCell};
use std::io::Write;

use crate::deliver::Mail;
use crate::mail::{Envelope, Fate as Told, ReportedReply, Verdict};
use crate::mime::MessageError;
use crate::smtp::Needs;
use crate::spool::{Decision, Taken};

/// An entry on its way: its pending recipients and its message.
#[derive(Debug)]
pub struct Entry<'s, 'd> {
    pub(super) taken: RefCell<Taken<'s, 'd>>,
    pub(super) envelope: Envelope,
    /// The places of the recipients in the entry's own envelope.
    pub(super) places: Vec<usize>,
    /// The transaction whose dot may have left; 0 for none.
    pub(super) transaction: Cell<u32>,
    /// Its message is not what was taken in.
    pub(super) is_corrupt: Cell<bool>,
    /// Its message could not be read to its end.
    pub(super) is_unread: Cell<bool>,
    /// Doubts that the log is still to hear of: transactions, each with what is known.
    pub(super) doubts: RefCell<Vec<(u32, String)>>,
    /// The hop takes nothing now, or got nothing from us.
    pub(super) is_unreached: Cell<bool>,
    /// Its dot was kept back: it could not be recorded.
    pub(super) is_forbidden: Cell<bool>,
    /// The hop has it for all, and that could not be recorded.
    pub(super) is_done: Cell<bool>,
}

impl Mail for Entry<'_, '_> {
    fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    fn needs(&self) -> Needs {
        let taken = self.taken.borrow();
        let flags = taken.header.flags;
        Needs { size: taken.header.body, eight_bit: flags.eight_bit, smtputf8: flags.smtputf8 }
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<(), MessageError> {
        let written = self.taken.borrow().body().write_to(out);
        self.is_corrupt.set(matches!(written, Err(MessageError::Changed { .. })));
        self.is_unread.set(matches!(written, Err(MessageError::Read { .. })));
        written
    }
}

/// What is recorded of a verdict that was given now.
pub(super) fn decision(verdict: &Verdict, time_s: u64) -> Decision {
    let class = match verdict.fate {
        Told::Accepted | Told::Queued => 2,
        Told::Deferred => 4,
        Told::Failed => 5,
    };
    let ours = || ReportedReply { code: 0, text: verdict.sentence.clone() };
    let reply = verdict.reply.clone().unwrap_or_else(ours);
    let (stage, mut status) = (verdict.stage, verdict.status);
    if class == 5 {
        // A 4yz that no later try mends.
        status.class = 5;
    }
    Decision { time_s, class, is_relayed: false, stage, status, reply }
}
