//! Runs every `tests/dialogues/*.smtp`: a dialogue as text, with the report it must end in. Each is also cut after
//! every line of the server, and every cut keeps the promises: one outcome per recipient, nothing accepted without a
//! 2yz behind the dot.
//!
//! The form of a file, line by line:
//!
//! ```text
//! # what it shows
//! ! recipients a@x b@x        the envelope; `! from me@x` or `! from <>` (default me@x)
//! ! tls starttls              none (default), starttls, implicit
//! ! login dan                 logs in as dan with the password `secret`; `! mechanisms LOGIN`
//! ! allow_plaintext_auth
//! ! needs 8bit smtputf8 size=1000
//! S: 220 ready                the server says a line; `S<` says octets with \r \n \xHH escapes and no line end added
//! C: EHLO client.example      the client must say exactly this; secrets as in a transcript: ***
//! TLS                         the handshake succeeds; `TLS! reason` fails
//! BODY                        the client writes the message; `BODY!` it cannot be read to its end
//! C: .                        the final dot
//! CLOSE                       the server closes; `TIMEOUT`, `RESET` likewise
//! = a@x accepted dot 2.0.0            fate, stage, status
//! = b@x failed rcpt 5.1.1 in-doubt    marks that an outcome is in doubt
//! = exit 67
//! ```

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use whippet::cmd::Exit;
use whippet::mail::{Address, Envelope, Fate, Problem, Report, SessionFacts, Stage, TlsMode, Verdict};
use whippet::smtp::{
    Capabilities, Command, Credentials, Loss, Mechanism, Needs, Reply, ReplyReader, Session, SessionPolicy,
    SessionStep, Step, Transaction,
};
use whippet::sys::Secret;

#[derive(Debug, Clone)]
enum Line {
    Server(Vec<u8>),
    Client(String),
    Tls(bool),
    Body(bool),
    Gone(Loss),
}

#[derive(Debug)]
struct Script {
    name: String,
    envelope: Envelope,
    policy: SessionPolicy,
    needs: Needs,
    lines: Vec<Line>,
    expected: Vec<String>,
}

fn parse(path: &Path) -> Script {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let mut recipients = Vec::new();
    let mut from = Some(Address::parse("me@x").unwrap());
    let mut policy = SessionPolicy {
        tls: TlsMode::None,
        hello_name: "client.example".to_owned(),
        credentials: None,
        mechanisms: Vec::new(),
        allow_plaintext_auth: false,
    };
    let mut needs = Needs { size: 100, eight_bit: false, smtputf8: false };
    let (mut lines, mut expected) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" => {}
            _ if word.starts_with('#') => {}
            "!" => {
                let mut words = rest.split(' ');
                match words.next().unwrap() {
                    "recipients" => recipients.extend(words.map(|word| Address::parse(word).unwrap())),
                    "from" => {
                        from = Some(words.next().unwrap())
                            .filter(|&path| path != "<>")
                            .map(|path| Address::parse(path).unwrap())
                    }
                    "tls" => {
                        policy.tls = match words.next().unwrap() {
                            "starttls" => TlsMode::StartTls,
                            "implicit" => TlsMode::Implicit,
                            other => panic!("{name}: tls {other}"),
                        }
                    }
                    "login" => {
                        policy.credentials = Some(Credentials {
                            username: words.next().unwrap().to_owned(),
                            secret: Secret::new("secret"),
                        });
                    }
                    "mechanisms" => {
                        policy.mechanisms.extend(words.map(|word| Mechanism::parse(word).unwrap()))
                    }
                    "allow_plaintext_auth" => policy.allow_plaintext_auth = true,
                    "needs" => {
                        for word in words {
                            match word.split_once('=') {
                                Some(("size", size)) => needs.size = size.parse().unwrap(),
                                None if word == "8bit" => needs.eight_bit = true,
                                None if word == "smtputf8" => needs.smtputf8 = true,
                                _ => panic!("{name}: needs {word}"),
                            }
                        }
                    }
                    other => panic!("{name}: ! {other}"),
                }
            }
            "S:" => lines.push(Line::Server([rest.as_bytes(), b"\r\n"].concat())),
            "S<" => lines.push(Line::Server(unescaped(rest))),
            "C:" => lines.push(Line::Client(rest.to_owned())),
            "TLS" => lines.push(Line::Tls(true)),
            "TLS!" => lines.push(Line::Tls(false)),
            "BODY" => lines.push(Line::Body(true)),
            "BODY!" => lines.push(Line::Body(false)),
            "CLOSE" => lines.push(Line::Gone(Loss::Closed)),
            "RESET" => lines.push(Line::Gone(Loss::Broken("connection reset by peer".to_owned()))),
            "TIMEOUT" => lines.push(Line::Gone(Loss::TimedOut(60))),
            "=" => expected.push(rest.to_owned()),
            _ => panic!("{name}:{}: {line}", number + 1),
        }
    }
    let envelope = Envelope::new(from, recipients).unwrap();
    assert!(!expected.is_empty(), "{name}: nothing is expected");
    Script { name, envelope, policy, needs, lines, expected }
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        let (code, behind) = rest.split_first().expect("an escape has a letter");
        rest = behind;
        match code {
            b'r' => octets.push(b'\r'),
            b'n' => octets.push(b'\n'),
            b'\\' => octets.push(b'\\'),
            b'x' => {
                octets.push(u8::from_str_radix(std::str::from_utf8(&rest[..2]).unwrap(), 16).unwrap());
                rest = &rest[2..];
            }
            other => panic!("escape {}", char::from(*other)),
        }
    }
    octets
}

