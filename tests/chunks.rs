//! Every script of replies to an envelope and a message that ride in one flight behind BDAT (RFC 3030), judged by a
//! table of its own: whoever is not refused shares the fate of the message, and where that fate is not heard, it is in
//! doubt, because the message was on its way before the first reply.

use whippet::mail::{Address, Envelope, Fate};
use whippet::smtp::{Capabilities, Loss, Needs, Reply, Step, Transaction};

/// A reply, by the first digit of its code, or the end of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Yes,
    Go,
    Later,
    Never,
    Lost,
}

const WORDS: [Word; 5] = [Word::Yes, Word::Go, Word::Later, Word::Never, Word::Lost];

type Judged = (Fate, bool);
const IN_DOUBT: Judged = (Fate::Deferred, true);

/// Fate and doubt of each recipient, from the words alone.
fn judge(words: &[Word], count: usize) -> Vec<Judged> {
    let heard = words.iter().position(|&word| word == Word::Lost).unwrap_or(words.len());
    // A 3yz to MAIL is no reply to it: nothing behind it can be trusted.
    let heard = if words[0] == Word::Go { 0 } else { heard };
    let at = |place: usize| if place < heard { words[place] } else { Word::Lost };
    (0..count)
        .map(|index| match (at(0), at(index + 1), at(count + 1)) {
            (Word::Later, ..) => (Fate::Deferred, false),
            (Word::Never, ..) => (Fate::Failed, false),
            (_, Word::Later | Word::Go, _) => (Fate::Deferred, false),
            (_, Word::Never, _) => (Fate::Failed, false),
            (_, _, Word::Yes) => (Fate::Accepted, false),
            (_, _, Word::Later) => (Fate::Deferred, false),
            (_, _, Word::Never) => (Fate::Failed, false),
            (_, _, Word::Go | Word::Lost) => IN_DOUBT,
        })
        .collect()
}

fn play(words: &[Word], envelope: &Envelope) -> Vec<Judged> {
    let offers = Capabilities { pipelining: true, chunking: true, ..Capabilities::default() };
    let needs = Needs { size: 100, eight_bit: false, smtputf8: false };
    let mut transaction = Transaction::new(envelope.clone(), needs, &offers);
    let mut words = words.iter();
    let mut written = 0;
    loop {
        match transaction.next_step() {
            Step::Write(_) => written += 1,
            Step::Body => transaction.body_written(),
            Step::Dot => assert_eq!(written, envelope.recipients().len() + 2, "all in one flight"),
            Step::Read => {
                let code = match words.next() {
                    Some(Word::Yes) => 250,
                    Some(Word::Go) => 354,
                    Some(Word::Later) => 451,
                    Some(Word::Never) => 550,
                    Some(Word::Lost) | None => {
                        transaction.lost(&Loss::Closed);
                        continue;
                    }
                };
                transaction.reply(&Reply { code, lines: vec!["words".to_owned()] });
            }
            Step::Done => break,
        }
    }
    transaction.finish().verdicts.iter().map(|verdict| (verdict.fate, verdict.in_doubt)).collect()
}

#[test]
fn every_script_ends_as_the_table_says() {
    let mut scripts = 0;
    for count in 1..=3 {
        let recipients = ["a@x", "b@x", "c@x"].map(|text| Address::parse(text).unwrap());
        let envelope = Envelope::new(None, recipients.into_iter().take(count)).unwrap();
        let places = count + 2;
        for number in 0..WORDS.len().pow(places as u32) {
            let words: Vec<Word> = (0..places)
                .map(|place| WORDS[number / WORDS.len().pow(place as u32) % WORDS.len()])
                .collect();
            assert_eq!(play(&words, &envelope), judge(&words, count), "{words:?}");
            scripts += 1;
        }
    }
    assert_eq!(scripts, 125 + 625 + 3125);
}
