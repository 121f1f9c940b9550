//! What the cases are made of: a mail, a spool in memory, and a hop in the same process that keeps its own book. What it
//! does is told by the addresses: `a…` is accepted, `d…` deferred at first, `f…` refused for ever,
//! and after `u…` the connection is lost at first.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use whippet::deliver::{Mail, Mails, Unopened};
use whippet::mail::{
    Address, Envelope, Notify, Problem, Report, ReportedReply, SessionFacts, Stage, Verdict, Wishes,
};
use whippet::mime::MessageError;
use whippet::smtp::{Next, Settled};
use whippet::spool::{
    Attempt, Flags, Hops, Id, InDoubt, Rules, Run, Schedule, Sealed, Store, Submission, SubmitError, Tally,
};
use whippet::sys::{Clock, Disk, FixedClock, SeededRandom, SystemDisk};

use crate::tape::{Op, Tape};

/// When a case begins, seconds since 1970.
pub const NOW_S: u64 = 1_800_000_000;
/// Who submits.
pub const SENDER: &str = "me@example.test";

/// One copy of a mail, as the peer got it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Copy {
    /// For whom.
    pub to: String,
    /// What it tells of whom, `failed f0@example.test`, if it is a report.
    pub about: Vec<String>,
    /// Whether it was the mail, from end to end.
    pub is_whole: bool,
}

/// What the sender is told beside failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// Nothing.
    Failures,
    /// That it went on to where no reports are made.
    Relayed,
    /// That it takes longer.
    Delayed,
    /// That the stored mail was damaged: it was changed behind the program's back.
    Damage,
}

/// What a case is about.
#[derive(Debug, Clone)]
pub struct Case {
    /// The recipients.
    pub to: Vec<String>,
    /// What happens in doubt.
    pub in_doubt: InDoubt,
    /// How many recipients a transaction has.
    pub at_once: usize,
    /// What else is told.
    pub telling: Telling,
}

impl Case {
    /// A case by the letters of its recipients.
    pub fn new(letters: &str, in_doubt: InDoubt, at_once: usize) -> Self {
        let to = letters.chars().enumerate().map(|(place, letter)| format!("{letter}{place}@example.test"));
        Case { to: to.collect(), in_doubt, at_once, telling: Telling::Failures }
    }

    pub fn name(&self) -> String {
        let letters: String = self.to.iter().filter_map(|to| to.chars().next()).collect();
        format!("{letters}/{}/{:?}/{:?}", self.at_once, self.in_doubt, self.telling)
    }

    pub fn rules(&self) -> Rules {
        let delay_notice_s = (self.telling == Telling::Delayed).then_some(0);
        let schedule = Schedule { jitter_percent: 0, delay_notice_s, ..Schedule::default() };
        Rules { schedule, in_doubt: self.in_doubt, ..Rules::default() }
    }

    /// The identifier of the mail with this number.
    pub fn id(number: u64) -> Id {
        Id::new(FixedClock { seconds: NOW_S }.now(), &SeededRandom::new(number)).unwrap()
    }

    /// Queues it; `number` tells one mail from the other.
    pub fn submit(&self, store: &Store<'_>, number: u64) -> Result<(), SubmitError> {
        let rules = self.rules();
        let recipients = self.to.iter().map(|to| Address::parse(to).unwrap());
        let notify = (self.telling == Telling::Relayed).then(|| Notify::parse("success,failure").unwrap());
        let wishes = Wishes { notify, ..Wishes::default() };
        let sealed = Sealed {
            envelope: Envelope::new(Address::parse(SENDER).ok(), recipients).unwrap().with_wishes(wishes),
            uid: 0,
            message_id: "<1@example.test>".to_owned(),
            key: None,
        };
        let submission = Submission {
            id: Case::id(number),
            profile: "default",
            sealed: &sealed,
            flags: Flags::default(),
            in_doubt: (rules.in_doubt, rules.in_doubt_limit),
            created_ms: NOW_S * 1000,
            expires_s: NOW_S + rules.schedule.expire_s,
            due_s: NOW_S,
            size: BODY.len() as u64,
            events: Vec::new(),
        };
        let mut write = |out: &mut dyn Write| out.write_all(BODY.as_bytes()).map_err(MessageError::Sink);
        store.submit(&submission, &mut write, &mut || Ok(())).map(|_| ())
    }

