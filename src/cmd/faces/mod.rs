//! The faces of other programs, and what only they ask for.

mod doubtful;
mod links;
mod recorded;
mod served;
mod verify;

pub(super) use doubtful::settle;
pub(super) use links::links;
pub(super) use recorded::run;
pub(super) use served::serve;
pub(super) use verify::verify;
