//! The words that everybody uses: addresses, envelope, report, TLS policy. No I/O. Read these first.

mod address;
mod alias;
mod class;
mod envelope;
mod list;
mod pin;
mod protocol;
mod report;
mod security;
mod status;
mod timeouts;
mod verdict;
mod warning;
mod wishes;

pub use address::{Address, AddressError, Mailbox};
pub use alias::{AliasError, Aliases, BadLine, ExpandError, Expansion};
pub use class::Class;
pub use envelope::{Envelope, NoRecipient};
pub use list::{Group, Listed, parse_list, parse_list_with};
pub use pin::Pin;
pub use protocol::Protocol;
pub use report::{Fate, Outcome, Problem, Report, ReportedReply, SessionFacts, Stage, Timings};
pub use security::{
    CertificateProblem, ChannelBinding, ClientCertificate, TlsFacts, TlsMode, TlsPolicy, TlsVersion, Trust,
};
pub use status::EnhancedStatus;
pub use timeouts::{Timeouts, read_time};
pub use verdict::Verdict;
pub use warning::{Warning, WarningKind};
pub use wishes::{
    DeliverBy, EnvelopeId, Hold, Late, Notify, OriginalRecipient, Priority, Return, WishError, Wishes,
    from_xtext, xtext,
};
