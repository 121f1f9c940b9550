//! Routes: the ways a message can go, each a [`Transport`] that takes an envelope and a message and reports on every
//! recipient. Knows nothing of profiles.

mod dialogue;
mod exchange;
mod fallback;
mod file;
mod lines;
mod mails;
mod mbox;
mod sandbox;
mod sendmail;
mod smart_host;

pub use fallback::Fallback;
pub use file::{File, Place, SentCopy};
pub use mails::{Mail, Mails, Pace, needs};
pub use sandbox::{Kept, Sandbox};
pub use sendmail::Sendmail;
pub(crate) use sendmail::is_same_file;
pub use smart_host::{SmartHost, SmartHostRoute, Unopened};

use crate::mail::{Envelope, Problem, Report, Stage, Verdict};
use crate::mime::Message;
use crate::sys::reason;

/// Hands one message over. Never fails: what goes wrong is in the report.
pub trait Transport {
    /// Hands `message` over for the recipients of `envelope`; one outcome for each.
    fn deliver(&mut self, envelope: &Envelope, message: &Message) -> Report;
}

/// Why a mail that its sender has set conditions for cannot go where none can be asked for.
fn unmet(envelope: &Envelope, taker: &str) -> Option<Verdict> {
    let conditions: Vec<&str> = envelope.wishes().conditions().iter().map(|(words, _)| *words).collect();
    let sentence =
        format!("the mail asks for {}, and {taker} cannot be asked for that", conditions.join(", "));
    (!conditions.is_empty())
        .then(|| Verdict::failed(Stage::Local, Problem::Unsupported, sentence).with_status(5, 3, 3))
}

/// An error with its reason, as the system gives it but without the number.
fn in_words(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", reason(&source)),
        None => error.to_string(),
    }
}
