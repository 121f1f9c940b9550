//! The options for what a sender wishes of the servers beyond a hand-over. What `-e` says of reports comes in here too.

use std::ffi::OsString;

use clap::Args;

use crate::cli::rules::text;
use crate::cli::usage::UsageError;
use crate::mail::{DeliverBy, EnvelopeId, Hold, Notify, Priority, Return, WishError, Wishes};

#[derive(Debug, Args)]
#[command(next_help_heading = "Wishes")]
pub(super) struct WishArgs {
    /// Reports: success, failure, delay or never
    ///
    /// These are asked for; several have commas between them. A server that knows no such wish (DSN) gets
    /// the mail all the same, and a warning says so.
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub dsn_notify: Option<OsString>,
    /// Mail in a report of failure: full or headers
    ///
    /// How much of it is brought back. A server without DSN, as above.
    #[arg(long, value_name = "WHAT", allow_hyphen_values = true)]
    pub dsn_return: Option<OsString>,
    /// Identifier that reports carry
    ///
    /// At most 100 printable ASCII characters. A server without DSN, as above.
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub envid: Option<OsString>,
    /// Send only where TLS protects the whole way
    ///
    /// A server that does not promise it (REQUIRETLS) gets nothing, and the exit code is 69. So it is
    /// with each of the following.
    #[arg(long)]
    pub require_tls: bool,
    /// Time limit for the delivery
    ///
    /// As in 2h, or 2h,return; TIME is in seconds, or in 90s, 30m, 2h, 1d. If it has passed, the sender
    /// is told (notify, the default), or the mail comes back (return). With ,trace a report tells of
    /// each server that passes it on. The extension is DELIVERBY.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub deliver_by: Option<OsString>,
    /// Have the server keep the mail for this time
    ///
    /// As in 90m, 12h or 3d. The extension is FUTURERELEASE.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "hold_until")]
    pub hold_for: Option<OsString>,
    /// Have the server keep the mail until this date
    ///
    /// With its zone, as in 2030-01-31T08:00:00+01:00.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    pub hold_until: Option<OsString>,
    /// How urgent it is, -9 to 9
    ///
    /// 0 is usual. The extension is MT-PRIORITY.
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub priority: Option<OsString>,
}

impl WishArgs {
    /// Reads the options.
    pub fn wishes(self) -> Result<Wishes, UsageError> {
        let hold_for = read("--hold-for", self.hold_for, Hold::parse_for)?;
        let hold_until = read("--hold-until", self.hold_until, Hold::parse_until)?;
        Ok(Wishes {
            notify: read("--dsn-notify", self.dsn_notify, Notify::parse)?,
            returned: read("--dsn-return", self.dsn_return, Return::parse)?,
            envelope_id: read("--envid", self.envid, EnvelopeId::parse)?,
            deliver_by: read("--deliver-by", self.deliver_by, DeliverBy::parse)?,
            hold: hold_for.or(hold_until),
            priority: read("--priority", self.priority, Priority::parse)?,
            require_tls: self.require_tls,
        })
    }
}

/// Reads the value of an option, if it is there.
pub(super) fn read<T>(
    option: &str,
    value: Option<OsString>,
    parse: impl Fn(&str) -> Result<T, WishError>,
) -> Result<Option<T>, UsageError> {
    let Some(value) = value else { return Ok(None) };
    let wish =
        parse(&text(option, value)?).map_err(|error| UsageError::usage(format!("{option} {error}")))?;
    Ok(Some(wish))
}
