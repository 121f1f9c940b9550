//! G7: what a sender is told, over the wire: every wish, every kind of mail, a hop with DSN and one without. The hop counts
//! the reports, and two readers that are not ours take each of them apart.

mod checks;
mod hop;
mod limits;
mod readers;

use std::io::Write;

use whippet::deliver::{Pace, SmartHost, SmartHostRoute, Unopened};
use whippet::mail::{
    Address, Envelope, EnvelopeId, Notify, OriginalRecipient, Protocol, Return, TlsMode, TlsPolicy, Wishes,
};
use whippet::mime::MessageError;
use whippet::net::{SystemResolve, Way};
use whippet::smtp::SessionPolicy;
use whippet::spool::{
    Attempt, Flags, Hops, Id, InDoubt, Place, Rules, Run, Schedule, Sealed, Store, Submission, desk::Check,
};
use whippet::sys::{Clock, FixedClock, SeededRandom, SystemDisk};

use self::hop::{Hop, Mail, Manners};
use self::readers::{Read, read_all};
use crate::Outcome;
use crate::world::{Ground, NOW_S, SENDER, open};

/// From whom reports come.
const POSTMASTER: &str = "postmaster@example.test";
const HOUR: u64 = 3600;

/// A mail and the hop that it goes to.
#[derive(Clone)]
struct Case {
    name: String,
    sender: Option<&'static str>,
    to: Vec<&'static str>,
    notify: &'static str,
    returned: Option<Return>,
    original: Option<&'static str>,
    envelope_id: Option<&'static str>,
    flags: Flags,
    body: Vec<u8>,
    manners: Manners,
    /// What the sender is to be told: the action, and of whom.
    told: Vec<(&'static str, Vec<&'static str>)>,
    /// The reports that cannot go, and stay in `badmail/`.
    stranded: usize,
}

fn body(fields: &str, length: usize) -> Vec<u8> {
    let mut body = format!("From: {SENDER}\r\nMessage-ID: <1@example.test>\r\n{fields}\r\n").into_bytes();
    while body.len() < length {
        let line = 78.min(length - body.len());
        body.extend(std::iter::repeat_n(b'x', line.saturating_sub(2)));
        body.extend(b"\r\n");
    }
    body.truncate(length.max(100));
    let end = body.len() - 2;
    body[end..].copy_from_slice(b"\r\n");
    body
}

impl Default for Case {
    fn default() -> Self {
        Case {
            name: String::new(),
            sender: Some(SENDER),
            to: vec!["f0@example.test", "a1@example.test", "d2@example.test"],
            notify: "",
            returned: None,
            original: None,
            envelope_id: None,
            flags: Flags::default(),
            body: body("", 300),
            manners: Manners::default(),
            told: Vec::new(),
            stranded: 0,
        }
    }
}

/// Every wish with every other: who asked for nothing hears of failure and delay.
fn grid() -> Vec<Case> {
    let mut cases = Vec::new();
    for sender in [Some(SENDER), None] {
        for notify in ["", "never", "failure", "delay", "success", "success,failure,delay"] {
            for returned in [None, Some(Return::Full), Some(Return::Headers)] {
                for (original, envelope_id) in
                    [(None, None), (Some("rfc822;list+1@example.test"), None), (None, Some("id+1 = 2"))]
                {
                    for makes_reports in [false, true] {
                        let has = |word: &str| sender.is_some() && notify.contains(word);
                        let is_open = sender.is_some() && notify.is_empty();
                        let (mut told, f, d) = (Vec::new(), "f0@example.test", "d2@example.test");
                        told.extend((is_open || has("failure")).then(|| ("failed", vec![f])));
                        told.extend((is_open || has("delay")).then(|| ("delayed", vec![d])));
                        let passed = has("success") && !makes_reports;
                        told.extend(passed.then(|| ("relayed", vec!["a1@example.test", d])));
                        let offers =
                            if makes_reports { "250-PIPELINING\r\n250 DSN" } else { "250 PIPELINING" };
                        cases.push(Case {
                            name: format!("{sender:?} {notify} {returned:?} {original:?} {envelope_id:?} {makes_reports}"),
                            sender,
                            notify,
                            returned,
                            original,
                            envelope_id,
                            manners: Manners { offers, ..Manners::default() },
                            told,
                            ..Case::default()
                        });
                    }
                }
            }
        }
    }
    cases
}

