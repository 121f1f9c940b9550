//! The world: the only place where real things are built. Verbs get a `&mut World` and cannot tell what is real.

use std::cell::LazyCell;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;

use crate::config::Surroundings;
use crate::deliver::Sendmail;
use crate::net::{Resolve, SystemResolve};
use crate::sys::{
    Account, Clock, Random, Run, StandardOutput, SystemClock, SystemRandom, SystemRun, hear_of_full_files,
    machine_name,
};

/// What is looked up when it is first wanted: most mails want none of it.
pub type Later<'a, T> = LazyCell<T, Box<dyn FnOnce() -> T + 'a>>;

/// Makes a value that is looked up later.
pub fn later<'a, T>(look_up: impl FnOnce() -> T + 'a) -> Later<'a, T> {
    LazyCell::new(Box::new(look_up))
}

/// Everything outside of the program that a verb may touch.
pub struct World<'a> {
    /// The time.
    pub clock: &'a dyn Clock,
    /// Random octets.
    pub random: &'a dyn Random,
    /// Children.
    pub run: &'a dyn Run,
    /// Names of hosts.
    pub resolve: &'a dyn Resolve,
    /// Variables, home and config files.
    pub surroundings: Surroundings,
    /// Who runs the program.
    pub account: Later<'a, Option<Account>>,
    /// The machine's name.
    pub machine: String,
    /// The machine's sendmail program, if it has one that is not whippet itself.
    pub sendmail: Later<'a, Option<PathBuf>>,
    /// The running program's file.
    pub ourselves: Later<'a, Option<PathBuf>>,
    /// Standard input.
    pub stdin: &'a mut dyn Read,
    /// Whether a person would have to type it.
    pub stdin_is_terminal: bool,
    /// Data goes here.
    pub stdout: &'a mut (dyn Write + Send),
    /// Speech goes here.
    pub stderr: &'a mut dyn Write,
    /// Whether a person hears it.
    pub stderr_is_terminal: bool,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("machine", &self.machine).finish_non_exhaustive()
    }
}

/// Runs `work` in the real world.
pub(super) fn with_real<T>(work: impl FnOnce(&mut World<'_>) -> T) -> T {
    hear_of_full_files();
    let stdin = std::io::stdin();
    let stdin_is_terminal = rustix::termios::isatty(&stdin);
    let mut stdin = stdin.lock();
    let mut stdout = StandardOutput;
    let stderr = std::io::stderr();
    let stderr_is_terminal = rustix::termios::isatty(&stderr);
    let mut stderr = stderr.lock();
    let ourselves = || std::env::current_exe().ok();
    let mut world = World {
        clock: &SystemClock,
        random: &SystemRandom,
        run: &SystemRun,
        resolve: &SystemResolve,
        surroundings: Surroundings::real(|name| -> Option<OsString> { std::env::var_os(name) }),
        account: later(Account::ours),
        machine: machine_name(),
        sendmail: later(move || Sendmail::find(ourselves().as_deref())),
        ourselves: later(ourselves),
        stdin: &mut stdin,
        stdin_is_terminal,
        stdout: &mut stdout,
        stderr: &mut stderr,
        stderr_is_terminal,
    };
    work(&mut world)
}
