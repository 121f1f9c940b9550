//! Runs every `tests/dialogues/*.smtp`: a dialogue as text, with the report it must end in. Each is also cut behind
//! every line and inside every line of the server, and every cut keeps the promises: one outcome per recipient,
//! nothing accepted without a 2yz behind the dot, no doubt without a dot, no secret where a person could see it.
//!
//! The form of a file, line by line:
//!
//! ```text
//! # what it shows
//! ! recipients a@x b@x        the envelope; `! from me@x` or `! from <>` (default me@x)
//! ! lmtp                      speaks LMTP
//! ! tls starttls              none (default), starttls, implicit
//! ! login dan                 logs in as dan with the password of all dialogues; `! mechanisms LOGIN`
//! ! allow_plaintext_auth
//! ! binding                   TLS gives something to bind the login to
//! ! needs 8bit smtputf8 size=1000
//! ! max_recipients 2
//! ! wishes notify=never return=full envid=x by=1h,return hold-for=1h hold-until=… priority=3 require-tls
//! S: 220 ready                the server says a line; `S<` says octets with \r \n \xHH escapes and no line end added
//! C: EHLO client.example      the client must say exactly this; secrets as in a transcript: ***
//! TLS                         the handshake succeeds; `TLS!` fails
//! BODY                        the client writes the message; `BODY!` it cannot be read to its end
//! C: .                        the final dot
//! CLOSE                       the server closes; `TIMEOUT`, `RESET` likewise; in the place of BODY: while it is written
//! C: QUIT                     said exactly when the connection may be used on; nobody waits for its reply
//! = a@x accepted dot 2.0.0            fate, stage, status
//! = c@x failed auth 5.7.8 secret      and the class of the reply, where it has one
//! = b@x failed rcpt 5.1.1 in-doubt    marks that an outcome is in doubt
//! = warning words                     a warning, whole
//! = exit 67
//! ~ words                     they stand in a sentence, a reply or a warning of the report
//! ```
//!
//! `S:` lines that stand together before the transaction came in one piece; a reply too many is seen there. In a
//! transaction each line comes for itself, and one piece is written with `S<`.

#![allow(clippy::unwrap_used)]

#[path = "dialogues/player.rs"]
mod player;
#[path = "dialogues/script.rs"]
mod script;
#[path = "dialogues/serving.rs"]
mod serving;

use std::panic::catch_unwind;

use player::{Played, play};
use script::{Line, SECRET, Script, scripts};
use whippet::cmd::Exit;
use whippet::mail::{EnhancedStatus, Fate, Outcome, Problem, Stage};