    /// One run, so long after the beginning.
    pub fn run(&self, store: &Store<'_>, hops: &mut dyn Hops, after_s: u64) -> io::Result<Tally> {
        self.pass(store, hops, after_s, false)
    }

    /// One run that asks for no due times.
    pub fn run_now(&self, store: &Store<'_>, hops: &mut dyn Hops) -> io::Result<Tally> {
        self.pass(store, hops, 0, true)
    }

    fn pass(&self, store: &Store<'_>, hops: &mut dyn Hops, after_s: u64, is_now: bool) -> io::Result<Tally> {
        Run {
            store,
            rules: &self.rules(),
            clock: &FixedClock { seconds: NOW_S + after_s },
            random: &SeededRandom::new(after_s),
            machine: "client.test",
            is_now,
        }
        .run(hops, &|_| true)
    }
}

/// The mail.
pub const BODY: &str =
    "From: me@example.test\r\nMessage-ID: <1@example.test>\r\n\r\nThe text.\r\n.\r\nIts end.\r\n";

/// The hop.
pub struct Peer<'a> {
    pub at_once: usize,
    /// Those who are deferred at first are accepted, and the connection holds.
    pub is_patient: bool,
    /// Those who are refused are accepted.
    pub is_forgiving: bool,
    /// Where its doings are noted too.
    pub tape: Option<&'a Tape>,
    /// What it took.
    pub book: Vec<Copy>,
    /// Whose answer the other side could not record.
    pub unrecorded: Vec<Copy>,
}

impl<'a> Peer<'a> {
    pub fn new(at_once: usize, tape: Option<&'a Tape>) -> Self {
        Peer {
            at_once,
            is_patient: false,
            is_forgiving: false,
            tape,
            book: Vec::new(),
            unrecorded: Vec::new(),
        }
    }

    fn note(&self, op: impl FnOnce() -> Op) {
        if let Some(tape) = self.tape {
            tape.note(op());
        }
    }

    fn verdict(&self, to: &str) -> Verdict {
        let reply = |code, text: &str| Some(ReportedReply { code, text: text.to_owned() });
        match to.as_bytes()[0] {
            b'd' if !self.is_patient => Verdict {
                reply: reply(450, "4.2.0 later"),
                ..Verdict::deferred(Stage::Rcpt, Problem::Refused, "later")
            },
            b'u' if !self.is_patient => Verdict {
                in_doubt: true,
                ..Verdict::deferred(Stage::Dot, Problem::ConnectionLost, "nothing was heard any more")
            },
            b'f' if !self.is_forgiving => Verdict {
                reply: reply(550, "5.1.1 nobody"),
                ..Verdict::failed(Stage::Rcpt, Problem::NoSuchRecipient, "nobody")
            },
            _ => Verdict { reply: reply(250, "2.0.0 taken"), ..Verdict::accepted(Stage::Dot, "taken") },
        }
    }

