//! The program inside the test: a world with the sandbox's home, names that lead where the test says, and no sendmail
//! program unless the test gives it one.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use whippet::cmd::{World, later, run_in};
use whippet::config::Surroundings;
use whippet::net::{Resolve, ResolveError};
use whippet::sys::{Child, Ended, Feed, Run, RunError, SystemClock, SystemRandom, SystemRun};

use crate::support::{Peer, Sandbox};

/// What a look-up gives.
#[derive(Clone)]
pub enum Names {
    /// Every name and port leads here.
    LeadTo(SocketAddr),
    DoNotExist,
    CannotBeLookedUp,
}

impl Resolve for Names {
    fn resolve(&self, host: &str, _: u16, _: Duration) -> Result<Vec<SocketAddr>, ResolveError> {
        match self {
            Names::LeadTo(address) => Ok(vec![*address]),
            Names::DoNotExist => Err(ResolveError::NoSuchName(host.to_owned())),
            Names::CannotBeLookedUp => Err(ResolveError::Temporary(
                host.to_owned(),
                "Temporary failure in name resolution".to_owned(),
            )),
        }
    }
}

/// Runs children as the system does, or claims that they never end; or notes those that are left to themselves, and starts
/// none of them.
pub enum Children {
    Real,
    Hang,
    Noted(RefCell<Vec<Child>>),
}

impl Run for Children {
    fn run(&self, child: &Child, feed: Option<&mut Feed<'_>>) -> Result<Ended, RunError> {
        match self {
            Children::Hang => {
                let program = child.argv[0].to_string_lossy().into_owned();
                Err(RunError::Late { program, patience: child.patience })
            }
            Children::Real | Children::Noted(_) => SystemRun.run(child, feed),
        }
    }

    fn leave(&self, child: &Child, _: File) -> io::Result<()> {
        if let Children::Noted(left) = self {
            left.borrow_mut().push(child.clone());
        }
        Ok(())
    }
}

/// A world for one or several runs.
pub struct Inside {
    pub sandbox: Sandbox,
    pub names: Names,
    pub children: Children,
    pub sendmail: Option<PathBuf>,
    pub stdin: Vec<u8>,
    /// A person types it.
    pub is_typed: bool,
    /// Whether standard error is a terminal.
    pub is_heard: bool,
    pub variables: Vec<(&'static str, String)>,
}

/// A profile of a person who reads and writes mail at a provider.
pub const PROFILE: &str = "host = \"smtp.example.org\"\nusername = \"you@example.org\"\npassword_command = \"echo canary\"\n\
                           from = \"you@example.org\"\ntls_ca_file = \"ca.pem\"\n";

impl Inside {
    /// Names do not exist, nothing is configured.
    pub fn new() -> Inside {
        Inside {
            sandbox: Sandbox::new(),
            names: Names::DoNotExist,
            children: Children::Real,
            sendmail: None,
            stdin: b"hello\n".to_vec(),
            is_typed: false,
            is_heard: false,
            variables: Vec::new(),
        }
    }

    /// With this profile. Beside it lies `ca.pem`, the authority that signed the certificates of `peer`.
    pub fn facing(peer: &Peer, profile: &str) -> Inside {
        let inside =
            Inside { names: Names::LeadTo(SocketAddr::from(([127, 0, 0, 1], peer.port()))), ..Inside::new() };
        inside.sandbox.profile(profile);
        inside.trust(peer.certificate().authority_pem());
        inside
    }

    /// With this profile and no server.
    pub fn with_profile(profile: &str) -> Inside {
        let inside = Inside::new();
        inside.sandbox.profile(profile);
        inside.trust(crate::support::Certificate::good().authority_pem());
        inside
    }

    fn trust(&self, authority: &str) {
        std::fs::write(self.sandbox.home().join(".config/whippet/ca.pem"), authority).unwrap();
    }

    /// Runs these words; gives the exit code and what was said, the paths of the sandbox shortened to `/home/you` and
    /// `/work`. Nothing may stand on standard output.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> (u8, String) {
        let argv: Vec<OsString> = ["whippet"].iter().chain(words).map(OsString::from).collect();
        let variables = self.variables.clone();
        let surroundings = Surroundings {
            variables: Box::new(move |name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
            }),
            home: Some(self.sandbox.home()),
            system_file: self.sandbox.home().join("no-system-file"),
            user: rustix::process::geteuid().as_raw(),
        };
        let (mut stdin, mut stdout, mut stderr) = (self.stdin.as_slice(), Vec::new(), Vec::new());
        let mut world = World {
            clock: &SystemClock,
            random: &SystemRandom,
            run: &self.children,
            resolve: &self.names,
            surroundings,
            account: later(|| None),
            machine: "laptop.example.org".to_owned(),
            sendmail: later(|| self.sendmail.clone()),
            ourselves: later(|| Some("/opt/whippet".into())),
            stdin: &mut stdin,
            stdin_is_terminal: self.is_typed,
            stdout: &mut stdout,
            stderr: &mut stderr,
            stderr_is_terminal: self.is_heard,
        };
        let exit = run_in(&argv, &mut world);
        drop(world);
        assert_eq!(String::from_utf8_lossy(&stdout), "", "an error is no data");
        (exit.code(), self.shortened(&String::from_utf8(stderr).unwrap()))
    }

    fn shortened(&self, text: &str) -> String {
        let place = |path: PathBuf| path.display().to_string();
        text.replace(&place(self.sandbox.home()), "/home/you").replace(&place(self.sandbox.work()), "/here")
    }
}
