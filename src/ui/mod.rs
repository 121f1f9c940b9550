//! What is printed: speech for people on stderr, data on stdout. Decides nothing.

mod human;
mod json;
pub mod queue;

pub use human::{Complaint, arrivals, complaints, printable, queued, settings};
pub use json::{
    Summary, failure as failure_json, nothing as nothing_json, report as report_json,
    settings as settings_json,
};
