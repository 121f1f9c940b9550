//! Routes: the ways a message can go, each a [`Transport`] that takes an envelope and a message and reports on every
//! recipient. Knows nothing of profiles.

mod dialogue;
mod file;
mod sandbox;
mod sendmail;
mod smart_host;

pub use file::File;
pub use sandbox::{Kept, Sandbox};
pub use sendmail::Sendmail;
pub(crate) use sendmail::is_same_file;
pub use smart_host::{SmartHost, SmartHostRoute};

use crate::mail::{Envelope, Report};
use crate::mime::Message;
use crate::sys::reason;

/// Hands one message over. Never fails: what goes wrong is in the report.
pub trait Transport {
    /// Hands `message` over for the recipients of `envelope`; one outcome for each.
    fn deliver(&mut self, envelope: &Envelope, message: &Message) -> Report;
}

/// An error with its reason, as the system gives it but without the number.
fn in_words(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", reason(&source)),
        None => error.to_string(),
    }
}
