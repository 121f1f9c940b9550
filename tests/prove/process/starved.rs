//! K7, E8: too little memory, too few descriptors, and a system that gives no process, no socket and no random octets. What
//! was answered is queued, what was not is not, and what waits goes when all is well.

use crate::Outcome;
use crate::kill::can_trace;
use crate::real::each;
use crate::real::home::{Home, Ran};
use crate::real::peer::{Peer, copies, refusing};
use crate::sink::END;
use crate::support::{Peer as Server, Rules};
use crate::world::{Ground, SENDER};

/// Who is accepted, and who is refused and told of.
const TO: [&str; 2] = ["a0@example.test", "f1@example.test"];

/// What is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Submission,
    Run,
}

const PARTS: [Part; 2] = [Part::Submission, Part::Run];

/// K7: so many steps of memory.
pub fn memory(steps: usize, outcome: &mut Outcome) {
    let ground = Ground::new();
    // From 8 to 256 MiB, in equal steps.
    let sizes = (0..steps).map(|step| 8 + step * 248 / (steps - 1));
    let cases: Vec<(usize, Part)> = sizes.flat_map(|size| PARTS.map(|part| (size, part))).collect();
    each(
        &cases,
        outcome,
        |(size, part)| {
            let limit = format!("--as={}", size << 20);
            // Who cannot even be loaded is no submission: the loader and the shell have words of their own for it.
            judge(*part, &["prlimit", &limit], &[0, 71, 75, 126, 127], &ground)
        },
        |(size, part)| format!("{part:?} in {size} MiB"),
    );
}

/// E8.
pub fn others(outcome: &mut Outcome) {
    let ground = Ground::new();
    if let Err(words) = can_trace(&ground.next()) {
        return outcome.skips.push(words);
    }
    let faults = [
        "socket:error=EMFILE",
        "socket:error=ENFILE",
        "socket:error=ENOBUFS",
        "connect:error=EADDRNOTAVAIL",
        "getrandom:error=EPERM",
        "getrandom:error=ENOSYS",
    ];
    let mut cases: Vec<(Vec<String>, Part)> = Vec::new();
    for part in PARTS {
        for count in [4, 6, 8, 10, 12] {
            cases.push((vec!["prlimit".to_owned(), format!("--nofile={count}")], part));
        }
        for fault in faults {
            let inject = format!("inject={fault}");
            let words = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
            cases.push((words.map(str::to_owned).to_vec(), part));
        }
    }
    each(
        &cases,
        outcome,
        |(before, part)| {
            let before: Vec<&str> = before.iter().map(String::as_str).collect();
            judge(*part, &before, &[0, 71, 75], &ground)
        },
        |(before, part)| format!("{part:?} below {}", before.last().unwrap()),
    );
    outcome
        .failures
        .extend(["clone", "clone3", "vfork"].iter().filter_map(|call| no_process(call, &ground).err()));
    outcome.cases += 3;
}

fn judge(part: Part, before: &[&str], codes: &[i32], ground: &Ground) -> Result<(), String> {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let peer = Peer::start(refusing);
    let home = Home::new(ground, if part == Part::Run { nobody } else { peer.port });
    if part == Part::Run {
        home.submit(&TO).ends(&[0])?;
        home.leads_to(peer.port);
    }
    let words: Vec<&str> = match part {
        Part::Submission => [&["--queue", "-s", "x"], &TO[..]].concat(),
        Part::Run => vec!["queue", "run", "--now"],
    };
    let ran = home.program(before, &words);
    let is_queued = home.counts().iter().sum::<usize>() > 0;
    let is_answered = part == Part::Run || ran.code == Some(0);
    is_allowed(part, &ran, codes)?;
    // Who said no has left nothing; who died may have been about to say yes.
    if part == Part::Submission && ran.code.is_some_and(|code| code != 0) && is_queued {
        return Err(format!("it ended with {:?}, and is queued: {}", ran.code, ran.err.trim()));
    }
    if part == Part::Submission && !is_answered && !home.spool.join("FORMAT").exists() {
        // A spool that was not made to its end holds nothing, and the next submission completes it.
        home.submit(&TO).ends(&[0])?;
        return home.remove();
    }
    home.drain()?;
    let book = peer.taken();
    let reports = book.iter().filter(|got| got.to == SENDER && got.about == [TO[1]]).count();
    let (sure, unsure) = copies(&book, TO[0]);
    let is_untouched = book.is_empty() && home.counts() == [0; 4];
    let is_good =
        sure <= 1 && sure + unsure >= 1 && unsure <= 1 && reports == 1 && home.counts() == [0, 0, 1, 0];
    if !(is_good || is_untouched && !is_answered) {
        return Err(format!(
            "it ended with {:?}; {sure} and {unsure} copies, {reports} reports, files {:?}: {}",
            ran.code,
            home.counts(),
            ran.err.trim()
        ));
    }
    home.queue(&["check"]).ends(&[0])?;
    home.remove()
}

fn is_allowed(part: Part, ran: &Ran, codes: &[i32]) -> Result<(), String> {
    match (part, ran.code) {
        (_, None) => Ok(()),
        // A run that could not work, or came as far as the refusal.
        (Part::Run, Some(69 | 74)) => Ok(()),
        (_, Some(code)) if codes.contains(&code) => Ok(()),
        (_, code) => Err(format!("it ended with {code:?}: {}", ran.err.trim())),
    }
}

/// The program that gives the password cannot be started: the mail waits, and no login is tried.
fn no_process(call: &str, ground: &Ground) -> Result<(), String> {
    let server = Server::serving(Rules::healthy());
    let login =
        "username = \"me\"\npassword_command = [\"echo\", \"correct horse\"]\nallow_plaintext_auth = true";
    let home = Home::new(ground, server.port());
    home.configure("config.toml", server.port(), login);
    let inject = format!("inject={call}:error=EAGAIN");
    let before = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
    let ran = home.program(&before, &["--queue", "-s", "x", TO[0]]).ends(&[0, 71, 75])?;
    let ran_again = home.program(&before, &["queue", "run", "--now"]).ends(&[0, 71, 75])?;
    home.drain()?;
    let messages = server.finish().messages();
    let copies = messages.iter().filter(|message| message.contains(END)).count();
    match copies == usize::from(ran.code == Some(0)) && home.counts() == [0; 4] {
        true => home.remove(),
        false => Err(format!(
            "{call} fails: {copies} copies, exits {:?} and {:?}: {}",
            ran.code, ran_again.code, ran.err
        )),
    }
}
