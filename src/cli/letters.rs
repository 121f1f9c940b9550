//! Options of mutt, neomutt and later versions that this version does not have, and what is said of each.

use crate::cli::usage::UsageError;

/// Long options that are documented and not in this version.
const NOT_YET: [&str; 20] = [
    "allow-draft-attach",
    "draft",
    "dsn-notify",
    "dsn-return",
    "encrypt",
    "envid",
    "expect-bytes",
    "expect-sha256",
    "html",
    "idempotency-key",
    "inline",
    "no-queue",
    "only-remaining",
    "output",
    "queue",
    "raw",
    "require-tls",
    "resend",
    "sign",
    "undecodable",
];

/// What is said of a letter that is no option.
pub(super) fn refuse_letter(letter: &str) -> UsageError {
    let not_here =
        |what: &str| UsageError::usage(format!("-{letter} ({what}) is not in this version of whippet"));
    match letter {
        "H" => not_here("send a draft"),
        "E" => not_here("edit the draft first"),
        "C" => not_here("sign or encrypt"),
        "p" => UsageError::usage("-p: whippet keeps no postponed mail"),
        "f" | "y" | "z" | "Z" | "R" | "m" => {
            UsageError::usage(format!("-{letter} concerns mailboxes; whippet only sends"))
        }
        "B" | "G" | "g" | "l" | "O" | "S" | "T" => {
            UsageError::usage(format!("-{letter} is an option of neomutt that whippet does not have"))
        }
        _ => UsageError::unknown(&format!("-{letter}")),
    }
}

/// What is said of a long option that comes with a later version.
pub(super) fn refuse_long(name: &str) -> Option<UsageError> {
    NOT_YET.contains(&name).then(|| UsageError::usage(format!("--{name} is not in this version of whippet")))
}
