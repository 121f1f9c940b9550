//! The words that everybody uses: addresses, envelope, report, TLS policy. No I/O. Read these first.

mod address;
mod envelope;
mod report;
mod security;
mod status;
mod timeouts;
mod verdict;

pub use address::{Address, AddressError, Group, Listed, Mailbox, parse_list};
pub use envelope::{Envelope, NoRecipient};
pub use report::{Fate, Outcome, Problem, Report, ReportedReply, SessionFacts, Stage, Timings};
pub use security::{CertificateProblem, TlsFacts, TlsMode, TlsPolicy, TlsVersion};
pub use status::EnhancedStatus;
pub use timeouts::Timeouts;
pub use verdict::Verdict;
