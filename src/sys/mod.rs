//! The ground: what the operating system gives, behind small seams. Knows nothing of mail.

mod clock;
mod random;
mod run;
mod secret;

pub use clock::{Clock, FixedClock, SystemClock};
pub use random::{Random, SeededRandom, SystemRandom};
pub use run::{Child, Ended, Run, RunError, SystemRun};
pub use secret::Secret;
