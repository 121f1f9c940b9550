//! whippet composes one mail and submits it.
//!
//! The main line, from the words typed to the exit code:
//!
//! ```text
//! argv ──► cli::Request ──► mime::Draft ──► mime::Message ─┐
//!              │                                           ├─► deliver::Transport ──► mail::Report ──► ui, exit code
//!              └──────────► config::Settings ─► Envelope ──┘
//! ```
//!
//! Seven floors; a file imports from lower floors and its own folder, never up, never sideways
//! (`tests/house.rs` holds the table):
//!
//! | floor | modules |
//! | --- | --- |
//! | 6 | `main`, this file |
//! | 5 | [`cmd`]: one verb per file, the real world, exit codes |
//! | 4 | [`cli`]: argv → `Request` · [`ui`]: what is printed · [`spool`]: mail that waits |
//! | 3 | [`deliver`]: routes and transports · [`config`]: profiles, layers, secrets |
//! | 2 | [`mime`]: drafts and messages · [`smtp`]: the protocol as values · [`net`]: sockets and TLS |
//! | 1 | [`mail`]: the words everybody uses; read these first |
//! | 0 | [`sys`]: clock, randomness, children, secrets |

pub mod sys;

pub mod mail;

pub mod mime;
pub mod net;
pub mod smtp;

pub mod config;
pub mod deliver;

pub mod cli;
pub mod spool;
pub mod ui;

pub mod cmd;

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with these arguments (the first is the name it was called by) and gives its exit code.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    cmd::run(&argv.into_iter().collect::<Vec<_>>())
}