#[test]
fn every_dialogue_ends_in_its_report() {
    let scripts = scripts();
    assert!(scripts.len() >= 220, "only {} dialogues", scripts.len());
    let mut wrong = Vec::new();
    for script in &scripts {
        let Ok(played) = catch_unwind(|| play(script, script.lines.clone(), true)) else {
            wrong.push(format!("{}: it took another way, see above", script.name));
            continue;
        };
        if played.rows() != script.expected {
            wrong.push(format!("{}: {:#?}\n{}", script.name, played.rows(), played.words()));
        }
        let words = played.words();
        wrong.extend(
            script
                .words
                .iter()
                .filter(|&wanted| !words.contains(wanted))
                .map(|wanted| format!("{}: no `{wanted}` in:{words}", script.name)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_cut_keeps_the_promises() {
    let mut cuts = 0;
    for script in &scripts() {
        let whole = play(script, script.lines.clone(), true);
        for count in 0..script.lines.len() {
            let lines = &script.lines[..count];
            cuts += 1;
            judge_cut(script, &whole, lines.to_vec(), &format!("{} cut behind {count} lines", script.name));
            let Line::Server(octets) = &script.lines[count] else { continue };
            for end in 1..octets.len() {
                let mut lines = lines.to_vec();
                lines.push(Line::Server(octets[..end].to_vec()));
                cuts += 1;
                let name = format!("{} cut behind {count} lines and {end} octets", script.name);
                judge_cut(script, &whole, lines, &name);
            }
        }
    }
    assert!(cuts >= 30_000, "only {cuts} cuts");
}

fn judge_cut(script: &Script, whole: &Played, lines: Vec<Line>, name: &str) {
    let is_unreadable = lines.iter().any(|line| matches!(line, Line::Body(false)));
    let speaks_early = lines
        .windows(2)
        .any(|pair| matches!(pair, [Line::Body(true), Line::Server(octets)] if octets.contains(&b'\n')));
    let is_chunked = lines.iter().any(|line| matches!(line, Line::Client(said) if said.starts_with("BDAT")));
    let speaks_early = speaks_early && !is_chunked;
    let yes = has_yes(&lines);
    let played = play(script, lines, false);

    let outcomes = played.report.outcomes();
    assert_eq!(outcomes.len(), script.envelope.recipients().len(), "{name}");
    let transactions = played.said.iter().filter(|line| line.starts_with("MAIL")).count();
    assert!(played.dots() <= transactions, "{name}: {} dots", played.dots());
    assert!(played.dots() == 0 || !is_unreadable && !speaks_early, "{name}: a dot behind half a message");
    let says = |verb: &str| played.said.iter().any(|line| line.starts_with(verb));
    assert!(played.dots() == 0 || says("DATA") || says("BDAT"), "{name}: a dot without DATA");
    assert!(yes || Exit::of_report(&played.report) != Exit::Ok, "{name}: exit 0");
    for (outcome, in_whole) in outcomes.iter().zip(whole.report.outcomes()) {
        judge_outcome(outcome, played.dots() > 0, yes, name);
        // What a reply has settled stays settled, whatever comes behind it; too many recipients settle nothing.
        let is_put_off = outcome.status == EnhancedStatus::new(4, 5, 3);
        assert!(outcome.reply.is_none() || is_put_off || outcome == in_whole, "{name}: {outcome:?}");
        if outcome.problem == Some(Problem::StartTlsInjection) {
            assert_eq!(played.said.last().unwrap(), "STARTTLS", "{name}: a word behind the injection");
        }
    }
    judge_secrecy(&played, name);
}

fn judge_outcome(outcome: &Outcome, dotted: bool, yes: bool, name: &str) {
    assert!(!outcome.sentence.is_empty(), "{name}");
    assert!(outcome.fate != Fate::Accepted || yes, "{name}: accepted without a 2yz behind the dot");
    assert!(!outcome.in_doubt || dotted, "{name}: in doubt without a dot");
    assert!(!outcome.in_doubt || outcome.fate == Fate::Deferred, "{name}: {outcome:?}");
    if outcome.stage == Stage::Dot && outcome.reply.is_none() {
        assert!(outcome.in_doubt, "{name}: certain without a reply to the dot");
    }
    if matches!(outcome.problem, Some(Problem::ConnectionLost | Problem::TimedOut | Problem::Protocol)) {
        assert_eq!(outcome.fate, Fate::Deferred, "{name}: a loss is never final");
        let stage = outcome.stage.to_string();
        let sentence = outcome.sentence.replacen("LHLO", "EHLO", 1);
        assert!(sentence.contains(&stage), "{name}: no stage in `{sentence}`");
    }
}

fn judge_secrecy(played: &Played, name: &str) {
    let shown = format!("{}\n{}\n{:?}", played.said.join("\n"), played.words(), played.report);
    for canary in canaries() {
        assert!(!shown.contains(&canary), "{name}: {canary} in {shown}");
    }
}

/// The password, and what its base64 always holds at each of the three alignments that it can have in a longer text.
fn canaries() -> Vec<String> {
    let in_base64 = (0..3).map(|lead| {
        let encoded = base64_simd::STANDARD.encode_to_string(["x".repeat(lead).as_str(), SECRET].concat());
        // The first and the last letters depend on what stands beside the password.
        encoded[(lead * 8).div_ceil(6)..(lead + SECRET.len()) * 8 / 6].to_owned()
    });
    in_base64.chain([SECRET.to_owned()]).collect()
}

/// Whether a whole reply 2yz stands behind the dot.
fn has_yes(lines: &[Line]) -> bool {
    let dot = lines
        .iter()
        .position(|line| matches!(line, Line::Client(said) if said == "." || said.starts_with("BDAT")));
    let Some(dot) = dot else { return false };
    let said: Vec<u8> = lines[dot..]
        .iter()
        .filter_map(|line| match line {
            Line::Server(octets) => Some(octets.as_slice()),
            _ => None,
        })
        .collect::<Vec<_>>()
        .concat();
    said.split_inclusive(|&octet| octet == b'\n')
        .any(|line| line[0] == b'2' && line.ends_with(b"\n") && line.get(3) != Some(&b'-'))
}
