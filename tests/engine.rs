//! The transaction against a second judge: every script of replies for up to three recipients, in lock-step and
//! pipelined, cut at every point. The judge below is written from the table of replies alone and shares no code with
//! the engine; where both agree on all scripts, neither has a case that nobody thought of.

#![allow(clippy::unwrap_used)]

#[path = "engine/lmtp.rs"]
mod lmtp;

use whippet::cmd::Exit;
use whippet::mail::{Address, Envelope, Fate, Report, SessionFacts};
use whippet::smtp::{Capabilities, Command, Loss, Needs, Reply, ReplyError, Step, Transaction};

/// What a server can say, as the table sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// 2yz.
    Yes,
    /// 354.
    Go,
    /// 4yz.
    Later,
    /// 5yz.
    Never,
    /// No reply at all: garbage, mixed codes, the end of the connection, silence.
    Bad,
    /// 421.
    Goodbye,
}

const WORDS: [Word; 6] = [Word::Yes, Word::Go, Word::Later, Word::Never, Word::Bad, Word::Goodbye];

const DROP: &str = "deferred, drop";

/// The table: what a word means at a stage, for the recipients that it concerns. A RCPT's reply concerns its own
/// recipient, every other one those that are not settled; a drop concerns them in any case.
const TABLE: [(&str, [&str; 6]); 5] = [
    //        2yz      354      4yz         5yz       bad   421
    ("MAIL", ["go on", DROP, "deferred", "failed", DROP, DROP]),
    ("RCPT", ["go on", "deferred", "deferred", "failed", DROP, DROP]),
    ("DATA", [DROP, "go on", "deferred", "failed", DROP, DROP]),
    ("body", [DROP, DROP, DROP, "failed, drop", DROP, DROP]),
    ("dot", ["accepted", "in doubt, drop", "deferred", "failed", "in doubt, drop", DROP]),
];

/// Fate, and whether it is in doubt.
type Settled = (Fate, bool);

/// What must come out.
#[derive(Debug, Default, PartialEq, Eq)]
struct Judged {
    settled: Vec<Option<Settled>>,
    has_dot: bool,
    /// Whether the connection must be dropped; `None` where the table leaves it open.
    drops: Option<bool>,
}

/// One transaction as a server speaks in it.
#[derive(Debug, Default)]
struct Script<'a> {
    count: usize,
    is_pipelined: bool,
    /// LMTP: the dot has one reply for each recipient that was taken.
    is_lmtp: bool,
    /// BDAT in the place of DATA and dot.
    is_chunked: bool,
    /// The replies to MAIL, each RCPT, DATA unless it is BDAT, and the dot; where they stop, the connection ends.
    replies: &'a [Word],
    /// What the server says while the message is being written; then nothing is left to be said at the dot.
    early: Option<Word>,
}

impl Judged {
    /// Applies a cell of the table to those of `concerned` that are not settled; whether the transaction goes on.
    fn apply(&mut self, stage: &str, word: Word, concerned: std::ops::Range<usize>) -> bool {
        let row = TABLE.iter().find(|row| row.0 == stage).unwrap().1;
        let cell = row[WORDS.iter().position(|&other| other == word).unwrap()];
        let (verdict, drops) = match cell.strip_suffix(", drop") {
            Some(verdict) => (verdict, true),
            None => (cell, false),
        };
        let concerned = if drops { 0..self.settled.len() } else { concerned };
        let settled = match verdict {
            "go on" => return true,
            "accepted" => (Fate::Accepted, false),
            "deferred" => (Fate::Deferred, false),
            "failed" => (Fate::Failed, false),
            "in doubt" => (Fate::Deferred, true),
            other => panic!("{other}"),
        };
        for slot in &mut self.settled[concerned] {
            slot.get_or_insert(settled);
        }
        if drops {
            self.drops = Some(true);
        }
        !drops
    }

    fn anybody(&self) -> bool {
        self.settled.iter().any(Option::is_none)
    }
}

/// The second judge.
fn judge(script: &Script<'_>) -> Judged {
    let all = 0..script.count;
    let mut words = script.replies.iter().copied().chain(std::iter::repeat(Word::Bad));
    let mut judged = Judged { settled: vec![None; script.count], has_dot: false, drops: Some(false) };
    let goes_on = |judged: &Judged| script.is_pipelined || judged.anybody();

    if !judged.apply("MAIL", words.next().unwrap(), all.clone()) || !goes_on(&judged) {
        return judged;
    }
    for index in all.clone() {
        if !judged.apply("RCPT", words.next().unwrap(), index..index + 1) {
            return judged;
        }
    }
    if !goes_on(&judged) {
        return judged;
    }
    let data = if script.is_chunked { Word::Go } else { words.next().unwrap() };
    let has_good = judged.anybody();
    if !judged.apply("DATA", data, all.clone()) || data != Word::Go {
        return judged;
    }
    if !has_good {
        // A lone dot or a BDAT in vain, its reply ignored.
        judged.has_dot = true;
        judged.drops = None;
        return judged;
    }
    if let Some(early) = script.early {
        judged.apply("body", early, all);
        return judged;
    }
    judged.has_dot = true;
    if script.is_lmtp {
        lmtp::hear_each(&mut judged, &mut words);
    } else {
        judged.apply("dot", words.next().unwrap(), all);
    }
    judged
}

