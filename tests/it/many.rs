//! Many mails on one connection. The book of the model server is compared with the reports: nobody is told a lie.

pub mod model;

use std::collections::VecDeque;
use std::io::Write;
use std::time::Duration;

use whippet::config;
use whippet::deliver::{Mail, Mails, Pace, SmartHost, SmartHostRoute, needs};
use whippet::mail::{Address, Envelope, Fate, Mailbox, Protocol, Report, TlsMode, TlsPolicy, Verdict};
use whippet::mime::{Draft, Message, MessageError};
use whippet::net::{SystemResolve, Way};
use whippet::smtp::{Needs, SessionPolicy, Settled};
use whippet::sys::{Clock, FixedClock, SeededRandom};

use self::model::{ACTS, Act, Deeds, Model, Took};
use crate::support::{Peer, Rules, Step};

/// A mail of the test, with its number.
struct Numbered {
    number: usize,
    envelope: Envelope,
    message: Message,
}

impl Mail for Numbered {
    fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    fn needs(&self) -> Needs {
        needs(&self.message)
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<(), MessageError> {
        self.message.write_to(out)
    }
}

impl Numbered {
    fn new(number: usize, recipients: usize) -> Self {
        let from = Mailbox::from(Address::parse("me@example.test").unwrap());
        let mut draft =
            Draft::new(from, FixedClock { seconds: 0 }.local(), format!("<{number}@example.test>"));
        draft.body = format!("number {number}\n").as_str().into();
        let message = Message::compose(draft, &SeededRandom::new(number as u64)).unwrap();
        let recipients =
            (0..recipients).map(|place| Address::parse(&format!("r{place}-{number}@example.test")).unwrap());
        Numbered { number, envelope: Envelope::new(None, recipients).unwrap(), message }
    }
}

/// What the owner of the mails has heard.
#[derive(Default)]
struct Heard {
    waiting: VecDeque<Numbered>,
    settled: Vec<(usize, Report)>,
    untried: Vec<usize>,
    /// Recipients that a dot was announced for, and that were answered since.
    dots: Vec<(usize, usize)>,
    answered: Vec<(usize, usize)>,
    /// The number of the mail whose dot is not allowed.
    forbidden: Option<usize>,
    /// Largest number of mails in flight.
    flight: usize,
}

impl Mails for Heard {
    type Mail = Numbered;

    fn next_mail(&mut self) -> Option<Numbered> {
        self.waiting.pop_front()
    }

