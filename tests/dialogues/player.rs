//! Plays a script against session and transaction, as a driver would that has a socket.

use std::collections::VecDeque;
use std::fmt::Debug;

use whippet::cmd::Exit;
use whippet::mail::{Problem, Report, SessionFacts, Stage, TlsMode, Verdict};
use whippet::smtp::{
    Batches, Capabilities, Command, Loss, Next, Reply, ReplyReader, Session, SessionStep, Settled, Step,
    Transaction,
};
use whippet::sys::Secret;

use crate::script::{Line, SECRET, Script, nonces};

/// What came of playing.
#[derive(Debug)]
pub struct Played {
    pub report: Report,
    /// Every line of the client, secrets as in a transcript.
    pub said: Vec<String>,
}

impl Played {
    /// How many final dots were written.
    pub fn dots(&self) -> usize {
        self.said.iter().filter(|line| *line == ".").count()
    }

    /// The report as the rows that a file expects.
    pub fn rows(&self) -> Vec<String> {
        let outcomes = self.report.outcomes().iter().map(|outcome| {
            let doubt = if outcome.in_doubt { " in-doubt" } else { "" };
            let (fate, stage) = (outcome.fate.name(), outcome.stage.name());
            let class = outcome.class.map_or(String::new(), |class| format!(" {}", class.name()));
            format!("{} {fate} {stage} {}{class}{doubt}", outcome.recipient, outcome.status)
        });
        let warnings = self.report.warnings.iter().map(|warning| format!("warning {warning}"));
        let exit = format!("exit {}", Exit::of_report(&self.report).code());
        outcomes.chain(warnings).chain([exit]).collect()
    }

    /// Every word of the report that a person may read.
    pub fn words(&self) -> String {
        let mut words = self.report.warnings.join("\n");
        for outcome in self.report.outcomes() {
            let reply = outcome.reply.as_ref().map(ToString::to_string).unwrap_or_default();
            words.push_str(&format!("\n{}\n{reply}", outcome.sentence));
        }
        words
    }
}

/// Plays these lines of the script; `strict` demands that the client says what the script says, and all of it.
pub fn play(script: &Script, lines: Vec<Line>, strict: bool) -> Played {
    let mut player = Player {
        script,
        lines: lines.into(),
        strict,
        reader: ReplyReader::default(),
        is_secured: false,
        said: Vec::new(),
    };
    let report = match player.open() {
        Ok(capabilities) => player.hand_over(&capabilities),
        Err(verdict) => Report::settle(&script.envelope, SessionFacts::default(), |_, recipient| {
            verdict.outcome(recipient, "server")
        }),
    };
    if strict {
        assert!(player.lines.is_empty(), "{}: left over: {:?}", script.name, player.lines);
    }
    Played { report, said: player.said }
}

struct Player<'a> {
    script: &'a Script,
    lines: VecDeque<Line>,
    strict: bool,
    reader: ReplyReader,
    is_secured: bool,
    said: Vec<String>,
}

