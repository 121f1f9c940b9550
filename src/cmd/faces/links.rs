//! `generate links`: the names by which other programs call for a mail.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::cmd::{Exit, Failure, World, print};
use crate::config::quoted;
use crate::sys::reason;
use crate::ui::Complaint;

/// The names of the links.
const NAMES: [&str; 5] = ["sendmail", "mailq", "newaliases", "mail", "mailx"];

/// Makes a link to this program in `folder` for each of [`NAMES`]. What is there and is no such link stays; it is said, and
/// the exit code is 73.
pub(in crate::cmd) fn links(folder: &Path, world: &mut World<'_>) -> Result<Exit, Failure> {
    let Some(program) = world.ourselves.clone() else {
        return Err(Failure::plain(Exit::OsErr, "cannot find the file of this program"));
    };
    let uncreatable = |path: &Path, error: &std::io::Error| {
        let headline = format!("cannot make {}", path.display());
        Failure::new(Exit::CantCreat, Complaint::new(headline).because(reason(error)))
    };
    fs::create_dir_all(folder).map_err(|error| uncreatable(folder, &error))?;
    let (mut made, mut failures) = (String::new(), Vec::new());
    for name in NAMES {
        let link = folder.join(name);
        match symlink(&program, &link) {
            Ok(()) => made.push_str(&format!("{}\n", link.display())),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if fs::read_link(&link).ok().as_deref() != Some(&program) {
                    let words = format!("{} is there already, and stays", link.display());
                    let hint = format!("take it away first: rm {}", quoted(&link));
                    failures.push(Failure::plain(Exit::CantCreat, words).hint(hint));
                }
            }
            Err(error) => failures.push(uncreatable(&link, &error)),
        }
    }
    print(&made, world)?;
    Failure::gather(failures).map_or(Ok(Exit::Ok), Err)
}