/// Mails of which something else is told, or not.
fn others() -> Vec<Case> {
    let one = || Case { to: vec!["f0@example.test"], ..Case::default() };
    let failed = || vec![("failed", vec!["f0@example.test"])];
    let mut cases: Vec<Case> = [50 * 1024 - 1, 50 * 1024, 50 * 1024 + 1]
        .map(|length| Case {
            name: format!("{length} octets"),
            body: body("", length),
            told: failed(),
            ..one()
        })
        .into();
    let reply = body("Auto-Submitted: auto-replied\r\n", 300);
    cases.push(Case { name: "an answer of a program".to_owned(), body: reply, ..one() });
    let refusing = Manners { null_reply: "550 5.7.1 no mail from nobody", ..Manners::default() };
    cases.push(Case { name: "a report that is refused".to_owned(), manners: refusing, stranded: 1, ..one() });
    let delaying = Manners { null_reply: "450 4.7.1 not now", ..Manners::default() };
    cases.push(Case { name: "a report that expires".to_owned(), manners: delaying, stranded: 1, ..one() });
    let flags = Flags { require_tls: true, ..Flags::default() };
    cases.push(Case { name: "TLS on the whole way".to_owned(), flags, stranded: 1, ..one() });
    let wide = Flags { smtputf8: true, eight_bit: true, ..Flags::default() };
    for offers in ["250-8BITMIME\r\n250 SMTPUTF8", "250 8BITMIME"] {
        for (sender, is_wide) in [(SENDER, false), ("日本@example.test", true)] {
            let manners = Manners { offers, ..Manners::default() };
            let is_stranded = is_wide && !offers.contains("SMTPUTF8");
            cases.push(Case {
                name: format!("UTF-8 from {sender} with {offers}"),
                sender: Some(sender),
                to: vec!["f用0@example.test"],
                flags: wide,
                body: body("Subject: Grüße für 用户\r\n", 300),
                manners,
                told: if is_stranded { vec![] } else { vec![("failed", vec!["f用0@example.test"])] },
                stranded: usize::from(is_stranded),
                ..Case::default()
            });
        }
    }
    cases
}

impl Case {
    fn rules(&self) -> Rules {
        let schedule = Schedule { jitter_percent: 0, delay_notice_s: Some(HOUR), ..Schedule::default() };
        Rules { schedule, ..Rules::default() }
    }

    fn submit(&self, store: &Store<'_>, number: u64) {
        let address = |text: &str| Address::parse(text).unwrap();
        let wishes = Wishes {
            notify: Notify::parse(self.notify).ok(),
            returned: self.returned,
            envelope_id: self.envelope_id.map(|id| EnvelopeId::parse(id).unwrap()),
            require_tls: self.flags.require_tls,
            ..Wishes::default()
        };
        let recipients = self.to.iter().map(|to| address(to));
        let mut envelope = Envelope::new(self.sender.map(address), recipients).unwrap().with_wishes(wishes);
        if let Some(original) = self.original {
            envelope = envelope.with_original(0, OriginalRecipient::parse(original).unwrap());
        }
        let message_id = "<1@example.test>".to_owned();
        let sealed = Sealed { envelope, uid: 0, message_id, key: None };
        let rules = self.rules();
        let submission = Submission {
            id: Id::new(FixedClock { seconds: NOW_S }.now(), &SeededRandom::new(number)).unwrap(),
            profile: "default",
            sealed: &sealed,
            flags: self.flags,
            in_doubt: (InDoubt::Retry, 3),
            created_ms: NOW_S * 1000,
            expires_s: NOW_S + rules.schedule.expire_s,
            due_s: NOW_S,
            size: self.body.len() as u64,
            events: Vec::new(),
        };
        let mut write = |out: &mut dyn Write| out.write_all(&self.body).map_err(MessageError::Sink);
        store.submit(&submission, &mut write, &mut || Ok(())).unwrap();
    }

    /// One run; gives what the hop got.
    fn run(&self, store: &Store<'_>, is_patient: bool, after_s: u64) -> Result<Vec<Mail>, String> {
        let manners = Manners { is_patient, ..self.manners };
        let mut hops = Ways { manners, got: Vec::new() };
        let tally = Run {
            store,
            rules: &self.rules(),
            clock: &FixedClock { seconds: NOW_S + after_s },
            random: &SeededRandom::new(after_s),
            machine: "client.test",
            is_now: false,
        }
        .run(&mut hops, &|_| true)
        .map_err(|error| error.to_string())?;
        match tally.troubles.as_slice() {
            [] => Ok(hops.got),
            troubles => Err(troubles.join("; ")),
        }
    }

