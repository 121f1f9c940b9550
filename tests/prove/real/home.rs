//! A home for the real program: its configuration, its spool, and what is in it. Nothing here judges.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::sink::END;
use crate::world::Ground;

/// Who submits, where nothing else is said.
pub const SENDER: &str = "me@example.test";
/// The places of entries.
pub const PLACES: [&str; 4] = ["q", "held", "badmail", "corrupt"];

/// A home with a spool of its own.
#[derive(Clone)]
pub struct Home {
    pub path: PathBuf,
    /// Where the spool is, which need not exist.
    pub spool: PathBuf,
}

/// What a program that ran to its end has said.
#[derive(Debug)]
pub struct Ran {
    /// `None`: it was killed.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Fails if it did not end with one of these.
    pub fn ends(self, codes: &[i32]) -> Result<Self, String> {
        match self.code.is_some_and(|code| codes.contains(&code)) {
            true => Ok(self),
            false => Err(format!("it ended with {:?}, not one of {codes:?}: {}", self.code, self.err.trim())),
        }
    }
}

impl Home {
    /// A new one, whose profile leads to this port.
    pub fn new(ground: &Ground, port: u16) -> Self {
        let path = ground.next();
        let spool = path.join("spool");
        Home::with_spool(path, spool, port)
    }

    /// A new one in this folder, with its spool elsewhere.
    pub fn with_spool(path: PathBuf, spool: PathBuf, port: u16) -> Self {
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
        fs::write(path.join("text"), format!("The text.\n.\n{END}\n")).unwrap();
        let home = Home { path, spool };
        home.leads_to(port);
        home
    }

    /// From now on its profile leads to this port.
    pub fn leads_to(&self, port: u16) {
        self.configure("config.toml", port, "");
    }

    /// One more file of configuration. A send leaves no run behind: what there is to be tried is tried here.
    pub fn configure(&self, file: &str, port: u16, more: &str) {
        let text = format!(
            "[profiles.default]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"{SENDER}\"\n\
             queue = \"always\"\n{more}\n[spool]\nrun_after_send = false\ndir = {:?}\n",
            self.spool
        );
        fs::write(self.path.join(file), text).unwrap();
    }

    /// The program with these arguments, started by the words before it, if there are any: `strace …`, `prlimit …`.
    pub fn command(&self, before: &[&str], arguments: &[&str]) -> Command {
        self.command_with("config.toml", before, arguments)
    }

    /// The same with another file of configuration.
    pub fn command_with(&self, config: &str, before: &[&str], arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_whippet");
        let mut command = Command::new(before.first().unwrap_or(&program));
        if let Some((_, rest)) = before.split_first() {
            command.args(rest).arg(program);
        }
        command.args(arguments).arg("-n").arg("-F").arg(self.path.join(config));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", &self.path);
        command.env("XDG_STATE_HOME", self.path.join("state")).env("TZ", "UTC").current_dir(&self.path);
        command.stdin(fs::File::open(self.path.join("text")).unwrap());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn program(&self, before: &[&str], arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(before, arguments))
    }

    /// Submits the mail to these.
    pub fn submit(&self, to: &[&str]) -> Ran {
        self.program(&[], &[&["--queue", "-s", "x"], to].concat())
    }

    /// A verb of the queue.
    pub fn queue(&self, words: &[&str]) -> Ran {
        self.program(&[], &[&["queue"], words].concat())
    }

    /// Runs that ask for no due times, until the queue is empty.
    pub fn drain(&self) -> Result<(), String> {
        for _ in 0..6 {
            self.queue(&["run", "--now"]).ends(&[0, 69, 75])?;
            if self.names("q").is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// The names of the files in a place.
    pub fn names(&self, place: &str) -> Vec<String> {
        let entries = fs::read_dir(self.spool.join(place)).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// How many files there are in `q/`, `held/`, `badmail/` and `corrupt/`.
    pub fn counts(&self) -> [usize; 4] {
        PLACES.map(|place| self.names(place).len())
    }

    /// The identifiers of the entries in a place.
    pub fn ids(&self, place: &str) -> Vec<String> {
        let names = self.names(place).into_iter();
        names.map(|name| name.rsplit('.').next().unwrap_or_default().to_owned()).collect()
    }

    /// A copy of all of it, as it stands.
    pub fn copy(&self, ground: &Ground) -> Home {
        let path = ground.next();
        done(Command::new("cp").arg("-a").arg(&self.path).arg(&path));
        let copy = Home { spool: path.join("spool"), path };
        let config = copy.path.join("config.toml");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(config, text.replace(&format!("{:?}", self.spool), &format!("{:?}", copy.spool))).unwrap();
        copy
    }

    /// Nobody needs it any more.
    pub fn remove(&self) -> Result<(), String> {
        fs::remove_dir_all(&self.path).map_err(|error| format!("the home cannot be removed: {error}"))
    }
}

impl Ran {
    pub fn of(command: &mut Command) -> Ran {
        Ran::from(command.output().unwrap())
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// Runs a program of the system that must do it.
pub fn done(command: &mut Command) {
    if let Err(words) = try_done(command) {
        panic!("{words}");
    }
}

/// Runs a program of the system, and says why it did not do it.
pub fn try_done(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name} cannot be run: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// Writes over some octets of a file.
pub fn overwrite(path: &Path, at: u64, octets: &[u8]) {
    use std::io::Seek;
    let mut file = fs::File::options().write(true).open(path).unwrap();
    file.seek(std::io::SeekFrom::Start(at)).unwrap();
    file.write_all(octets).unwrap();
}
