//! The second judge's part that speaks of LMTP (RFC 2033 4.2), and its scripts: after the dot each recipient that was
//! taken has a reply of its own, in the order of the RCPTs.

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