impl Player<'_> {
    fn client_says(&mut self, said: &str) {
        self.said.push(said.to_owned());
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
        let (name, policy) = (&self.script.name, &self.script.policy);
        let mut octets = Vec::new();
        command.write(&mut octets);
        assert!(octets.ends_with(b"\r\n") && !octets[..octets.len() - 2].contains(&b'\n'));
        match command {
            Command::Auth { .. } | Command::AuthAnswer(_) => assert!(
                self.is_secured || policy.tls == TlsMode::None && policy.allow_plaintext_auth,
                "{name}: a login in the clear"
            ),
            Command::Mail { .. } => assert!(
                self.is_secured || policy.tls == TlsMode::None,
                "{name}: mail in the clear, and the profile asks for TLS"
            ),
            _ => {}
        }
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
        let mut policy = self.script.policy.clone();
        // Each play has the same nonce.
        if let Some(credentials) = &mut policy.credentials {
            credentials.nonces = nonces();
        }
        // It comes only when it is asked for.
        let secret =
            policy.credentials.as_mut().map(|one| std::mem::replace(&mut one.secret, Secret::new("")));
        let mut session = Session::new(policy);
        session.await_secret();
        loop {
            self.hides_the_secret(&session);
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
                SessionStep::Handshake => self.handshake(&mut session),
                SessionStep::Secret => session.supply(secret.clone().unwrap()),
                SessionStep::Ready => return Ok(session.capabilities().clone()),
                SessionStep::Failed(verdict) => return Err(*verdict),
            }
        }
    }

    fn handshake(&mut self, session: &mut Session) {
        assert!(self.reader.is_empty(), "{}: octets from before TLS are left", self.script.name);
        match self.lines.pop_front() {
            Some(Line::Tls(true)) => {
                self.is_secured = true;
                session.secured(self.script.binding.clone());
            }
            Some(Line::Tls(false)) => {
                session.fail(Verdict::failed(Stage::Handshake, Problem::Handshake, "no TLS"));
            }
            Some(Line::Gone(loss)) => session.lost(&loss),
            other if self.strict => panic!("{}: handshake, the script has {other:?}", self.script.name),
            _ => session.lost(&Loss::Closed),
        }
    }

    fn hand_over(&mut self, capabilities: &Capabilities) -> Report {
        let mut batches = Batches::new(self.script.envelope.clone(), self.script.most, capabilities.limits);
        let mut next = Next::Ready;
        while let Some(batch) = batches.next_batch() {
            let places = batch.places().to_vec();
            let mut transaction = Transaction::new(batch.envelope, self.script.needs, capabilities);
            if next == Next::Reset {
                transaction = transaction.behind_reset();
            }
            let settled = self.transact(transaction);
            next = settled.next;
            batches.take(&places, settled);
        }
        if next != Next::Drop {
            // Nobody waits for the reply to QUIT.
            self.client_commands(&Command::Quit);
            self.lines.retain(|line| !matches!(line, Line::Server(_) | Line::Gone(_)));
        }
        batches.report(SessionFacts { host: "server".to_owned(), ..SessionFacts::default() })
    }

    fn transact(&mut self, mut transaction: Transaction<'_>) -> Settled {
        let script = self.script;
        loop {
            match transaction.next_step() {
                Step::Write(command) => self.client_commands(&command),
                Step::Read => self.receive(&mut transaction),
                Step::Body => match self.lines.pop_front() {
                    Some(Line::Body(true)) => {
                        // Behind BDAT no dot divides an early reply from the one to the message.
                        let speaks = matches!(self.lines.front(), Some(Line::Server(_)));
                        if !transaction.is_chunked() && (speaks || !self.reader.is_empty()) {
                            // The server speaks while the message is under way.
                            self.receive(&mut transaction);
                        }
                        transaction.body_written();
                    }
                    Some(Line::Body(false)) => transaction.unreadable("f1 changed"),
                    Some(Line::Gone(loss)) => transaction.lost(&loss),
                    other if self.strict => panic!("{}: body, the script has {other:?}", script.name),
                    _ => transaction.lost(&Loss::Closed),
                },
                Step::Dot if transaction.is_chunked() => self.said.push(".".to_owned()),
                Step::Dot => self.client_says("."),
                Step::Done => return transaction.finish(),
            }
        }
    }

    /// Hands over one reply and every whole one that came with it.
    fn receive(&mut self, transaction: &mut Transaction<'_>) {
        match self.hear() {
            Ok(reply) => transaction.reply(&reply),
            Err(loss) => return transaction.lost(&loss),
        }
        while let Some(reply) = self.reader.next_reply() {
            match reply {
                Ok(reply) => transaction.reply(&reply),
                Err(error) => return transaction.lost(&Loss::NoReply(error)),
            }
        }
        if !self.reader.is_empty() {
            transaction.left_over();
        }
    }

    fn hides_the_secret(&self, value: &impl Debug) {
        if self.script.policy.credentials.is_some() {
            let shown = format!("{value:?}");
            assert!(!shown.contains(SECRET), "{}: {shown}", self.script.name);
        }
    }
}
