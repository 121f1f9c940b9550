//! The words that everybody uses: addresses, envelope, report, TLS policy. No I/O. Read these first.

mod address;
mod channel_binding;
mod envelope;
mod item;
mod list;
mod report;
mod security;
mod status;
mod timeouts;
mod token;
mod verdict;

pub use address::{Address, AddressError, Mailbox};
pub use channel_binding::ChannelBinding;
pub use envelope::{Envelope, NoRecipient};
pub use list::{Group, Listed, parse_list};
pub use report::{Fate, Outcome, Problem, Report, ReportedReply, SessionFacts, Stage, Timings};
pub use security::{CertificateProblem, TlsFacts, TlsMode, TlsPolicy, TlsVersion};
pub use status::EnhancedStatus;
pub use timeouts::Timeouts;
pub use verdict::Verdict;
