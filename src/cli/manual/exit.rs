//! How the program ends: its exit codes, and what signals do.

/// The exit codes that a send can end with, as in `sysexits.h`.
pub(super) const EXIT_STATUS: [(&str, &str); 15] = [
    (
        "0",
        "Every recipient was accepted, or the mail is queued. Also: nothing was sent because of --empty-body=skip.",
    ),
    ("64", "Unknown or contradicting options, no recipient, a password on the command line."),
    ("65", "An address, the subject, a field or the message is malformed."),
    ("66", "A file to be sent is missing or cannot be read."),
    ("67", "A recipient does not exist; unknown alias."),
    ("68", "The host or the domain does not exist."),
    ("69", "Refused for good."),
    ("70", "A bug of whippet."),
    ("71", "The system lacks memory, processes or randomness."),
    ("73", "A file cannot be made."),
    ("74", "A read or write error; a file changed while it was sent."),
    ("75", "Not now: the same command can succeed later."),
    ("76", "The server broke the protocol."),
    ("77", "The login was refused, or the sender is not permitted."),
    ("78", "The configuration is wrong, or TLS or the login cannot be had as it demands."),
];

/// What signals do.
pub(super) const SIGNALS: [&str; 2] = [
    "SIGTERM, SIGINT and SIGHUP end it. While it speaks with a server they drop the connection before the message is complete, \
     and the status is 75: nothing was accepted. Behind the end of the message its reply is waited for, so that it is known \
     what became of it; a second signal ends that too, and the mail may have been accepted. A mail that was stopped by SIGINT is \
     not queued; by the others it is, where deferred mail is.",
    "queue run lets go what it has in hand, which stays due, and exits with 75 if anything due is left; queue run --watch exits \
     with 0 if a signal comes between two runs. It sleeps until something comes due, and at most a minute.",
];