    fn before_dot(&mut self, mail: &Numbered, places: &[usize]) -> std::io::Result<()> {
        if self.forbidden == Some(mail.number) {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.dots.extend(places.iter().map(|&place| (mail.number, place)));
        self.flight = self.flight.max(self.dots.len() - self.answered.len());
        Ok(())
    }

    fn answered(&mut self, mail: &Numbered, places: &[usize], settled: &Settled) -> std::io::Result<()> {
        assert_eq!(places.len(), settled.verdicts.len());
        let announced = places.iter().map(|&place| (mail.number, place)).filter(|at| self.dots.contains(at));
        self.answered.extend(announced.collect::<Vec<_>>());
        Ok(())
    }

    fn settled(&mut self, mail: Numbered, report: Report) {
        self.settled.push((mail.number, report));
    }

    fn untried(&mut self, mail: Numbered, why: Verdict) {
        assert!(!why.in_doubt && why.fate == Fate::Deferred, "{why:?}");
        self.untried.push(mail.number);
    }
}

/// The way to a model server.
pub fn route(port: u16) -> SmartHostRoute {
    let mut timeouts = config::Timeouts::default().plain();
    timeouts.dot = Duration::from_secs(20);
    SmartHostRoute {
        host: "127.0.0.1".to_owned(),
        port,
        way: Way::default(),
        tls: TlsPolicy::new(TlsMode::None),
        session: SessionPolicy {
            protocol: Protocol::Smtp,
            tls: TlsMode::None,
            hello_name: "client.test".to_owned(),
            credentials: None,
            mechanisms: Vec::new(),
            allow_plaintext_auth: false,
            rows: Vec::new(),
        },
        timeouts,
        reply_charset: None,
        max_messages: None,
        max_recipients: None,
    }
}

/// Sends mails with so many recipients each; gives what was heard, and the book of the server.
fn run(offers: &'static str, pace: Pace, sizes: &[usize], deeds: &Deeds) -> (Heard, Took) {
    run_forbidding(offers, pace, sizes, deeds, None)
}

fn run_forbidding(
    offers: &'static str,
    pace: Pace,
    sizes: &[usize],
    deeds: &Deeds,
    forbidden: Option<usize>,
) -> (Heard, Took) {
    let (port, server) = Model::start(offers, deeds.clone());
    let waiting = sizes.iter().enumerate().map(|(number, &size)| Numbered::new(number, size)).collect();
    let mut heard = Heard { waiting, forbidden, ..Heard::default() };
    let route = route(port);
    let mut host = SmartHost { route: &route, resolve: &SystemResolve, transcript: None, secret: None };
    host.deliver_all(&mut heard, pace).unwrap();
    (heard, server.join().unwrap())
}

/// Nobody is told a lie: accepted means that the server has it, and without a doubt the server has it only if accepted.
fn check(what: &str, heard: &Heard, took: &Took, count: usize) {
    let mut numbers: Vec<usize> = heard.settled.iter().map(|(number, _)| *number).collect();
    numbers.extend(&heard.untried);
    numbers.extend(heard.waiting.iter().map(|mail| mail.number));
    numbers.sort_unstable();
    assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "{what}: each mail comes back once");
    for (number, report) in &heard.settled {
        for outcome in report.outcomes() {
            let key = (number.to_string(), outcome.recipient.to_string());
            let times = took.taken.iter().filter(|taken| **taken == key).count();
            let said = (outcome.fate, outcome.in_doubt);
            let is_true = match said {
                (Fate::Accepted, false) => times == 1,
                (_, true) => times <= 1,
                _ => times == 0,
            };
            assert!(is_true, "{what}: {key:?} was taken {times} times, and the report says {outcome:?}");
        }
    }
    let untried = heard.untried.iter().chain(heard.waiting.iter().map(|mail| &mail.number));
    for number in untried {
        let is_there = took.taken.iter().any(|(taken, _)| *taken == number.to_string());
        assert!(!is_there, "{what}: mail {number} is untried, and was taken");
    }
}

fn offers(name: &str) -> &'static str {
    match name {
        "lock-step" => "250 SIZE",
        "data" => "250 PIPELINING",
        "two" => "250-LIMITS MAILMAX=2\r\n250 PIPELINING",
        _ => "250-CHUNKING\r\n250 PIPELINING",
    }
}

#[test]
fn all_arrive_in_order() {
    for name in ["lock-step", "data", "bdat"] {
        for pace in [Pace::Settled, Pace::Windowed(1), Pace::Windowed(50)] {
            let sizes = [1, 3, 1, 2, 1, 1, 4];
            let (heard, took) = run(offers(name), pace, &sizes, &Vec::new());
            check(name, &heard, &took, sizes.len());
            let numbers: Vec<usize> = heard.settled.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6], "{name} {pace:?}");
            assert_eq!(took.taken.len(), 13, "{name} {pace:?}");
            let is_alone = pace != Pace::Windowed(50) || name == "lock-step";
            assert!(heard.flight <= 4 || !is_alone, "{name} {pace:?}: {} in flight", heard.flight);
            assert!(heard.flight == 13 || name != "bdat" || is_alone, "{name} {pace:?}: {}", heard.flight);
        }
    }
}