/// What the engine made of a script.
#[derive(Debug)]
struct Ended {
    report: Report,
    dots: usize,
    is_spent: bool,
}

/// The code of the `turn`-th refusal.
fn never(turn: usize) -> u16 {
    [550, 551, 554][turn % 3]
}

fn feed(transaction: &mut Transaction<'_>, word: Option<Word>, turn: usize) {
    let code = match word {
        Some(Word::Yes) => [250, 251, 252][turn % 3],
        Some(Word::Go) => 354,
        Some(Word::Later) => [450, 451, 452][turn % 3],
        Some(Word::Never) => never(turn),
        Some(Word::Goodbye) => 421,
        Some(Word::Bad) => {
            return transaction.lost(&match turn % 4 {
                0 => Loss::NoReply(ReplyError::NoCode("150 what".to_owned())),
                1 => Loss::NoReply(ReplyError::MixedCodes(250, 550)),
                2 => Loss::TimedOut(60),
                _ => Loss::Broken("connection reset by peer".to_owned()),
            });
        }
        None => return transaction.lost(&Loss::Closed),
    };
    transaction.reply(&Reply { code, lines: vec!["words".to_owned()] });
}

fn run(envelope: &Envelope, script: &Script<'_>) -> Ended {
    let offers = Capabilities {
        pipelining: script.is_pipelined,
        chunking: script.is_chunked,
        replies_to_each: script.is_lmtp,
        ..Capabilities::default()
    };
    let needs = Needs { size: 100, eight_bit: false, smtputf8: false };
    let mut transaction = Transaction::new(envelope.clone(), needs, &offers);
    let replies_of_dot = if script.is_lmtp { script.count } else { 1 };
    let mut words = script.replies.iter().copied();
    let (mut written, mut heard, mut dots) = (0, 0, 0);
    for _ in 0..4 * script.count + 16 {
        match transaction.next_step() {
            Step::Write(command) => {
                assert!(script.is_pipelined || written == heard, "{script:?}: {command:?} came too early");
                assert!(!matches!(command, Command::Quit), "{script:?}");
                written += 1;
            }
            Step::Read => {
                assert!(written + dots * replies_of_dot > heard, "{script:?}: no reply is due");
                feed(&mut transaction, words.next(), heard);
                heard += 1;
            }
            Step::Body => {
                if script.early.is_some() {
                    feed(&mut transaction, script.early, heard);
                }
                transaction.body_written();
            }
            Step::Dot => dots += 1,
            Step::Done => {
                let is_spent = transaction.is_spent();
                let report = report_of(envelope, transaction);
                return Ended { report, dots, is_spent };
            }
        }
    }
    panic!("{script:?} does not end");
}

fn envelope(count: usize) -> Envelope {
    let recipients = (0..count).map(|index| Address::parse(&format!("r{index}@x")).unwrap());
    Envelope::new(Some(Address::parse("me@x").unwrap()), recipients).unwrap()
}

fn settled(report: &Report) -> Vec<Option<Settled>> {
    report.outcomes().iter().map(|outcome| Some((outcome.fate, outcome.in_doubt))).collect()
}

fn compare(envelope: &Envelope, script: &Script<'_>) {
    let ended = run(envelope, script);
    let judged = judge(script);
    assert_eq!(settled(&ended.report), judged.settled, "{script:?}");
    assert_eq!(ended.dots, usize::from(judged.has_dot), "{script:?}");
    if let Some(drops) = judged.drops {
        assert_eq!(ended.is_spent, drops, "{script:?}: whether the connection is dropped");
    }
}

/// Calls `each` with every sequence of `length` words out of `words`.
fn sequences(words: &[Word], length: usize, each: &mut dyn FnMut(&[Word])) {
    let mut digits = vec![0; length];
    loop {
        let sequence: Vec<Word> = digits.iter().map(|&digit| words[digit]).collect();
        each(&sequence);
        let Some(place) = digits.iter().rposition(|&digit| digit + 1 < words.len()) else { return };
        digits[place] += 1;
        digits[place + 1..].fill(0);
    }
}

