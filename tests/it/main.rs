//! The integration tests: the real program, in a sandbox, against scripted and real servers. One file here is one
//! face or one promise of the program; what they share is in `support`.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod batches;
mod callers;
mod copies;
mod corpus;
mod dialogue;
mod drafts;
mod errors;
mod faces;
mod flights;
mod injection;
mod judge;
mod letter;
mod lmtp;
mod local_names;
mod many;
mod packaged;
mod people;
mod postfix;
mod queue;
mod queueing;
mod readme;
mod recipes;
mod recorder;
mod routes;
mod runner;
mod secrets;
mod servers;
mod settings;
mod spool;
mod support;
mod tls;
mod wire;
