//! What a message asks of a server: the commands that say it, and what is said when the server lacks it, before anything
//! is sent.

use crate::mail::{Envelope, Problem, Stage, Verdict};
use crate::smtp::{BodyKind, Capabilities, Command, parameter};

/// What the message asks of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// The message's exact size, octets.
    pub size: u64,
    /// It holds octets above 127 outside of what SMTPUTF8 covers.
    pub eight_bit: bool,
    /// A field of its header is UTF-8 (RFC 6532).
    pub smtputf8: bool,
}

impl Needs {
    /// What the message needs and the server lacks.
    pub(super) fn unmet(&self, envelope: &Envelope, offers: &Capabilities) -> Option<Verdict> {
        if let Some(limit) = offers.size_limit
            && self.size > limit
        {
            let size = self.size;
            let sentence = format!("the message has {size} octets, and the server takes at most {limit}");
            return Some(Verdict::failed(Stage::Mail, Problem::TooBig, sentence).with_status(5, 3, 4));
        }
        let (what, extension, detail) = if envelope.needs_smtputf8() && !offers.smtputf8 {
            ("an address has letters outside ASCII before its @", "SMTPUTF8", 7)
        } else if self.smtputf8 && !offers.smtputf8 {
            ("the message has a header in UTF-8", "SMTPUTF8", 7)
        } else if self.eight_bit && !offers.eight_bit_mime {
            ("the message holds 8-bit text", "8BITMIME", 3)
        } else {
            return parameter::unmet(envelope.wishes(), offers);
        };
        let sentence = format!("{what}, and the server does not offer {extension}");
        Some(Verdict::failed(Stage::Mail, Problem::Unsupported, sentence).with_status(5, 6, detail))
    }

    pub(super) fn wants_smtputf8(&self, envelope: &Envelope) -> bool {
        self.smtputf8 || envelope.needs_smtputf8()
    }

    /// MAIL, with what the server offers of what the message needs.
    pub(super) fn mail_command(&self, envelope: &Envelope, offers: &Capabilities) -> Command {
        let is_eight_bit = offers.eight_bit_mime && (self.eight_bit || self.wants_smtputf8(envelope));
        Command::Mail {
            reverse_path: envelope.reverse_path().cloned(),
            size: offers.size.then_some(self.size),
            body: if is_eight_bit { BodyKind::EightBit } else { BodyKind::SevenBit },
            smtputf8: self.wants_smtputf8(envelope),
            wishes: Box::new(parameter::offered(envelope.wishes(), offers)),
        }
    }
}

/// RCPT for the recipient at this place, with the wishes that the server can hear.
pub(super) fn rcpt_command(index: usize, envelope: &Envelope, offers: &Capabilities) -> Command {
    let wishes = envelope.wishes();
    Command::Rcpt {
        recipient: envelope.recipients()[index].clone(),
        notify: wishes.notify.filter(|_| offers.dsn),
        original: envelope.original(index).filter(|_| offers.dsn),
    }
}