#[test]
fn every_script_of_replies_ends_as_the_table_says() {
    let mut cases = 0;
    for count in 1..=3 {
        let envelope = envelope(count);
        for is_pipelined in [false, true] {
            // Shorter ones are the cuts: the connection ends where the words do.
            for length in 0..=count + 3 {
                sequences(&WORDS, length, &mut |replies| {
                    cases += 1;
                    compare(&envelope, &Script { count, is_pipelined, replies, ..Script::default() });
                });
            }
            sequences(&WORDS, count + 2, &mut |replies| {
                for early in WORDS {
                    cases += 1;
                    let early = Some(early);
                    compare(&envelope, &Script { count, is_pipelined, replies, early, ..Script::default() });
                }
            });
        }
    }
    assert_eq!(cases, 245_202);
}

#[test]
fn six_recipients_and_the_exit_code() {
    const REPLIES: [Word; 3] = [Word::Yes, Word::Later, Word::Never];
    const DOTS: [Word; 4] = [Word::Yes, Word::Later, Word::Never, Word::Bad];
    let envelope = envelope(6);
    for is_pipelined in [false, true] {
        let mut cases = 0;
        sequences(&REPLIES, 6, &mut |rcpts| {
            for dot in DOTS {
                cases += 1;
                let replies = [&[Word::Yes], rcpts, &[Word::Go, dot]].concat();
                let script = Script { count: 6, is_pipelined, replies: &replies, ..Script::default() };
                compare(&envelope, &script);
                let exit = Exit::of_report(&run(&envelope, &script).report).code();
                assert_eq!(exit, expected_exit(rcpts, dot), "{script:?}");
            }
        });
        assert_eq!(cases, 2_916);
    }
}

/// The worst code of a recipient: what a later try can mend goes before what was refused, and that before unknown
/// recipients.
fn expected_exit(rcpts: &[Word], dot: Word) -> u8 {
    let codes: Vec<u8> = rcpts
        .iter()
        .enumerate()
        .map(|(index, word)| match (word, dot) {
            (Word::Later, _) | (Word::Yes, Word::Later | Word::Bad) => 75,
            (Word::Yes, Word::Never) => 69,
            (Word::Yes, _) => 0,
            // A bare 550 or 551 speaks of the recipient, 554 does not.
            _ if never(index + 1) == 554 => 69,
            _ => 67,
        })
        .collect();
    [75, 69, 67, 0].into_iter().find(|code| codes.contains(code)).unwrap()
}

/// Behind `k` recipients that were taken, the rest is told that there are too many: a further transaction can help
/// them. With nobody taken, the same words are a plain refusal.
#[test]
fn too_many_recipients_behind_the_first_k() {
    let mut cases = 0;
    for (code, text, fate_of_all) in [
        (452, "insufficient system storage", Fate::Deferred),
        (452, "4.5.3 too many recipients", Fate::Deferred),
        (552, "too many recipients", Fate::Failed),
        (550, "5.5.3 too many recipients", Fate::Failed),
    ] {
        for (taken, is_pipelined) in (0..=9).flat_map(|taken| [(taken, false), (taken, true)]) {
            cases += 1;
            let report = run_with_too_many(taken, is_pipelined, code, text);
            for (index, outcome) in report.outcomes().iter().enumerate() {
                let expected = match taken {
                    0 => fate_of_all,
                    _ if index < taken => Fate::Accepted,
                    _ => Fate::Deferred,
                };
                assert_eq!(outcome.fate, expected, "{code} {text} behind {taken}: {outcome:?}");
                assert_eq!(outcome.status.class == 4, outcome.fate == Fate::Deferred, "{outcome:?}");
            }
        }
    }
    assert_eq!(cases, 80);
}

/// The report of a transaction, as if it were the only one.
fn report_of(envelope: &Envelope, transaction: Transaction<'_>) -> Report {
    let settled = transaction.finish();
    let mut report = Report::settle(envelope, SessionFacts::default(), |index, recipient| {
        settled.verdicts[index].outcome(recipient, "server")
    });
    report.warnings.extend(settled.warnings);
    report
}

/// Nine recipients, of whom all behind the first `taken` get this reply.
fn run_with_too_many(taken: usize, is_pipelined: bool, code: u16, text: &str) -> Report {
    let envelope = envelope(9);
    let offers = Capabilities { pipelining: is_pipelined, ..Capabilities::default() };
    let needs = Needs { size: 100, eight_bit: false, smtputf8: false };
    let mut transaction = Transaction::new(envelope.clone(), needs, &offers);
    let mut heard = 0;
    loop {
        match transaction.next_step() {
            Step::Read => {
                let (code, text) = match heard {
                    1..=9 if heard > taken => (code, text),
                    10 if taken > 0 => (354, "go"),
                    10 => (554, "no valid recipients"),
                    _ => (250, "ok"),
                };
                heard += 1;
                transaction.reply(&Reply { code, lines: vec![text.to_owned()] });
            }
            Step::Body => transaction.body_written(),
            Step::Write(_) | Step::Dot => {}
            Step::Done => return report_of(&envelope, transaction),
        }
    }
}
