//! The verb `queue`: what waits in the spool, and what is done with it.

mod profiles;
mod run;
pub(super) mod spool;
mod waiting;

pub(super) use run::{Wish, once};
pub(super) use waiting::Waiting;
