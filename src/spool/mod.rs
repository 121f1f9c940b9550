//! The spool: mail that whippet has taken and not yet handed over, one file each, and how none of it is lost.
//!
//! | state | where | lock | next |
//! | --- | --- | --- | --- |
//! | writing | `tmp/` | held | commit, or unlink |
//! | queued | `q/` | free | a run |
//! | in hand | `q/` | held | accepted, deferred, failed or in doubt |
//! | settled | `q/` | free | finished without sending |
//! | held | `held/` | free | `release`, `remove` |
//! | dead letter | `badmail/` | free | `retry`, `remove` |
//! | corrupt | `corrupt/` | free | a person |
//!
//! The name of a queued file says when it is due, for which hop, and how old it is: a scan opens nothing. The name is a
//! hint; the journal at the end of the file is the truth and is read again under the lock.

mod audit;
mod bounce;
pub mod desk;
mod format;
mod gate;
mod once;
mod run;
mod schedule;
mod state;
mod store;

pub use audit::Line;
pub use bounce::{
    Bounce, LONGEST_WHOLE, Original, Overflow, REPORTS_AN_HOUR, Report, Silence, is_within_rate, overflows,
    summary, wanted, wanted_of,
};
pub use format::{
    Cause, Damage, Decision, Event, Flags, HEADER, Header, Hop, Id, InDoubt, Journal, Kind, Name, Sealed,
    read_envelope, write_envelope,
};
pub use gate::{Closing, Gate, Losses, Outage, Record, settings_digest};
pub use once::{ContentDigest, Hit, Key, Once, OnceError, RecallError, Token};
pub use run::{Another, Attempt, Entry, Hops, Rules, Run, Tally};
pub use schedule::Schedule;
pub use state::{Fate, State};
pub use store::{Body, OpenError, Place, Seen, Store, Submission, SubmitError, Taken, Trouble};
