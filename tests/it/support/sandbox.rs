//! The program in a sandbox: a home and a working folder of its own, an environment with nothing in it but what the
//! test puts there, and a limit of time.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{Peer, Ran, Running};

/// No command of the tests takes this long, on the slowest machine.
const LIMIT: Duration = Duration::from_secs(60);

/// The program under test: the one that cargo built, or `WHIPPET_BIN`.
pub fn program() -> PathBuf {
    std::env::var_os("WHIPPET_BIN").map_or_else(|| env!("CARGO_BIN_EXE_whippet").into(), PathBuf::from)
}

/// A temporary home, working folder and environment. Dropping it removes everything.
pub struct Sandbox {
    root: TempDir,
    variables: Vec<(OsString, OsString)>,
}

impl Sandbox {
    /// An empty home, an empty working folder, and `PATH`, `HOME`, `LC_ALL=C.UTF-8`.
    pub fn new() -> Sandbox {
        let root = tempfile::Builder::new().prefix("whippet-it-").tempdir().unwrap();
        for folder in ["home", "work"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        let mut sandbox = Sandbox { root, variables: Vec::new() };
        sandbox.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        sandbox.env("HOME", sandbox.home());
        sandbox.env("LC_ALL", "C.UTF-8");
        sandbox
    }

    /// A sandbox whose profile leads to this port on 127.0.0.1 in the clear; `more` is TOML that is added.
    pub fn facing(port: u16, more: &str) -> Sandbox {
        let sandbox = Sandbox::new();
        let tls = if more.contains("tls =") { "" } else { "tls = \"none\"\n" };
        let from = "from = \"ann@example.test\"";
        sandbox.profile(&format!("host = \"127.0.0.1\"\nport = {port}\n{from}\n{tls}{more}\n"));
        sandbox
    }

    /// The same with TLS (`starttls` or `implicit`), with the authority of this server's certificate and a login.
    pub fn securely_facing(peer: &Peer, tls: &str, more: &str) -> Sandbox {
        let sandbox = Sandbox::new();
        let ca_file = sandbox.file("../ca.pem", peer.certificate().authority_pem());
        let password = sandbox.private_file("../password", "correct horse");
        sandbox.profile(&format!(
            "host = \"127.0.0.1\"\nport = {}\ntls = \"{tls}\"\ntls_ca_file = {ca_file:?}\nusername = \"ann\"\n\
             password_file = {password:?}\nfrom = \"ann@example.test\"\n{more}\n",
            peer.port()
        ));
        sandbox
    }

    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The working folder of the program.
    pub fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Writes `~/.config/whippet/config.toml`, readable by the owner only.
    pub fn profile(&self, toml: &str) -> PathBuf {
        let path = self.home().join(".config/whippet/config.toml");
        write(&path, toml.as_bytes(), 0o600);
        path
    }

    /// Writes a file; the name is relative to the working folder.
    pub fn file(&self, name: impl AsRef<Path>, octets: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        write(&path, octets.as_ref(), 0o644);
        path
    }

    /// Writes a file that only the owner can read: a password, a key.
    pub fn private_file(&self, name: impl AsRef<Path>, octets: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        write(&path, octets.as_ref(), 0o600);
        path
    }

    /// Writes a program, such as a stand-in for sendmail.
    pub fn script(&self, name: impl AsRef<Path>, text: &str) -> PathBuf {
        let path = self.work().join(name);
        write(&path, text.as_bytes(), 0o755);
        path
    }

    /// Sets a variable for all later runs.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Sandbox {
        self.without_env(name.as_ref());
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Removes a variable, `HOME` for example.
    pub fn without_env(&mut self, name: impl AsRef<OsStr>) -> &mut Sandbox {
        self.variables.retain(|(known, _)| known != name.as_ref());
        self
    }

    /// The program under test, for callers that start it.
    pub fn program(&self) -> PathBuf {
        program()
    }

    /// Runs the program with these arguments and an empty standard input.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.call().run(arguments)
    }

