//! What the integration tests stand on: a sandbox for the program ([`Sandbox`], [`Ran`]), a scripted SMTP server
//! ([`Peer`], [`Rules`], [`Step`], [`Book`]), the real servers of `scripts/test-peers` ([`Peers`], [`Account`]), and a
//! parser that is not ours ([`judge`]).
//!
//! ```ignore
//! let peer = Peer::serving(Rules::healthy().on("RCPT TO:<bob@", [say("550 5.1.1 no such user")]));
//! let sandbox = Sandbox::new();
//! sandbox.profile(&format!("host = \"127.0.0.1\"\nport = {}\n", peer.port()));
//! sandbox.stdin("hello\n").run(&["-s", "hi", "ann@example.test", "bob@example.test"]).exits(67).says("bob@example.test");
//! assert_eq!(peer.finish().messages().len(), 1);
//! ```

#![allow(dead_code, reason = "no single test uses all of it")]
#![allow(unused_imports, reason = "no single test uses all of it")]

mod account;
mod book;
pub mod canary;
mod certificate;
mod client;
mod connection;
mod gate;
mod judge;
mod peer;
mod peers;
mod ran;
mod rules;
mod sandbox;
mod step;

pub use account::{Account, attachment, noise, outcomes, reply};
pub use book::{Book, Heard, What, unstuffed};
pub use certificate::Certificate;
pub use gate::Gate;
pub use judge::{Judged, judge, python};
pub use peer::Peer;
pub use peers::{Delivered, Peers};
pub use ran::{Ran, Running};
pub use rules::Rules;
pub use sandbox::{Call, Sandbox, program};
pub use step::{Step, hear, raw, say};

/// Says that something was not tested, past the test harness, which hides what tests print if they pass.
pub fn skipped_loudly(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
