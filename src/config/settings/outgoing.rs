//! How large a mail may be, and what is kept of one that was sent.

use std::path::{Path, PathBuf};

use super::rows::show;
use crate::config::Setting;
use crate::config::layer::Spot;
use crate::config::value::measure::{size, size_text};
use crate::config::value::{self, Given, Reading};

/// What holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The largest message that leaves, octets.
    pub max_size: Option<Setting<u64>>,
    /// Where a copy of each mail is kept: a Maildir, if it is a folder or ends in `/`, else an mbox.
    pub fcc: Option<Setting<PathBuf>>,
    /// Whether the copy names those who got a blind copy.
    pub fcc_bcc: Setting<bool>,
    /// Whether the server keeps a copy itself.
    pub server_saves_sent: Setting<bool>,
}

/// What one place says of it.
#[derive(Debug, Clone, Default)]
pub(in crate::config) struct OutgoingScope {
    max_size: Option<Setting<u64>>,
    fcc: Option<Setting<PathBuf>>,
    fcc_bcc: Option<Setting<bool>>,
    server_saves_sent: Option<Setting<bool>>,
}

impl OutgoingScope {
    /// Whether this is one of its keys.
    pub fn has(key: &str) -> bool {
        ["max_size", "fcc", "fcc_bcc", "server_saves_sent"].contains(&key)
    }

    /// Takes one key.
    pub fn assign(&mut self, key: &str, given: Given<'_>, spot: &Spot<'_>) -> Reading<()> {
        let origin = spot.origin.clone();
        match key {
            "max_size" => self.max_size = Some(Setting { value: size(given)?, origin }),
            "fcc" => {
                let value = value::path(given, spot.home, spot.folder)?;
                self.fcc = Some(Setting { value, origin });
            }
            "fcc_bcc" => self.fcc_bcc = Some(Setting { value: value::boolean(given)?, origin }),
            _ => self.server_saves_sent = Some(Setting { value: value::boolean(given)?, origin }),
        }
        Ok(())
    }

    /// Lays `above` over this: what it says wins.
    pub fn overlay(&mut self, above: OutgoingScope) {
        self.max_size = above.max_size.or_else(|| self.max_size.take());
        self.fcc = above.fcc.or_else(|| self.fcc.take());
        self.fcc_bcc = above.fcc_bcc.or_else(|| self.fcc_bcc.take());
        self.server_saves_sent = above.server_saves_sent.or_else(|| self.server_saves_sent.take());
    }

    /// Forgets what belongs to one server.
    pub fn forget_host(&mut self) {
        (self.max_size, self.server_saves_sent) = (None, None);
    }

    /// Fills what nobody said.
    pub fn settle(self) -> Outgoing {
        Outgoing {
            max_size: self.max_size,
            fcc: self.fcc,
            fcc_bcc: self.fcc_bcc.unwrap_or(Setting::built_in(false)),
            server_saves_sent: self.server_saves_sent.unwrap_or(Setting::built_in(false)),
        }
    }
}

impl Outgoing {
    /// The value and the place of one key.
    pub(super) fn row(&self, key: &str) -> Option<(String, String)> {
        match key {
            "max_size" => self.max_size.as_ref().map(|s| show(s, |octets| size_text(*octets))),
            "fcc" => self.fcc.as_ref().map(|s| show(s, |path| Path::display(path).to_string())),
            "fcc_bcc" => Some(show(&self.fcc_bcc, bool::to_string)),
            _ => Some(show(&self.server_saves_sent, bool::to_string)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;

    fn said(name: &str, pairs: &[(&str, &str)]) -> OutgoingScope {
        let home = Some(Path::new("/home/ann"));
        let spot = Spot { origin: Origin::Flag(name.to_owned()), home, folder: None };
        let mut scope = OutgoingScope::default();
        for (key, text) in pairs {
            assert!(OutgoingScope::has(key));
            scope.assign(key, Given::Text(text), &spot).unwrap();
        }
        scope
    }

    #[test]
    fn the_stronger_place_wins_and_another_server_has_another_limit() {
        let pair = |value: &str, origin: &str| Some((value.to_owned(), origin.to_owned()));
        let mut scope =
            said("below", &[("max_size", "25M"), ("fcc", "~/Sent/"), ("server_saves_sent", "yes")]);
        scope.overlay(said("above", &[("fcc", "/mail/sent"), ("fcc_bcc", "true")]));
        let settled = scope.clone().settle();
        assert_eq!(settled.row("max_size"), pair("25M", "below"));
        assert_eq!(settled.row("fcc"), pair("/mail/sent", "above"));
        assert_eq!(settled.row("fcc_bcc"), pair("true", "above"));
        assert_eq!(settled.row("server_saves_sent"), pair("true", "below"));
        scope.forget_host();
        let settled = scope.settle();
        assert_eq!((settled.max_size, settled.server_saves_sent), (None, Setting::built_in(false)));
        assert!(settled.fcc.is_some() && settled.fcc_bcc.value);
    }

    #[test]
    fn the_end_of_a_folder_is_kept() {
        let settled = said("flag", &[("fcc", "~/Sent/")]).settle();
        assert_eq!(settled.row("fcc").map(|(value, _)| value), Some("/home/ann/Sent/".to_owned()));
    }
}
