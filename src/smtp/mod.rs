//! SMTP as values (RFC 5321): commands, replies, the session up to the login, the transaction. Opens no socket
//! and reads no clock: whoever drives it writes what it says, feeds it the replies, and tells it of losses.

mod capability;
mod command;
mod data;
mod parameter;
mod reply;
mod sasl;
mod server;
mod session;
mod transaction;
mod transcript;
mod verdict;

pub use capability::{Capabilities, Limits};
pub use command::{BodyKind, Command};
pub use data::DotStuffer;
pub use reply::{Reply, ReplyError, ReplyReader};
pub use sasl::{Credentials, Mechanism, Nonces};
pub use server::{Arrival, Bare, Event, Recipient, Refusal, Server, ServerPolicy};
pub use session::{Session, SessionPolicy, SessionStep};
pub use transaction::{Batch, Batches, Needs, Next, Settled, Step, Transaction, Window};
pub use transcript::Transcript;
#[cfg(test)]
pub(crate) use verdict::refused;
pub use verdict::{Loss, ReplyRow};
