//! The options for the copy of what was sent, and for how large a mail may be.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::request::Request;
use crate::cli::rules::{path, text};
use crate::cli::usage::{UsageError, shown};

#[derive(Debug, Args)]
pub(in crate::cli) struct CopyArgs {
    /// Keep a copy in a Maildir or an mbox
    ///
    /// A name that ends in / is a Maildir, which is made where it is missing; else what is there tells, and a
    /// new file is an mbox. It is written when somebody was accepted or queued, and not with --output,
    /// --sandbox or --dry-run. What prevents it is a warning, and changes no exit code.
    #[arg(long, value_name = "PATH", allow_hyphen_values = true, value_hint = ValueHint::AnyPath,
          overrides_with = "no_fcc", help_heading = "Delivery")]
    pub fcc: Option<OsString>,
    /// Keep no copy, whatever the profile says
    #[arg(long, overrides_with = "fcc", help_heading = "Delivery")]
    pub no_fcc: bool,
    /// Refuse a larger mail
    ///
    /// In octets, or as in 25M. What counts is the mail as it is sent: attachments grow by a third. Nothing is
    /// connected or queued, and the exit code is 69.
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, help_heading = "Delivery")]
    pub max_size: Option<OsString>,
}

impl CopyArgs {
    /// Reads the options into the request.
    pub fn read(self, request: &mut Request) -> Result<(), UsageError> {
        request.max_size = self.max_size.map(|size| text("--max-size", size)).transpose()?;
        request.fcc = match self.fcc {
            Some(place) => Some(Some(copy_place("--fcc", place)?)),
            None => self.no_fcc.then_some(None),
        };
        Ok(())
    }
}

/// Where a copy goes. `~/` is left for whoever knows the home.
pub(in crate::cli) fn copy_place(option: &str, place: OsString) -> Result<PathBuf, UsageError> {
    let place = path(option, place)?;
    match place.as_bytes() {
        b"-" => Err(UsageError::usage(format!("{option}: a copy is kept in a file, and - is none"))
            .with_hint("./- is the file of that name")),
        // What a URL holds may be a secret, and is not shown.
        _ if place.to_string_lossy().contains("://") => {
            Err(UsageError::usage(format!("{option}: a copy is kept in a file, and a URL names none")))
        }
        [b'~', b'/', ..] => Ok(place.into()),
        [b'~', ..] => Err(UsageError::usage(format!(
            "{option}: `{}` may begin with ~/, not with another user's home",
            shown(&place)
        ))
        .with_hint("write the whole path")),
        _ => Ok(place.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        for place in ["~/sent", "/a/b/", "sent", "./~x", "a~", "./-"] {
            assert_eq!(copy_place("--fcc", place.into()), Ok(PathBuf::from(place)));
        }
        for place in ["~", "~bob/sent", "", "-", "imaps://me:canary@x/sent"] {
            let error = copy_place("--fcc", place.into()).unwrap_err();
            assert!(!error.message.contains("canary"), "{error}");
        }
    }
}
