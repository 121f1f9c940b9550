//! The desk: what a person sees of the spool, and does to it. Who only looks takes no lock, and may see an entry in the
//! moment before it changes.

mod check;
mod find;
mod gates;
mod list;
mod stats;
mod verbs;

pub use check::{Check, Finding, SET_ASIDE};
pub use find::{Selection, Spot, Unfound, find, spots};
pub use gates::Gates;
pub use list::{Condition, Facts, Row, Totals, list, row, totals};
pub use stats::{HopStats, PlaceStats, Stats, stats};
pub use verbs::{Desk, Done, Verb};