/// Plays one script; `strict` demands that the client says what the script says.
struct Player<'a> {
    script: &'a Script,
    lines: VecDeque<Line>,
    strict: bool,
    reader: ReplyReader,
}

impl Player<'_> {
    fn client_says(&mut self, said: &str) {
        match self.lines.pop_front() {
            Some(Line::Client(expected)) => assert_eq!(said, expected, "{}", self.script.name),
            other if self.strict => {
                panic!("{}: the client says {said:?}, the script has {other:?}", self.script.name)
            }
            Some(other) => self.lines.push_front(other),
            None => {}
        }
    }

    fn client_commands(&mut self, command: &Command) {
        let mut octets = Vec::new();
        command.write(&mut octets);
        assert!(octets.ends_with(b"\r\n") && !octets[..octets.len() - 2].contains(&b'\n'));
        self.client_says(&command.redacted());
    }

    /// The next whole reply, or why there is none.
    fn hear(&mut self) -> Result<Reply, Loss> {
        loop {
            match self.reader.next_reply() {
                Some(Ok(reply)) => return Ok(reply),
                Some(Err(error)) => return Err(Loss::NoReply(error)),
                None => {}
            }
            match self.lines.pop_front() {
                Some(Line::Server(octets)) => self.reader.push(&octets),
                Some(Line::Gone(loss)) => return Err(loss),
                Some(other) if self.strict => {
                    panic!("{}: the client waits for a reply, the script has {other:?}", self.script.name)
                }
                _ => return Err(Loss::Closed),
            }
        }
    }

    /// The server's octets that stand next, as they come with what was read before.
    fn take_octets_at_hand(&mut self) {
        while let Some(Line::Server(octets)) = self.lines.front() {
            self.reader.push(octets);
            self.lines.pop_front();
        }
    }

    fn open(&mut self) -> Result<Capabilities, Verdict> {
        let mut session = Session::new(self.script.policy.clone());
        loop {
            match session.next_step() {
                SessionStep::Write(command) => self.client_commands(&command),
                SessionStep::Read => match self.hear() {
                    Ok(reply) => {
                        // A server speaks only when asked: what stands behind its reply came with it.
                        self.take_octets_at_hand();
                        session.reply(&reply, !self.reader.is_empty());
                    }
                    Err(loss) => session.lost(&loss),
                },
                SessionStep::Handshake => match self.lines.pop_front() {
                    Some(Line::Tls(true)) => session.secured(),
                    Some(Line::Tls(false)) => {
                        session.fail(Verdict::failed(Stage::Handshake, Problem::Handshake, "no TLS"));
                    }
                    Some(Line::Gone(loss)) => session.lost(&loss),
                    other if self.strict => {
                        panic!("{}: handshake, the script has {other:?}", self.script.name)
                    }
                    _ => session.lost(&Loss::Closed),
                },
                SessionStep::Ready => return Ok(session.capabilities().clone()),
                SessionStep::Failed(verdict) => return Err(*verdict),
            }
        }
    }

    fn transact(&mut self, capabilities: &Capabilities) -> Report {
        let script = self.script;
        let mut transaction = Transaction::new(&script.envelope, script.needs, capabilities);
        loop {
            match transaction.next_step() {
                Step::Write(command) => self.client_commands(&command),
                Step::Read => match self.hear() {
                    Ok(reply) => {
                        transaction.reply(&reply);
                        while let Some(Ok(reply)) = self.reader.next_reply() {
                            transaction.reply(&reply);
                        }
                    }
                    Err(loss) => transaction.lost(&loss),
                },
                Step::Body => match self.lines.pop_front() {
                    Some(Line::Body(true)) => {
                        if let Some(Line::Server(_)) = self.lines.front() {
                            // The server speaks while the message is under way.
                            match self.hear() {
                                Ok(reply) => transaction.reply(&reply),
                                Err(loss) => transaction.lost(&loss),
                            }
                        }
                        transaction.body_written();
                    }
                    Some(Line::Body(false)) => transaction.unreadable("f1 changed"),
                    Some(Line::Gone(loss)) => transaction.lost(&loss),
                    other if self.strict => panic!("{}: body, the script has {other:?}", script.name),
                    _ => transaction.lost(&Loss::Closed),
                },
                Step::Dot => self.client_says("."),
                Step::Done => break,
            }
        }
        transaction.report(SessionFacts { host: "server".to_owned(), ..SessionFacts::default() })
    }
}

