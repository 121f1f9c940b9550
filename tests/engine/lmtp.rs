//! The second judge's part that speaks of LMTP (RFC 2033 4.2), and its scripts: after the dot each recipient that was
//! taken has a reply of its own, in the order of the RCPTs.

use std::rc::Rc;

use whippet::smtp::{Next, Settled as Finished, Window};

use super::*;

/// What a server says that keeps to the protocol.
const REPLIES: [Word; 3] = [Word::Yes, Word::Later, Word::Never];

/// Judges the replies behind the dot, by the table's row of the dot. A server that goes says so for the one whose
/// turn it is; whoever has no reply is in doubt.
pub fn hear_each(judged: &mut Judged, words: &mut impl Iterator<Item = Word>) {
    let taken: Vec<usize> =
        (0..judged.settled.len()).filter(|&index| judged.settled[index].is_none()).collect();
    for index in taken {
        match words.next().unwrap() {
            Word::Goodbye => {
                judged.settled[index] = Some((Fate::Deferred, false));
                judged.apply("dot", Word::Bad, 0..0);
                return;
            }
            word => {
                if !judged.apply("dot", word, index..index + 1) {
                    return;
                }
            }
        }
    }
}

#[test]
fn every_script_for_two_ends_as_the_table_says() {
    let mut cases = 0;
    for count in 1..=2 {
        let envelope = envelope(count);
        for is_pipelined in [false, true] {
            for length in 0..=2 * count + 2 {
                sequences(&WORDS, length, &mut |replies| {
                    cases += 1;
                    let script = Script { count, is_pipelined, is_lmtp: true, replies, ..Script::default() };
                    compare(&envelope, &script);
                });
            }
            sequences(&WORDS, count + 2, &mut |replies| {
                for early in WORDS {
                    cases += 1;
                    let early = Some(early);
                    let script =
                        Script { count, is_pipelined, is_lmtp: true, replies, early, ..Script::default() };
                    compare(&envelope, &script);
                }
            });
        }
    }
    assert_eq!(cases, 133_228);
}

/// Every mix of what three recipients can hear at RCPT and behind the dot, by DATA and by BDAT, cut at every point.
#[test]
fn every_mix_of_final_replies_to_three() {
    let mut cases = 0;
    let envelope = envelope(3);
    for (is_pipelined, is_chunked) in [(false, false), (true, false), (false, true), (true, true)] {
        sequences(&REPLIES, 3, &mut |rcpts| {
            let data: &[Word] = if is_chunked { &[] } else { &[Word::Go] };
            for length in 0..=3 {
                sequences(&WORDS, length, &mut |finals| {
                    cases += 1;
                    let replies = [&[Word::Yes], rcpts, data, finals].concat();
                    let replies = &replies;
                    let script =
                        Script { count: 3, is_pipelined, is_lmtp: true, is_chunked, replies, early: None };
                    compare(&envelope, &script);
                });
            }
        });
    }
    assert_eq!(cases, 27_972);
}

/// With all three taken, each has what its own reply says, and the worst of them is the exit code.
#[test]
fn each_has_its_own_reply_and_the_worst_is_the_exit_code() {
    const FINALS: [Word; 4] = [Word::Yes, Word::Later, Word::Never, Word::Bad];
    let envelope = envelope(3);
    let mut cases = 0;
    sequences(&FINALS, 3, &mut |finals| {
        cases += 1;
        let replies = [&[Word::Yes; 4], &[Word::Go][..], finals].concat();
        let script =
            Script { count: 3, is_pipelined: true, is_lmtp: true, replies: &replies, ..Script::default() };
        let report = run(&envelope, &script).report;
        let lost = finals.iter().position(|&word| word == Word::Bad).unwrap_or(3);
        for (index, outcome) in report.outcomes().iter().enumerate() {
            let expected = match finals[index] {
                _ if index >= lost => (Fate::Deferred, true),
                Word::Yes => (Fate::Accepted, false),
                Word::Later => (Fate::Deferred, false),
                _ => (Fate::Failed, false),
            };
            assert_eq!((outcome.fate, outcome.in_doubt), expected, "{finals:?}: {outcome:?}");
        }
        let code = match () {
            () if lost < 3 || finals.contains(&Word::Later) => 75,
            () if finals.contains(&Word::Never) => 69,
            () => 0,
        };
        assert_eq!(Exit::of_report(&report).code(), code, "{finals:?}");
    });
    assert_eq!(cases, 64);
}

/// Two mails to two recipients each, the second behind the dot of the first; then the server says these words. Gives what
/// became of those that are done.
fn two_mails_in_flight(words: &[(u16, &str)], loss: Option<Loss>) -> Vec<Finished> {
    let offers = Capabilities { pipelining: true, replies_to_each: true, ..Capabilities::default() };
    let needs = Needs { size: 100, eight_bit: false, smtputf8: false };
    let mut window = Window::new(&offers, 2, true);
    let mut words = words.iter();
    let mut settled = Vec::new();
    for _ in 0..2 {
        assert!(window.has_room());
        window.begin(Rc::new(envelope(2)), needs);
        window.touch();
        loop {
            match window.newest().unwrap().next_step() {
                Step::Write(_) => {}
                Step::Body => window.newest().unwrap().body_written(),
                Step::Dot => break,
                Step::Done => break,
                Step::Read => {
                    let Some(&(code, text)) = words.next() else { break };
                    window.reply(&Reply { code, lines: vec![text.to_owned()] });
                    settled.extend(std::iter::from_fn(|| window.settled()));
                }
            }
        }
    }
    if let Some(loss) = loss {
        window.lost(&loss);
        settled.extend(std::iter::from_fn(|| window.settled()));
    }
    settled
}

const ENVELOPE: [(u16, &str); 4] = [(250, "ok"), (250, "ok"), (250, "ok"), (354, "go")];

#[test]
fn each_mail_in_flight_counts_its_own_replies() {
    let finals = [(250, "one"), (550, "5.7.1 two")];
    let settled = two_mails_in_flight(&[&ENVELOPE[..], &finals, &ENVELOPE].concat(), Some(Loss::Closed));
    let fates = |settled: &Finished| -> Vec<Settled> {
        settled.verdicts.iter().map(|verdict| (verdict.fate, verdict.in_doubt)).collect()
    };
    assert_eq!(fates(&settled[0]), [(Fate::Accepted, false), (Fate::Failed, false)]);
    assert_eq!(settled[0].next, Next::Ready);
    assert_eq!(fates(&settled[1]), [(Fate::Deferred, true), (Fate::Deferred, true)]);

    // The server goes between the replies to the first mail: of the second it has heard nothing.
    let finals = [(421, "good night")];
    let settled = two_mails_in_flight(&[&ENVELOPE[..], &finals].concat(), Some(Loss::Closed));
    assert_eq!(fates(&settled[0]), [(Fate::Deferred, false), (Fate::Deferred, true)]);
    assert!(settled[1].is_untried && !settled[0].is_untried);
    assert!(settled[1].verdicts.iter().all(|verdict| !verdict.in_doubt));
}