    /// Its life: deferred for two hours, taken after six, and then long enough for whatever is left to expire.
    fn live(&self, ground: &Ground) -> Result<(Vec<Mail>, Vec<Vec<u8>>), String> {
        let path = ground.spool();
        let store = open(&SystemDisk, &path);
        self.submit(&store, 1);
        let mut got = Vec::new();
        let minutes = [0, 1, 16, 46, 47, 106, 107, 360, 361, 1440, 2880, 3120, 3360, 3600, 3840];
        for minute in minutes {
            got.extend(self.run(&store, minute >= 360, minute * 60)?);
        }
        let left = store.scan(&mut |_| {}).unwrap();
        let places = [Place::Held, Place::Corrupt, Place::Tmp];
        let aside: usize = places.map(|place| store.ids(place, &mut |_| {}).unwrap().len()).iter().sum();
        if !left.is_empty() || aside > 0 {
            return Err(format!("{} are left in the queue, {aside} elsewhere", left.len()));
        }
        let has_failed = self.to.iter().any(|to| to.starts_with('f'));
        let dead = store.ids(Place::Badmail, &mut |_| {}).unwrap();
        let (reports, originals): (Vec<Id>, Vec<Id>) =
            dead.into_iter().partition(|id| id.original().1.is_some());
        if (reports.len(), originals.len()) != (self.stranded, usize::from(has_failed)) {
            return Err(format!("{} reports and {} mails in badmail/", reports.len(), originals.len()));
        }
        let mut findings = 0;
        Check::new(&store, self.rules(), NOW_S).run(&mut |_| findings += 1).unwrap();
        if findings != self.stranded {
            return Err(format!("check finds {findings} things"));
        }
        let stranded = reports.iter().map(|id| {
            let seen = store.see(Place::Badmail, &id.to_string(), 3).unwrap();
            assert!(seen.header.flags.bounce && seen.header.flags.require_tls == self.flags.require_tls);
            let mut octets = Vec::new();
            seen.body().write_to(&mut octets).unwrap();
            octets
        });
        let stranded = stranded.collect();
        std::fs::remove_dir_all(&path).unwrap();
        Ok((got, stranded))
    }
}

/// To the hop, over a connection of its own.
struct Ways {
    manners: Manners,
    got: Vec<Mail>,
}

impl Hops for Ways {
    fn settings(&mut self, _profile: &str) -> [u8; 32] {
        [0; 32]
    }

    fn sender(&mut self, _profile: &str) -> Option<Address> {
        Address::parse(POSTMASTER).ok()
    }

    fn deliver(&mut self, _profile: &str, attempt: &mut Attempt<'_, '_, '_>) -> Result<(), Box<Unopened>> {
        let (port, hop) = Hop::start(self.manners);
        let route = route(port);
        let mut host = SmartHost { route: &route, resolve: &SystemResolve, transcript: None, secret: None };
        let opened = host.deliver_all(attempt, Pace::Settled).map(|_| ());
        self.got.extend(hop.join().unwrap());
        opened
    }
}

fn route(port: u16) -> SmartHostRoute {
    SmartHostRoute {
        host: "localhost".to_owned(),
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
        timeouts: whippet::config::Timeouts::default().plain(),
        reply_charset: None,
        max_messages: None,
        max_recipients: None,
    }
}

/// G7.
pub fn everything(is_quick: bool, outcome: &mut Outcome) {
    let ground = Ground::new();
    if let Err(words) = readers::are_there() {
        outcome.skips.push(words);
        return;
    }
    // Of the grid the quick part has every seventh, which is each value with most of the others.
    let grid = grid().into_iter().step_by(if is_quick { 7 } else { 1 });
    let mut lived = Vec::new();
    for case in grid.chain(others()) {
        outcome.cases += 1;
        match case.live(&ground) {
            Ok((got, stranded)) => lived.push((case, got, stranded)),
            Err(words) => outcome.failures.push(format!("{}: {words}", case.name)),
        }
    }
    let reports: Vec<Vec<&[u8]>> = lived.iter().map(|(_, got, stranded)| reports(got, stranded)).collect();
    let mut read = match read_all(&reports.concat()) {
        Ok(read) => read,
        Err(words) => return outcome.failures.push(words),
    };
    let (count, mut rest) = (read.len(), read.drain(..));
    for ((case, got, _), reports) in lived.iter().zip(&reports) {
        let read: Vec<Read> = rest.by_ref().take(reports.len()).collect();
        let judged = case.judge(got, &read);
        outcome.failures.extend(judged.err().map(|words| format!("{}: {words}", case.name)));
    }
    if count < 20 {
        outcome.failures.push(format!("only {count} reports were read"));
    }
    for more in [limits::flood, limits::given_up] {
        match more(&ground) {
            Ok(cases) => outcome.cases += cases,
            Err(words) => outcome.failures.push(words),
        }
    }
}

/// Those that went, and those that could not.
fn reports<'a>(got: &'a [Mail], stranded: &'a [Vec<u8>]) -> Vec<&'a [u8]> {
    let went = got.iter().filter(|mail| mail.is_report()).map(|mail| mail.octets.as_slice());
    went.chain(stranded.iter().map(Vec::as_slice)).collect()
}