fn play(script: &Script, lines: usize, strict: bool) -> Report {
    let lines = script.lines[..lines].iter().cloned().collect();
    let mut player = Player { script, lines, strict, reader: ReplyReader::default() };
    let report = match player.open() {
        Ok(capabilities) => player.transact(&capabilities),
        Err(verdict) => Report::settle(&script.envelope, SessionFacts::default(), |_, recipient| {
            verdict.outcome(recipient, "server")
        }),
    };
    if strict {
        assert!(player.lines.is_empty(), "{}: left over: {:?}", script.name, player.lines);
    }
    report
}

fn rows(report: &Report) -> Vec<String> {
    let mut rows: Vec<String> = report
        .outcomes()
        .iter()
        .map(|outcome| {
            let doubt = if outcome.in_doubt { " in-doubt" } else { "" };
            let (fate, stage) = (outcome.fate.name(), outcome.stage.name());
            format!("{} {fate} {stage} {}{doubt}", outcome.recipient, outcome.status)
        })
        .collect();
    rows.push(format!("exit {}", Exit::of_report(report).code()));
    rows
}

fn scripts() -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "smtp"))
        .map(|path| parse(path))
        .collect()
}

#[test]
fn every_dialogue_ends_in_its_report() {
    let scripts = scripts();
    assert!(scripts.len() >= 40, "only {} dialogues", scripts.len());
    for script in &scripts {
        assert_eq!(rows(&play(script, script.lines.len(), true)), script.expected, "{}", script.name);
    }
}

#[test]
fn every_cut_keeps_the_promises() {
    let mut cuts = 0;
    for script in &scripts() {
        for lines in 0..script.lines.len() {
            let report = play(script, lines, false);
            cuts += 1;
            let name = format!("{} cut after {lines} lines", script.name);
            assert_eq!(report.outcomes().len(), script.envelope.recipients().len(), "{name}");
            let dotted = script.lines[..lines]
                .iter()
                .position(|line| matches!(line, Line::Client(said) if said == "."));
            let has_yes = dotted.is_some_and(|dot| {
                script.lines[dot..lines]
                    .iter()
                    .any(|line| matches!(line, Line::Server(octets) if octets[0] == b'2'))
            });
            for outcome in report.outcomes() {
                assert!(!outcome.sentence.is_empty(), "{name}");
                let is_accepted = outcome.fate == Fate::Accepted;
                assert!(!is_accepted || has_yes, "{name}: accepted without a 2yz behind the dot");
                let may_doubt =
                    dotted.is_some() || lines > 0 && matches!(script.lines[lines - 1], Line::Body(true));
                assert!(!outcome.in_doubt || may_doubt, "{name}: in doubt without a dot");
            }
            assert!(has_yes || Exit::of_report(&report) != Exit::Ok, "{name}: exit 0");
        }
    }
    assert!(cuts >= 400, "only {cuts} cuts");
}
