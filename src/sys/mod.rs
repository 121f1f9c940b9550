//! The ground: what the operating system gives, behind small seams. Knows nothing of mail.

mod account;
mod blocks;
mod clock;
mod disk;
mod ground;
mod interrupt;
mod output;
mod random;
mod run;
mod secret;
mod words;

pub use account::{Account, machine_name};
pub use blocks::{Blocks, write_behind};
pub use clock::{Clock, FixedClock, SystemClock};
pub use disk::{Disk, Folder, Room, Stat, SystemDisk};
pub use ground::{Ground, ground};
pub use interrupt::{Interrupt, LOOK, bell, catch_interrupts, hear_of_full_files, interrupted, rest};
pub use output::StandardOutput;
pub use random::{Random, SeededRandom, SystemRandom};
pub use run::{
    Child, Ended, Ends, Feed, OUTPUT_LIMIT, Recorded, Run, RunError, Started, SystemRun, leave_terminal,
};
pub use secret::Secret;
pub use words::{is_hidden, is_shortage, reason};