    /// A call of the program with this standard input.
    pub fn stdin(&self, octets: impl AsRef<[u8]>) -> Call<'_> {
        self.call().stdin(octets)
    }

    pub fn call(&self) -> Call<'_> {
        Call {
            sandbox: self,
            program: program(),
            name: None,
            stdin: Vec::new(),
            variables: Vec::new(),
            folder: self.work(),
            limit: LIMIT,
        }
    }

    /// All files in the home and the working folder, as paths from the sandbox (`home/.config/…`), in order.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self.root.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    open.push(path);
                } else {
                    found.push(path.strip_prefix(self.root.path()).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

fn write(path: &Path, octets: &[u8], mode: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, octets).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// One run of the program, before it starts.
#[must_use = "nothing runs before `run` or `start`"]
pub struct Call<'a> {
    sandbox: &'a Sandbox,
    program: PathBuf,
    name: Option<OsString>,
    stdin: Vec<u8>,
    variables: Vec<(OsString, OsString)>,
    folder: PathBuf,
    limit: Duration,
}

impl Call<'_> {
    pub fn stdin(mut self, octets: impl AsRef<[u8]>) -> Self {
        self.stdin = octets.as_ref().to_vec();
        self
    }

    /// Sets a variable for this run.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Calls the program by another name (`argv[0]`), such as `sendmail`.
    pub fn called_as(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Runs in another folder.
    pub fn inside(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// Fails when the program has not ended after this time, instead of 60 s.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs another program in this sandbox: a caller of ours such as git, or a parser that judges what we wrote.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    #[track_caller]
    pub fn run(self, arguments: &[&str]) -> Ran {
        self.start(arguments).finish()
    }

    /// As [`Call::run`], for arguments that are not UTF-8.
    #[track_caller]
    pub fn run_octets(self, arguments: &[&[u8]]) -> Ran {
        self.start_os(arguments.iter().map(|octets| OsStr::from_bytes(octets).to_owned()).collect()).finish()
    }

    /// Starts the program and does not wait for its end, for tests that send it a signal.
    #[track_caller]
    pub fn start(self, arguments: &[&str]) -> Running {
        self.start_os(arguments.iter().map(OsString::from).collect())
    }

    #[track_caller]
    fn start_os(self, arguments: Vec<OsString>) -> Running {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(&self.program);
        let variables =
            self.sandbox.variables.iter().chain(&self.variables).map(|(name, value)| (name, value));
        command.env_clear().envs(variables).current_dir(&self.folder).args(&arguments);
        if let Some(name) = &self.name {
            command.arg0(name);
        }
        Running::start(command, self.stdin, self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(sandbox: &Sandbox) -> Call<'_> {
        sandbox.call().program("/bin/sh")
    }

    #[test]
    fn the_environment_is_empty_and_the_folders_are_its_own() {
        let mut sandbox = Sandbox::new();
        sandbox.env("A", "1").env("A", "2").env("B", "3").without_env("B");
        let ran = sandbox.call().env("C", "4").program("/usr/bin/env").run(&[]);
        let text = ran.exits(0).stdout();
        let mut names: Vec<&str> = text.lines().map(|line| line.split('=').next().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["A", "C", "HOME", "LC_ALL", "PATH"]);
        ran.prints("A=2\n").prints("C=4\n").prints(&format!("HOME={}\n", sandbox.home().display()));
        shell(&sandbox).run(&["-c", "pwd"]).exits(0).prints(&format!("{}\n", sandbox.work().display()));
    }

    #[test]
    fn files_have_their_modes() {
        let sandbox = Sandbox::new();
        sandbox.profile("a = 1\n");
        sandbox.file("x/y.txt", b"\xff");
        sandbox.private_file("secret", "s");
        assert_eq!(sandbox.files(), ["home/.config/whippet/config.toml", "work/secret", "work/x/y.txt"]);
        let ran = shell(&sandbox).run(&["-c", "stat -c %a ~/.config/whippet/config.toml x/y.txt secret"]);
        ran.exits(0).prints("600\n644\n600\n");
    }

    #[test]
    fn input_output_and_names_pass_through() {
        let sandbox = Sandbox::new();
        let input = vec![b'x'; 1_000_000];
        let ran = sandbox.stdin(&input).program("/bin/cat").run(&[]);
        assert_eq!(ran.exits(0).stdout_octets(), input);
        shell(&sandbox).called_as("sendmail").run(&["-c", "echo $0"]).exits(0).prints("sendmail\n");
        shell(&sandbox)
            .inside("/")
            .run(&["-c", "pwd; echo oh >&2; exit 75"])
            .exits(75)
            .prints("/\n")
            .says("oh\n");
        shell(&sandbox).stdin(&input).run(&["-c", "exec <&-; echo early"]).exits(0).prints("early\n");
        let ran = shell(&sandbox).run_octets(&[b"-c", b"printf %s \"$1\"", b"sh", b"\xff"]);
        assert_eq!(ran.exits(0).stdout_octets(), b"\xff");
    }

    #[test]
    fn the_program_is_found() {
        Sandbox::new().run(&["--version"]).ended_by_itself();
    }
}