    /// One transaction; says whether another may follow.
    fn transact<M: Mails>(
        &mut self,
        mails: &mut M,
        mail: &M::Mail,
        places: &[usize],
    ) -> (Vec<Verdict>, bool) {
        let recipients = mail.envelope().recipients();
        let address = |place: usize| recipients[place].to_string();
        let mut verdicts: Vec<Verdict> = places.iter().map(|&place| self.verdict(&address(place))).collect();
        let is_good = |verdict: &Verdict| verdict.problem.is_none() || verdict.in_doubt;
        let good: Vec<usize> = (0..places.len()).filter(|&index| is_good(&verdicts[index])).collect();
        let (mut is_open, mut taken) = (true, Vec::new());
        if !good.is_empty() {
            let mut octets = Vec::new();
            let to: Vec<String> = good.iter().map(|&index| address(places[index])).collect();
            self.note(|| Op::Asked { to: to.clone() });
            let expecting: Vec<usize> = good.iter().map(|&index| places[index]).collect();
            let may_go = mail.write_to(&mut octets).is_ok() && mails.before_dot(mail, &expecting).is_ok();
            if may_go {
                let copies: Vec<Copy> = to.iter().map(|to| Copy::of(to, &octets)).collect();
                self.note(|| Op::Taken { copies: copies.clone() });
                self.book.extend(copies.clone());
                taken = copies;
                is_open = !verdicts.iter().any(|verdict| verdict.in_doubt);
            } else {
                is_open = false;
                for index in good {
                    verdicts[index] =
                        Verdict::deferred(Stage::Body, Problem::Unreadable, "it cannot be read");
                }
            }
        }
        let settled = Settled {
            verdicts: verdicts.clone(),
            postponed: Vec::new(),
            warnings: Vec::new(),
            makes_reports: false,
            next: if is_open { Next::Ready } else { Next::Drop },
            is_untried: false,
        };
        let to: Vec<String> = places.iter().map(|&place| address(place)).collect();
        if mails.answered(mail, places, &settled).is_err() {
            self.unrecorded.extend(taken);
            return (verdicts, false);
        }
        match verdicts.iter().any(|verdict| verdict.in_doubt) {
            true => self.note(|| Op::Unheard { to }),
            false => self.note(|| Op::Recorded { to }),
        }
        (verdicts, is_open)
    }
}

/// A copy by its octets.
impl Copy {
    pub fn of(to: &str, octets: &[u8]) -> Self {
        let text = String::from_utf8_lossy(octets);
        let values = |name: &str| -> Vec<String> {
            let values = text.lines().filter_map(|line| line.strip_prefix(name));
            values.map(|value| value.trim().to_owned()).collect()
        };
        let (actions, recipients) = (values("Action: "), values("Final-Recipient: rfc822; "));
        let about: Vec<String> =
            actions.iter().zip(&recipients).map(|(action, to)| format!("{action} {to}")).collect();
        let is_report = text.ends_with("--\r\n") && !about.is_empty();
        Copy { to: to.to_owned(), about, is_whole: octets == BODY.as_bytes() || is_report }
    }
}

impl Hops for Peer<'_> {
    fn settings(&mut self, _profile: &str) -> [u8; 32] {
        [0; 32]
    }

    fn sender(&mut self, _profile: &str) -> Option<Address> {
        Address::parse("postmaster@example.test").ok()
    }

    fn deliver(&mut self, _profile: &str, attempt: &mut Attempt<'_, '_, '_>) -> Result<(), Box<Unopened>> {
        while let Some(mail) = attempt.next_mail() {
            let recipients = mail.envelope().recipients().to_vec();
            let places: Vec<usize> = (0..recipients.len()).collect();
            let mut all = Vec::new();
            let mut is_open = true;
            for batch in places.chunks(self.at_once) {
                if is_open {
                    let (verdicts, goes_on) = self.transact(attempt, &mail, batch);
                    all.extend(verdicts);
                    is_open = goes_on;
                }
            }
            let rest = Verdict::deferred(Stage::Mail, Problem::ConnectionLost, "their turn has not come");
            let report = Report::settle(mail.envelope(), SessionFacts::default(), |place, recipient| {
                all.get(place).unwrap_or(&rest).outcome(recipient, "peer")
            });
            attempt.settled(mail, report);
            if !is_open {
                break;
            }
        }
        Ok(())
    }
}

/// A folder in memory for the spools of one test, removed with the value.
pub struct Ground {
    folder: tempfile::TempDir,
    count: Mutex<usize>,
}

impl Ground {
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        Ground { folder: folder.unwrap(), count: Mutex::new(0) }
    }

    /// A place for one more spool.
    pub fn next(&self) -> PathBuf {
        let mut count = self.count.lock().unwrap();
        *count += 1;
        self.folder.path().join(count.to_string())
    }

    /// One more spool, empty.
    pub fn spool(&self) -> PathBuf {
        let path = self.next();
        drop(Store::create(&SystemDisk, &path).unwrap());
        path
    }
}

/// Opens a spool.
pub fn open<'d>(disk: &'d dyn Disk, path: &Path) -> Store<'d> {
    Store::open(disk, path).unwrap_or_else(|error| panic!("{error}"))
}
