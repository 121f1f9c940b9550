//! W5, W7, W8, W9: what is said behind the dot, when, and of how many recipients. With the real program and a mail in its
//! queue.

use std::time::Duration;

use whippet::spool::Fate;

use super::judge::{check, found};
use super::{LONG_S, Tried, each};
use crate::Outcome;
use crate::session::home::{Home, Program, TO};
use crate::support::{Peer, Rules, Step, raw, say};

/// Replies that say that there are too many recipients.
const TOO_MANY: [&str; 3] = ["452 no more of them", "452 4.5.3 no more of them", "552 no more of them"];

/// What a server does with a mail for three, and what must come of it.
struct Case {
    name: String,
    rules: Rules,
    /// How long it may take to reply to the dot, seconds.
    deadline_s: u64,
    exit: i32,
    /// Of the three; nobody's if the mail is gone.
    fates: Vec<Fate>,
    /// Final dots, and messages of any octets among them.
    dots: (usize, usize),
    /// The session ends in good order.
    has_quit: bool,
    /// Who is handed over by the next run.
    later: usize,
}

impl Tried for Case {
    fn is_slow(&self) -> bool {
        self.deadline_s < LONG_S
    }
}

impl Case {
    fn accepted(name: &str, rules: Rules) -> Self {
        Case {
            name: name.to_owned(),
            rules,
            deadline_s: LONG_S,
            exit: 0,
            fates: vec![],
            dots: (1, 1),
            has_quit: true,
            later: 0,
        }
    }

    fn in_doubt(name: &str, rules: Rules) -> Self {
        let fates = vec![Fate::InDoubt(1); 3];
        Case { exit: 75, fates, has_quit: false, later: 3, ..Case::accepted(name, rules) }
    }

    fn failed(name: &str, rules: Rules) -> Self {
        Case { exit: 69, fates: vec![Fate::Failed; 3], ..Case::accepted(name, rules) }
    }
}

/// The deadline is one of the whole reply.
pub fn late(outcome: &mut Outcome) {
    let dot = |steps: Vec<Step>| Rules::healthy().on(".", steps);
    let half = Duration::from_millis(700);
    let short = |case| Case { deadline_s: 2, ..case };
    let cases = [
        short(Case::accepted("before the deadline", dot(vec![Step::Wait(half), say("250 2.0.0 ok")]))),
        short(Case::accepted(
            "in two halves, before the deadline",
            dot(vec![Step::Wait(half), raw("250 2.0"), Step::Wait(half), raw(".0 ok\r\n")]),
        )),
        short(Case::in_doubt("behind the deadline", dot(vec![Step::Silence]))),
        short(Case::in_doubt(
            "octet by octet, each before the deadline",
            dot(vec![Step::Drip("250 2.0.0 accepted".to_owned(), half)]),
        )),
    ];
    make(&cases, outcome);
}

/// A line that is no reply, and then one that is.
pub fn garbage(outcome: &mut Outcome) {
    let dot = |text: &str| Rules::healthy().on(".", [raw(text)]);
    let cases = [
        Case::in_doubt("a line, then 250", dot("What?\r\n250 2.0.0 ok\r\n")),
        Case::in_doubt("a line, then 221", dot("What?\r\n221 2.0.0 bye\r\n")),
        Case::in_doubt("354, then 250", dot("354 go on\r\n250 2.0.0 ok\r\n")),
    ];
    make(&cases, outcome);
}

/// 354 although each RCPT was refused: the dot comes alone.
pub fn alone(outcome: &mut Outcome) {
    let refusing = Rules::healthy().on("RCPT", [say("550 5.1.1 nobody")]);
    let case = |name: &str, steps: Vec<Step>| Case {
        dots: (1, 0),
        has_quit: false,
        ..Case::failed(name, refusing.clone().on(".", steps))
    };
    let cases = [
        case("250 to the lone dot", vec![say("250 2.0.0 ok")]),
        case("554 to the lone dot", vec![say("554 5.5.1 nobody")]),
        case("the end of the connection", vec![Step::Close]),
        case("garbage", vec![raw("What?\r\n")]),
    ];
    make(&cases, outcome);
}

/// So many recipients are taken at once, and no more.
pub fn too_many(outcome: &mut Outcome) {
    let mut cases = Vec::new();
    for reply in TOO_MANY {
        for is_pipelined in [true, false] {
            for taken in 0..=TO.len() {
                let offers: &[&str] = if is_pipelined { &["PIPELINING", "8BITMIME"] } else { &["8BITMIME"] };
                let mut rules = Rules::healthy().offering(offers);
                for nth in taken + 1..=TO.len() {
                    rules = rules.on_nth("RCPT", nth, [say(reply)]);
                }
                // A server that has nobody says so.
                if taken == 0 {
                    rules = rules.on_nth("DATA", 1, [say("503 5.5.1 RCPT first")]);
                }
                let name = format!("{reply} after {taken}, PIPELINING {is_pipelined}");
                cases.push(match taken {
                    0 if reply.starts_with('4') => Case {
                        exit: 75,
                        fates: vec![Fate::Pending; 3],
                        dots: (0, 0),
                        later: 3,
                        ..Case::accepted(&name, rules)
                    },
                    0 => Case { dots: (0, 0), ..Case::failed(&name, rules) },
                    3 => Case::accepted(&name, rules),
                    _ => Case { dots: (2, 2), ..Case::accepted(&name, rules) },
                });
            }
        }
    }
    make(&cases, outcome);
}

fn make(cases: &[Case], outcome: &mut Outcome) {
    each(cases, outcome, |case, home| case.judge(home), |case| case.name.clone());
}

impl Case {
    fn judge(&self, home: &Home) -> Result<(), String> {
        home.queue(300);
        let peer = Peer::serving(self.rules.clone());
        let limit = format!("tls = \"none\"\ntimeouts.dot = \"{}s\"", self.deadline_s);
        home.configure("127.0.0.1", &format!("port = {}\n{limit}", peer.port()));
        let code = Program::end(&mut home.start(&["queue", "run"], 0));
        let (said, book, after) = (home.said(), peer.finish(), found(home)?);
        let bodies = book.bodies().iter().filter(|body| !body.is_empty()).count();
        let quits = book.commands("QUIT").len();
        let seen = (code, after.fates, (book.dots(), bodies), quits, book.connections());
        let wanted = (Some(self.exit), self.fates.clone(), self.dots, usize::from(self.has_quit), 1);
        check(seen == wanted && after.gate.is_none(), || {
            format!("{seen:?}, not {wanted:?}: {said}\n{book:?}")
        })?;
        let peer = Peer::healthy();
        home.configure("127.0.0.1", &format!("port = {}\ntls = \"none\"", peer.port()));
        let code = Program::end(&mut home.start(&["queue", "run", "--now"], 0));
        let book = peer.finish();
        let mut to = book.commands("RCPT");
        to.retain(|line| !line.contains("me@example.test"));
        let dead = usize::from(self.fates.first() == Some(&Fate::Failed));
        let left = ["q", "held", "badmail", "corrupt", "tmp"].map(|place| home.count(place));
        let is_good = (code, to.len(), left) == (Some(0), self.later, [0, 0, dead, 0, 0]);
        check(is_good, || format!("then it ends with {code:?}, {to:?}, left {left:?}: {}", home.said()))
    }
}
