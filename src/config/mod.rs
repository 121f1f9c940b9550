//! Settings: where whippet's files and variables are, what they may say, and which of them wins.
//!
//! Everything above asks [`resolve()`] once and gets [`Settings`], in which each value knows its [`Origin`]. Nobody
//! else knows that files, profiles or environment variables exist. Not for what a message says (`mime`) and
//! not for how it travels (`deliver`).
//!
//! The order, weakest first (see [`Layer`] and `resolve.rs`): built-in, `$EMAIL`, top level of the system's file,
//! top level of the user's file, the profile in the system's file, the profile in the user's file,
//! `WHIPPET_SMTP` and `REPLYTO`, `--smtp`, `--set`.

mod error;
mod file;
mod layer;
mod resolve;
mod schema;
mod secret;
mod server;
mod settings;
mod surroundings;
mod timeouts;

mod value;

pub use error::{ConfigError, Fault, UnknownKey};
pub use layer::{Layer, Origin, Setting};
pub use resolve::{Wanted, resolve};
pub use schema::{Group, KEYS, Key, example, man_page};
pub use secret::{PendingSecret, SecretError, SecretPlace, SecretSource, fetch_proxy_password};
pub use server::hosts::Listing;
pub use settings::{
    AliasPlace, FromRule, Letter, Local, Outgoing, Queue, Row, Settings, SpoolSettings, WhenInDoubt,
};
pub use surroundings::{Surroundings, quoted};
pub use timeouts::Timeouts;
pub use value::Route;
