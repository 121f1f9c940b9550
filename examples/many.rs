//! Many mails over one connection: how a program of your own uses the library, and what `benches/compare` measures.
//!
//! `many HOST PORT COUNT settled|MOST` submits COUNT small mails in the clear. With `settled` none begins before the one
//! before it is settled; otherwise MOST may be in flight.

#![allow(clippy::print_stderr, reason = "a program for the command line")]

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use whippet::config;
use whippet::deliver::{self, Mail, Mails, Pace, SmartHost, SmartHostRoute};
use whippet::mail::{Address, Envelope, Fate, Mailbox, Protocol, Report, TlsMode, TlsPolicy, Verdict};
use whippet::mime::{Draft, Message, MessageError};
use whippet::net::{SystemResolve, Way};
use whippet::smtp::{Needs, SessionPolicy};
use whippet::sys::{Clock, SystemClock, SystemRandom};

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("many: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<(), Box<dyn Error>> {
    let [host, port, count, pace] = words else {
        return Err("usage: many HOST PORT COUNT settled|MOST".into());
    };
    let pace = if pace == "settled" { Pace::Settled } else { Pace::Windowed(pace.parse()?) };
    let route = SmartHostRoute {
        host: host.clone(),
        port: port.parse()?,
        way: Way::default(),
        tls: TlsPolicy::new(TlsMode::None),
        session: SessionPolicy {
            protocol: Protocol::Smtp,
            tls: TlsMode::None,
            hello_name: "client.example".to_owned(),
            credentials: None,
            mechanisms: Vec::new(),
            allow_plaintext_auth: false,
            rows: Vec::new(),
        },
        timeouts: config::Timeouts::default().plain(),
        reply_charset: None,
        max_messages: None,
        max_recipients: None,
    };
    let mut letters = Letters { count: count.parse()?, begun: 0, accepted: 0, fault: None };
    let mut transport = SmartHost { route: &route, resolve: &SystemResolve, transcript: None, secret: None };
    transport.deliver_all(&mut letters, pace).map_err(|unopened| unopened.verdict.sentence)?;
    match letters.fault {
        None if letters.accepted == letters.count => Ok(()),
        fault => Err(format!(
            "{} of {} accepted{}",
            letters.accepted,
            letters.count,
            fault.map_or_else(String::new, |words| format!("; {words}"))
        )
        .into()),
    }
}

/// The mails that are to go, and what became of them.
struct Letters {
    count: usize,
    begun: usize,
    accepted: usize,
    fault: Option<String>,
}

impl Letters {
    fn letter(&self) -> Result<Letter, Box<dyn Error>> {
        let (from, to) = (Address::parse("dan@example.test")?, Address::parse("wang@example.test")?);
        let id = format!("<{}@example.test>", self.begun);
        let mut draft = Draft::new(Mailbox::from(from.clone()), SystemClock.local(), id);
        draft.body = "Hello, this is a short letter.\n".into();
        Ok(Letter {
            envelope: Envelope::new(Some(from), vec![to])?,
            message: Message::compose(draft, &SystemRandom)?,
        })
    }
}

impl Mails for Letters {
    type Mail = Letter;

    fn next_mail(&mut self) -> Option<Letter> {
        if self.begun == self.count {
            return None;
        }
        self.begun += 1;
        self.letter().map_err(|error| self.fault = Some(error.to_string())).ok()
    }

    fn settled(&mut self, _: Letter, report: Report) {
        let refused = report.outcomes().iter().find(|outcome| outcome.fate != Fate::Accepted);
        match refused {
            None => self.accepted += 1,
            Some(outcome) => self.fault = Some(outcome.sentence.clone()),
        }
    }

    fn untried(&mut self, _: Letter, why: Verdict) {
        self.fault = Some(why.sentence);
    }
}

/// A letter in its envelope.
struct Letter {
    envelope: Envelope,
    message: Message,
}

impl Mail for Letter {
    fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    fn needs(&self) -> Needs {
        deliver::needs(&self.message)
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<(), MessageError> {
        self.message.write_to(out)
    }
}