/// Every deed at every decision, alone and in pairs.
fn grid(name: &str, pace: Pace, sizes: &[usize]) {
    let (_, healthy) = run(offers(name), pace, sizes, &Vec::new());
    let mut cases = 0;
    for first in 0..healthy.decisions {
        for act in ACTS {
            let deeds = vec![(first, act)];
            let (heard, took) = run(offers(name), pace, sizes, &deeds);
            check(&format!("{name} {pace:?} {deeds:?}"), &heard, &took, sizes.len());
            cases += 1;
            let goes_on = matches!(act, Act::Later | Act::Never);
            let is_whole =
                |report: &Report| report.outcomes().iter().all(|outcome| outcome.fate == Fate::Accepted);
            let whole = heard.settled.iter().filter(|(_, report)| is_whole(report)).count();
            assert!(
                !goes_on || whole + 1 >= sizes.len(),
                "{name} {pace:?} {deeds:?}: a refusal concerns one"
            );
            for second in (first + 1..took.decisions).filter(|_| goes_on) {
                for act in ACTS {
                    let deeds = vec![deeds[0], (second, act)];
                    let (heard, took) = run(offers(name), pace, sizes, &deeds);
                    check(&format!("{name} {pace:?} {deeds:?}"), &heard, &took, sizes.len());
                    cases += 1;
                }
            }
        }
    }
    assert!(cases > 300, "{name} {pace:?}: only {cases} cases");
}

#[test]
fn nobody_is_told_a_lie_in_lock_step() {
    grid("lock-step", Pace::Windowed(9), &[1, 2, 1]);
}

#[test]
fn nobody_is_told_a_lie_with_data() {
    grid("data", Pace::Windowed(9), &[1, 2, 1]);
    grid("data", Pace::Settled, &[1, 2, 1]);
}

#[test]
fn nobody_is_told_a_lie_with_chunks() {
    grid("bdat", Pace::Windowed(9), &[1, 2, 1]);
    grid("bdat", Pace::Settled, &[1, 2, 1]);
}

#[test]
fn what_cannot_be_recorded_is_not_sent_and_what_went_before_is_told() {
    for name in ["lock-step", "data", "bdat"] {
        for pace in [Pace::Settled, Pace::Windowed(9)] {
            let (heard, took) = run_forbidding(offers(name), pace, &[1, 1, 1, 1], &Vec::new(), Some(2));
            check(name, &heard, &took, 4);
            let fates: Vec<_> = heard
                .settled
                .iter()
                .map(|(number, report)| (*number, report.outcomes()[0].fate, report.outcomes()[0].in_doubt))
                .collect();
            let accepted = Fate::Accepted;
            let wanted = [(0, accepted, false), (1, accepted, false), (2, Fate::Deferred, false)];
            assert_eq!(fates, wanted, "{name} {pace:?}");
            assert_eq!(heard.waiting.len(), 1, "{name} {pace:?}: the connection takes no more");
        }
    }
}

#[test]
fn a_server_with_a_limit_gets_no_more_mails_than_it_wants() {
    for pace in [Pace::Settled, Pace::Windowed(9)] {
        let (heard, took) = run(offers("two"), pace, &[1, 1, 1], &Vec::new());
        check("MAILMAX=2", &heard, &took, 3);
        assert_eq!((heard.settled.len(), heard.untried.len(), heard.waiting.len()), (2, 0, 1), "{pace:?}");
    }
}

/// A hundred mails: with DATA each costs one round trip, with CHUNKING a few hold them all.
#[test]
fn a_hundred_mails_in_few_flights() {
    for (kind, most) in [(&["PIPELINING"][..], 104), (&["PIPELINING", "CHUNKING"], 9)] {
        let peer = Peer::serving(Rules::healthy().offering(kind).on("QUIT", [Step::Cut]));
        let waiting = (0..100).map(|number| Numbered::new(number, 1)).collect();
        let mut heard = Heard { waiting, ..Heard::default() };
        let route = route(peer.port());
        let mut host = SmartHost { route: &route, resolve: &SystemResolve, transcript: None, secret: None };
        host.deliver_all(&mut heard, Pace::Windowed(100)).unwrap();
        assert_eq!(heard.settled.len(), 100);
        let (book, flights) = peer.finish_with_flights();
        assert_eq!(book.commands("MAIL").len(), 100);
        assert!(flights <= most, "{kind:?}: {flights} flights");
    }
}
