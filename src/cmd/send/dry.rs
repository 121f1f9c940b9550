//! `--dry-run`: what would be sent.

use std::io::Write;

use super::Mail;
use crate::cmd::{Exit, Failure, World};
use crate::mime::MessageError;
use crate::smtp::{BodyKind, Command};
use crate::sys::Blocks;
use crate::ui::Complaint;

impl Mail {
    /// The message on standard output, the envelope on standard error, nothing connected.
    pub(super) fn show(&self, world: &mut World<'_>) -> Result<Exit, Failure> {
        // As a server would hear it that knows every wish.
        let wishes = self.envelope.wishes();
        let mail = Command::Mail {
            reverse_path: self.envelope.reverse_path().cloned(),
            size: Some(self.message.size()),
            body: if self.message.is_eight_bit() { BodyKind::EightBit } else { BodyKind::SevenBit },
            smtputf8: false,
            wishes: Box::new(wishes.clone()),
        };
        let _ = writeln!(world.stderr, "{}", mail.redacted());
        for (place, recipient) in self.envelope.recipients().iter().enumerate() {
            let (notify, original) = (wishes.notify, self.envelope.original(place));
            let rcpt = Command::Rcpt { recipient: recipient.clone(), notify, original };
            let _ = writeln!(world.stderr, "{}", rcpt.redacted());
        }
        let mut out = Blocks::new(&mut *world.stdout, 0);
        let written = self.message.write_to(&mut out).and_then(|()| out.flush().map_err(MessageError::Sink));
        match written {
            // Whoever reads our output may stop when they have seen enough.
            Err(MessageError::Sink(error)) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                let complaint = Complaint::new("cannot write the message to the standard output");
                Err(Failure::new(Exit::IoErr, complaint.because(error.to_string())))
            }
            Err(MessageError::Sink(_)) | Ok(()) => Ok(Exit::Ok),
            Err(error) => Err(error.into()),
        }
    }
}
