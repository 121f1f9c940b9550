//! K5, K6: signals at each stage of a session. Before the dot nothing is accepted and the mail stays as it was; behind it the
//! reply is waited for; a second signal ends that too, and leaves a doubt. What kills is a death like any other.

use rustix::process::Signal;

use super::home::{Home, TO, now_s};
use super::stage::{BODY, DOT, LARGE, QUIT, SMALLER, STAGES, Scene};
use super::{check, settled, share};
use crate::Outcome;
use crate::sink::Sink;
use crate::support::{Book, Step};

/// Signals that ask for an end.
const POLITE: [Signal; 3] = [Signal::TERM, Signal::INT, Signal::HUP];
/// Signals that kill. The first does so only because another one follows: it is ignored.
const DEADLY: [Signal; 4] = [Signal::PIPE, Signal::XFSZ, Signal::XCPU, Signal::ALARM];

/// What is done at a stage.
#[derive(Clone, Copy)]
struct Case {
    stage: usize,
    /// The messages are as large as they can be in a short time.
    is_quick: bool,
    signal: Signal,
    /// How often.
    times: usize,
    /// A plain send, and not a run over the queue.
    is_send: bool,
}

impl Case {
    /// How large the mail is.
    fn size(self) -> usize {
        match (BODY.contains(&self.stage), self.is_quick) {
            (false, _) => 100,
            (true, true) => SMALLER,
            (true, false) => LARGE,
        }
    }
}

/// What came of it.
struct Ended {
    code: Option<i32>,
    said: String,
    book: Book,
}

/// K5.
pub fn everywhere(is_quick: bool, outcome: &mut Outcome) {
    // What dies of XCPU would leave a core.
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    let polite = &POLITE[..if is_quick { 2 } else { 3 }];
    let mut cases = Vec::new();
    for stage in 0..STAGES.len() {
        for &signal in polite {
            let runs = [1, 2].map(|times| Case { stage, is_quick, signal, times, is_send: false });
            cases.extend(runs);
            let most = if stage == DOT { 2 } else { 1 };
            cases.extend((1..=most).map(|times| Case { stage, is_quick, signal, times, is_send: true }));
        }
        let deadly = DEADLY.iter().filter(|_| !is_quick);
        cases.extend(deadly.map(|&signal| Case { stage, is_quick, signal, times: 1, is_send: false }));
    }
    each(&cases, outcome, |case, home, sink| match case {
        _ if DEADLY.contains(&case.signal) => killed(case, home, sink),
        _ if case.is_send => sent(case, home, sink),
        _ => run(case, home, sink),
    });
}

/// K6.
pub fn stopped(is_quick: bool, outcome: &mut Outcome) {
    let case = |stage| Case { stage, is_quick, signal: Signal::STOP, times: 1, is_send: false };
    let cases: Vec<Case> = (0..STAGES.len()).map(case).collect();
    each(&cases, outcome, asleep);
}

fn each(
    cases: &[Case],
    outcome: &mut Outcome,
    judge: impl Fn(Case, &Home, &Sink) -> Result<(), String> + Sync,
) {
    let name = |case: &Case| {
        let what = if case.is_send { "a send" } else { "a run" };
        format!("{what}, {:?} × {} at {}", case.signal, case.times, STAGES[case.stage])
    };
    share(cases, outcome, |case, home, sink| judge(*case, home, sink), name);
}

/// Brings the program to the stage, and the signals to the program.
fn strike(case: Case, home: &Home, arguments: &[&str], text: usize, after: Option<Vec<Step>>) -> Ended {
    let mut scene = Scene::set(case.stage, case.size(), home, after);
    let mut program = home.start(arguments, text);
    scene.wait(&program);
    for time in 0..case.times {
        if time > 0 && case.stage == DOT {
            program.settle();
        }
        program.signal(case.signal);
    }
    if case.signal == Signal::STOP {
        program.stopped();
        let book = scene.finish();
        program.signal(Signal::CONT);
        return Ended { code: program.end(), said: home.said(), book };
    }
    if DEADLY.contains(&case.signal) {
        program.settle();
        program.signal(Signal::KILL);
    } else if case.stage == DOT && case.times == 1 {
        program.settle();
        if program.is_running() {
            scene.open();
        }
    }
    let code = program.end();
    Ended { code, said: home.said(), book: scene.finish() }
}

impl Ended {
    fn came_to(&self, code: i32, dots: usize) -> Result<(), String> {
        let Ended { code: came, said, book } = self;
        check((*came, book.dots()) == (Some(code), dots), || {
            format!("it ended with {came:?} after {} dots, not with {code} after {dots}: {said}", book.dots())
        })
    }

