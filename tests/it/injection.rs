//! Nothing that a person or a script hands over becomes a command, a recipient or a field of its own: every place where
//! text comes in, with every payload, is refused with its name or arrives encoded. The server's book and another
//! parser (Python's `email`) are the judges.

#[path = "injection/judge.rs"]
mod judge;
#[path = "injection/payloads.rs"]
mod payloads;
#[path = "injection/places.rs"]
mod places;
#[path = "injection/profiles.rs"]
mod profiles;
