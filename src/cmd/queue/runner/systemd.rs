//! A timer of the user's systemd, and the service that it starts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::command::Command;
use super::{EVERY_MIN, ask, unavailable};
use crate::cmd::{Exit, Failure, World};
use crate::config::Settings;
use crate::sys::reason;

const SERVICE: &str = "whippet-queue.service";
const TIMER: &str = "whippet-queue.timer";

/// The first line of our files, by which they are known.
const MARK: &str = "# Written by `whippet queue install`; `whippet queue install --remove` takes it away.\n";

/// The two files.
pub(super) struct Units {
    folder: PathBuf,
    texts: [(&'static str, String); 2],
}

/// Whether the user has a systemd that answers. An error: why not.
pub(super) fn is_there(settings: &Settings, world: &World<'_>) -> Result<(), String> {
    ask(&["systemctl", "--user", "show", "--property=Version"], None, settings, world).map(drop)
}

/// Where the user's units are.
fn folder(world: &World<'_>) -> Option<PathBuf> {
    Some(world.surroundings.config_home()?.join("systemd/user"))
}

impl Units {
    pub(super) fn new(command: &Command, world: &World<'_>) -> Result<Units, Failure> {
        let Some(lines) = command.for_unit() else {
            return Err(unavailable("systemd starts no program with a quote or a backslash in its name"));
        };
        let folder = folder(world).ok_or_else(|| unavailable("there is no home for units of systemd"))?;
        let texts = [(SERVICE, service(&lines)), (TIMER, timer())];
        Ok(Units { folder, texts })
    }

    /// Their paths and texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = (PathBuf, &str)> {
        self.texts.iter().map(|(name, text)| (self.folder.join(name), text.as_str()))
    }

    /// Writes and enables them. What is written stays when systemd then refuses them: it says why.
    pub(super) fn put(&self, settings: &Settings, world: &World<'_>) -> Result<(), Failure> {
        for (path, _) in self.texts() {
            if path.exists() && !is_ours(&path) {
                let headline = format!("{} is there, and whippet has not written it", path.display());
                return Err(Failure::plain(Exit::CantCreat, headline).hint(format!(
                    "enable it with `systemctl --user enable --now {TIMER}`, or remove it first"
                )));
            }
        }
        let write = |path: &Path, text: &str| -> io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            // A file that is half written would be half a unit.
            let new = path.with_extension("new");
            fs::write(&new, text)?;
            fs::rename(&new, path)
        };
        for (path, text) in self.texts() {
            write(&path, text).map_err(|error| {
                let headline = format!("cannot write {}: {}", path.display(), reason(&error));
                Failure::plain(Exit::CantCreat, headline)
            })?;
        }
        for words in [&["systemctl", "--user", "daemon-reload"][..], &enabling()] {
            ask(words, None, settings, world)
                .map_err(|said| unavailable(format!("systemd does not take the timer: {said}")))?;
        }
        Ok(())
    }
}

fn enabling() -> [&'static str; 5] {
    ["systemctl", "--user", "enable", "--now", TIMER]
}

/// Whether the user's systemd ends with the user's last session. `None`: that cannot be known.
pub(super) fn ends_at_logout(settings: &Settings, world: &World<'_>) -> Option<bool> {
    let uid = world.surroundings.user.to_string();
    let ended = ask(&["loginctl", "show-user", &uid, "--property=Linger"], None, settings, world).ok()?;
    let said = String::from_utf8_lossy(ended.stdout.expose()).into_owned();
    said.trim().strip_prefix("Linger=").map(|word| word == "no")
}

/// Disables and removes our files; whether there were any.
pub(super) fn take_out(settings: &Settings, world: &World<'_>) -> Result<bool, Failure> {
    let Some(folder) = folder(world) else { return Ok(false) };
    let files: Vec<PathBuf> = [SERVICE, TIMER].map(|name| folder.join(name)).into();
    let files: Vec<PathBuf> = files.into_iter().filter(|path| is_ours(path)).collect();
    if files.is_empty() {
        return Ok(false);
    }
    // Where systemd does not answer nothing runs, and the link is what is left of the timer.
    let _ = ask(&["systemctl", "--user", "disable", "--now", TIMER], None, settings, world);
    let link = folder.join("timers.target.wants").join(TIMER);
    if link.is_symlink() {
        let _ = fs::remove_file(link);
    }
    for path in files {
        fs::remove_file(&path).map_err(|error| {
            let headline = format!("cannot remove {}: {}", path.display(), reason(&error));
            Failure::plain(Exit::CantCreat, headline)
        })?;
    }
    let _ = ask(&["systemctl", "--user", "daemon-reload"], None, settings, world);
    Ok(true)
}

fn is_ours(path: &Path) -> bool {
    fs::read(path).is_ok_and(|text| text.starts_with(MARK.as_bytes()))
}

/// What it may not do is what works without a namespace of its own, in which files would seem to belong to nobody.
fn service(lines: &str) -> String {
    format!(
        "{MARK}[Unit]\nDescription=Hand over the mail that waits in whippet's queue\nDocumentation=man:whippet(1)\n\n\
         [Service]\nType=oneshot\n{lines}\
         # 75: something waits for its next attempt. That is no failure.\nSuccessExitStatus=75\n\
         UMask=0077\nLimitCORE=0\n\
         # A password_command that needs sudo wants this line away.\nNoNewPrivileges=yes\n\
         LockPersonality=yes\nRestrictRealtime=yes\nRestrictSUIDSGID=yes\n"
    )
}

fn timer() -> String {
    format!(
        "{MARK}[Unit]\nDescription=Run whippet's queue every {EVERY_MIN} minutes\nDocumentation=man:whippet(1)\n\n\
         [Timer]\nOnCalendar=*:0/{EVERY_MIN}\nRandomizedDelaySec=30\nPersistent=yes\n\n\
         [Install]\nWantedBy=timers.target\n"
    )
}