    fn says(&self, words: &str) -> Result<(), String> {
        check(self.said.contains(words), || format!("it did not say `{words}`: {}", self.said))
    }
}

/// A run over a queue with one mail that is due.
fn run(case: Case, home: &Home, sink: &Sink) -> Result<(), String> {
    home.queue(case.size());
    let ended = strike(case, home, &["queue", "run"], 0, None);
    let name = name(case.signal);
    match (case.stage, case.times) {
        (QUIT, _) | (DOT, 1) => {
            ended.came_to(0, 1)?;
            settled(home, sink, &["queue", "run", "--now"], 0)
        }
        (DOT, _) => {
            ended.came_to(75, 1)?;
            let Some((due_s, state, octets)) = home.entry() else { return Err("it is gone".to_owned()) };
            let doubts = state.pending().len();
            check(due_s > now_s() + 3000 && doubts == 3, || format!("due {due_s}, {doubts} pending"))?;
            let words = format!("interrupted by {name} after the final dot");
            check(octets.contains(&words), || "the doubt is not on record".to_owned())?;
            settled(home, sink, &["queue", "run", "--now"], 1)
        }
        _ => {
            ended.came_to(75, 0)?;
            ended.says(&format!("interrupted by {name}, before 1 mail was handed over"))?;
            let Some((due_s, state, _)) = home.entry() else { return Err("it is gone".to_owned()) };
            let is_as_before = due_s <= now_s() && state.attempts == 0 && state.transactions == 0;
            check(is_as_before && home.count("host") == 0, || "it is not as it was".to_owned())?;
            settled(home, sink, &["queue", "run"], 1)
        }
    }
}

/// A plain send with a queue behind it.
fn sent(case: Case, home: &Home, sink: &Sink) -> Result<(), String> {
    let arguments = [&["--queue", "-s", "x"][..], &TO].concat();
    let ended = strike(case, home, &arguments, case.size(), None);
    let words = format!("interrupted by {}", name(case.signal));
    match (case.stage, case.times, case.signal) {
        (QUIT, ..) | (DOT, 1, _) => {
            ended.came_to(0, 1)?;
            check(home.count("q") == 0, || "it is queued too".to_owned())
        }
        // Who stops it at the terminal does not want it to go later.
        (stage, _, Signal::INT) => {
            ended.came_to(75, usize::from(stage == DOT))?;
            ended.says(&words)?;
            ended.says(if stage == DOT {
                "may have been accepted"
            } else {
                "before the message was complete"
            })?;
            check(home.count("q") == 0, || "it is queued".to_owned())
        }
        (stage, ..) => {
            ended.came_to(0, usize::from(stage == DOT))?;
            ended.says(&words)?;
            check(home.count("q") == 1, || "it is not queued".to_owned())?;
            settled(home, sink, &["queue", "run", "--now"], 1)
        }
    }
}

/// A run that dies.
fn killed(case: Case, home: &Home, sink: &Sink) -> Result<(), String> {
    home.queue(case.size());
    let ended = strike(case, home, &["queue", "run"], 0, None);
    let dots = ended.book.dots();
    check(ended.code.is_none_or(|code| code == 0 && case.stage == QUIT), || format!("{:?}", ended.code))?;
    check(dots == usize::from(case.stage >= DOT), || format!("{dots} dots"))?;
    settled(home, sink, &["queue", "run", "--now"], usize::from(case.stage != QUIT))
}

/// A run that sleeps until the server has gone.
fn asleep(case: Case, home: &Home, sink: &Sink) -> Result<(), String> {
    home.queue(case.size());
    let ended = strike(case, home, &["queue", "run"], 0, Some(vec![Step::Reset]));
    if case.stage == QUIT {
        ended.came_to(0, 1)?;
        return settled(home, sink, &["queue", "run", "--now"], 0);
    }
    ended.came_to(75, usize::from(case.stage == DOT))?;
    let Some((_, state, _)) = home.entry() else { return Err("it is gone".to_owned()) };
    let doubts = state.transactions;
    check(doubts == u32::from(case.stage == DOT) && state.pending().len() == 3, || format!("{doubts} dots"))?;
    settled(home, sink, &["queue", "run", "--now"], 1)
}

fn name(signal: Signal) -> &'static str {
    match signal {
        Signal::TERM => "SIGTERM",
        Signal::INT => "SIGINT",
        _ => "SIGHUP",
    }
}
