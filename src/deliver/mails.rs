//! The mails of one connection: where they come from, and who hears what becomes of each.

use std::io::{self, Write};

use crate::mail::{Envelope, Report, Verdict};
use crate::mime::{Message, MessageError};
use crate::smtp::{Needs, Settled};

/// Something to be handed over.
pub trait Mail {
    /// Who it is from and who gets it.
    fn envelope(&self) -> &Envelope;
    /// What the message asks of a server.
    fn needs(&self) -> Needs;
    /// Writes the message, every line ended in CRLF, not dot-stuffed; exactly as many octets as its needs say.
    fn write_to(&self, out: &mut dyn Write) -> Result<(), MessageError>;
}

impl Mail for (&Envelope, &Message) {
    fn envelope(&self) -> &Envelope {
        self.0
    }

    fn needs(&self) -> Needs {
        needs(self.1)
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<(), MessageError> {
        self.1.write_to(out)
    }
}

/// What a composed message asks of a server.
pub fn needs(message: &Message) -> Needs {
    Needs { size: message.size(), eight_bit: message.is_eight_bit(), smtputf8: message.needs_smtputf8() }
}

/// The owner of the mails. Every mail taken from it comes back once, by [`Mails::settled`] or [`Mails::untried`].
pub trait Mails {
    /// What is handed over.
    type Mail: Mail;

    /// The next mail; `None` ends the session once all others are settled.
    fn next_mail(&mut self) -> Option<Self::Mail>;

    /// The octets that end the message for the recipients at these places are about to leave: from here on a retry may
    /// duplicate. An error keeps them back: nobody of them gets it, and the connection is dropped.
    fn before_dot(&mut self, _mail: &Self::Mail, _places: &[usize]) -> io::Result<()> {
        Ok(())
    }

    /// A transaction with the recipients at these places is over. After an error no other mail is begun.
    fn answered(&mut self, _mail: &Self::Mail, _places: &[usize], _settled: &Settled) -> io::Result<()> {
        Ok(())
    }

    /// All recipients have their outcome.
    fn settled(&mut self, mail: Self::Mail, report: Report);

    /// The connection ended before the server had said a word about this mail, and it is certain that it took nothing:
    /// another connection may take it.
    fn untried(&mut self, mail: Self::Mail, why: Verdict);
}

/// How closely one mail may follow the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Nothing leaves before what was said about the mail before is recorded, and no octet that could end a message
    /// before [`Mails::before_dot`] has returned.
    Settled,
    /// Up to this many mails are in flight. Where the connection breaks, all of them may be in doubt.
    Windowed(usize),
}
