//! Every error that a newcomer meets, word for word with its exit code: one page of cases per kind, kept in
//! `snapshots/`. Read the pages as one who does not know the program: what failed, why, what to do.
//!
//! The program runs inside the test, in a world where names lead to the scripted server, so that the pages show the
//! words that a person would see. That the real program says the same is tested in `faces.rs`.

#[path = "errors/attachments.rs"]
mod attachments;
#[path = "errors/delivery.rs"]
mod delivery;
#[path = "errors/inside.rs"]
pub(crate) mod inside;
#[path = "errors/login.rs"]
mod login;
#[path = "errors/page.rs"]
mod page;
#[path = "errors/profiles.rs"]
mod profiles;
#[path = "errors/server.rs"]
mod server;
#[path = "errors/words.rs"]
mod words;

use inside::Inside;
use page::Page;
