//! What stands on the disk: the names, and the four parts of an entry's file (header, envelope, body, journal). Octets to
//! values and back; nothing here opens a file.

mod envelope;
mod header;
mod journal;
mod name;

pub use envelope::{Sealed, read_envelope, write_envelope};
pub use header::{Damage, Flags, HEADER, Header, InDoubt};
pub(super) use journal::STAGES;
pub use journal::{Cause, Decision, Event, Journal, Kind};
pub use name::{Hop, Id, Name};
