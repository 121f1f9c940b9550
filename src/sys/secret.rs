//! A secret: a password or token that is never shown and is wiped when it is dropped.

use std::fmt;
use std::sync::Once;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use zeroize::Zeroizing;

/// Octets that must not be seen. Has no `Display`; its `Debug` says `***`.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the octets over. From the first one on the memory of this process is closed to others.
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        static CLOSED: Once = Once::new();
        CLOSED.call_once(close_memory);
        Secret(Zeroizing::new(octets.into()))
    }

    /// The octets, for the one place that puts them on the wire.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes one trailing line end, which files and commands add and no password has.
    pub fn without_line_end(mut self) -> Self {
        if self.0.last() == Some(&b'\n') {
            self.0.pop();
            if self.0.last() == Some(&b'\r') {
                self.0.pop();
            }
        }
        self
    }
}

/// No core file is written when this process dies, and no other process of the same user reads its memory. Where the
/// system does not know the second, the first must do; where it refuses, nothing else can be done.
fn close_memory() {
    let maximum = getrlimit(Resource::Core).maximum;
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    // A core that goes to a program, not to a file, has no limit of size (core(5), prctl(2)).
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("canary")), "***");
    }

    #[test]
    fn one_line_end_is_removed() {
        assert_eq!(Secret::new("a\r\n").without_line_end().expose(), b"a");
        assert_eq!(Secret::new("a\n\n").without_line_end().expose(), b"a\n");
        assert_eq!(Secret::new(" a ").without_line_end().expose(), b" a ");
    }
}
