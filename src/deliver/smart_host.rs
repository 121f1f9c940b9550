//! The route to a submission server (RFC 6409), or to an LMTP server (RFC 2033): one connection, one login, one mail or
//! many.

use std::time::Instant;

use encoding_rs::Encoding;

use crate::deliver::dialogue::Dialogue;
use crate::deliver::exchange::Exchange;
use crate::deliver::{Mails, Pace, Transport};
use crate::mail::{
    Envelope, Problem, Report, SessionFacts, Stage, Timeouts, TlsFacts, TlsMode, TlsPolicy, Verdict,
};
use crate::mime::Message;
use crate::net::{ConnectError, Resolve, ResolveError, Through, Tls, TlsError, Way, Wire, place};
use crate::smtp::{Session, SessionPolicy, Transcript, Window};
use crate::sys::Secret;

/// Where the server is and how to talk to it.
#[derive(Debug, Clone)]
pub struct SmartHostRoute {
    /// A name or an address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// How it is reached.
    pub way: Way,
    /// What is asked of TLS.
    pub tls: TlsPolicy,
    /// What is asked of the session.
    pub session: SessionPolicy,
    /// One deadline per stage.
    pub timeouts: Timeouts,
    /// The charset of replies that are not in UTF-8.
    pub reply_charset: Option<&'static Encoding>,
    /// Most recipients of one transaction; `None` for as many as there are.
    pub max_recipients: Option<usize>,
    /// Most mails of one connection; `None` for as many as there are.
    pub max_messages: Option<u32>,
}

impl SmartHostRoute {
    /// `host:port`, as reports name it.
    pub fn place(&self) -> String {
        match &self.way.through {
            Through::Unix(path) => path.display().to_string(),
            _ => place(&self.host, self.port),
        }
    }
}

/// The transport to a submission server.
pub struct SmartHost<'a> {
    /// Where to.
    pub route: &'a SmartHostRoute,
    /// Who looks up the host's name.
    pub resolve: &'a dyn Resolve,
    /// Receives each line of the transcript.
    pub transcript: Option<&'a mut dyn FnMut(&str)>,
    /// Waits for the secret of the login, where the credentials do not hold it yet; `None` from it: there is none.
    pub secret: Option<&'a mut dyn FnMut() -> Option<Secret>>,
}

impl std::fmt::Debug for SmartHost<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmartHost").field("route", self.route).finish_non_exhaustive()
    }
}

/// The session could not be opened: nothing was tried.
#[derive(Debug)]
pub struct Unopened {
    /// Why; it holds for every recipient of every mail.
    pub verdict: Verdict,
    /// How far it came.
    pub facts: SessionFacts,
}

impl Transport for SmartHost<'_> {
    fn deliver(&mut self, envelope: &Envelope, message: &Message) -> Report {
        let mut single = Single { mail: Some((envelope, message)), report: None };
        let (verdict, facts) = match (self.deliver_all(&mut single, Pace::Windowed(1)), single.report) {
            (_, Some(Ok(report))) => return report,
            (Ok(facts), Some(Err(verdict))) => (verdict, facts),
            (Ok(_), None) => unreachable!("each mail that is taken is given back with what became of it"),
            (Err(unopened), _) => (unopened.verdict, unopened.facts),
        };
        let host = facts.host.clone();
        Report::settle(envelope, facts, |_, recipient| verdict.outcome(recipient, &host))
    }
}

/// One mail, and what became of it.
struct Single<'m> {
    mail: Option<(&'m Envelope, &'m Message)>,
    report: Option<Result<Report, Verdict>>,
}

impl<'m> Mails for Single<'m> {
    type Mail = (&'m Envelope, &'m Message);

    fn next_mail(&mut self) -> Option<Self::Mail> {
        self.mail.take()
    }

    fn settled(&mut self, _: Self::Mail, report: Report) {
        self.report = Some(Ok(report));
    }

    fn untried(&mut self, _: Self::Mail, why: Verdict) {
        self.report = Some(Err(why));
    }
}

impl SmartHost<'_> {
    /// Opens one connection and hands over one mail after the other until there is none, or the connection takes no
    /// more. Gives the facts of the session.
    pub fn deliver_all<M: Mails>(
        &mut self,
        mails: &mut M,
        pace: Pace,
    ) -> Result<SessionFacts, Box<Unopened>> {
        let mut facts = SessionFacts {
            host: self.route.place(),
            protocol: Some(self.route.session.protocol),
            username: self.route.session.username().map(str::to_owned),
            ..SessionFacts::default()
        };
        let route = self.route;
        let opened = self.open(&mut facts);
        let (mut dialogue, session) = match opened {
            Ok(opened) => opened,
            Err(verdict) => return Err(Box::new(Unopened { verdict, facts })),
        };
        let begin = Instant::now();
        let (most, may_ride) = match pace {
            Pace::Settled => (1, false),
            Pace::Windowed(most) => (most.max(1), true),
        };
        let mut window = Window::new(session.capabilities(), most, may_ride)
            .at_most(route.max_messages)
            .judging_by(&route.session.rows);
        Exchange::new(&mut dialogue, &mut window, mails, &facts, route.max_recipients).run();
        let is_sound = window.is_sound();
        facts.timings.transaction = begin.elapsed();
        if is_sound {
            dialogue.quit();
        }
        Ok(facts)
    }

    /// Connects and opens the session.
    fn open(&mut self, facts: &mut SessionFacts) -> Result<(Dialogue<'_>, Session), Verdict> {
        let route = self.route;
        // Trust anchors that cannot be read are found before anything is connected.
        let tls = match route.tls.mode {
            TlsMode::None => None,
            _ => Some(Tls::new(&route.tls, &route.host).map_err(|error| tls_verdict(&error))?),
        };

        let begin = Instant::now();
        let (socket, peer) = route
            .way
            .open(self.resolve, &route.host, route.port, route.timeouts.connect)
            .map_err(|error| connect_verdict(&error))?;
        facts.peer = Some(peer.to_string());
        facts.timings.connect = begin.elapsed();
        let transcript =
            self.transcript.as_mut().map_or_else(Transcript::default, |sink| Transcript::new(*sink));
        let wire = Wire::new(socket)
            .map_err(|error| Verdict::deferred(Stage::Connect, Problem::ConnectionLost, error.to_string()))?;
        let mut dialogue = Dialogue::new(wire, &route.timeouts, transcript, route.reply_charset);
        dialogue.transcript.note(&format!("connected to {} ({peer})", route.place()));

        let begin = Instant::now();
        let mut session = Session::new(route.session.clone());
        let secret = self.secret.as_mut().map(|wait| &mut **wait as &mut dyn FnMut() -> Option<Secret>);
        if secret.is_some() {
            session.await_secret();
        }
        let opened = dialogue.open(&mut session, tls.as_ref(), secret);
        facts.timings.session = begin.elapsed();
        note_session(facts, &session, opened.as_ref().ok().cloned().flatten());
        match opened {
            Ok(_) => Ok((dialogue, session)),
            Err(verdict) => {
                if verdict.problem == Some(Problem::NoSecret) {
                    dialogue.quit();
                }
                Err(verdict)
            }
        }
    }
}

fn note_session(facts: &mut SessionFacts, session: &Session, tls: Option<TlsFacts>) {
    facts.tls = tls;
    facts.mechanism = session.mechanism().map(|mechanism| mechanism.name().to_owned());
}

fn connect_verdict(error: &ConnectError) -> Verdict {
    // Whoever shows an outcome names the host beside it.
    let sentence = match error {
        ConnectError::Resolve(error) => error.to_string(),
        ConnectError::Refused(_) => "nothing listens at that port".to_owned(),
        ConnectError::Unreachable(_, words) => format!("there is no way to it: {words}"),
        ConnectError::TimedOut(_, seconds) => format!("it gave no answer within {seconds} s"),
        ConnectError::Source(..)
        | ConnectError::Proxy { .. }
        | ConnectError::Tunnel(..)
        | ConnectError::Interrupted(_) => error.to_string(),
    };
    let stage = Stage::Connect;
    match error {
        ConnectError::Resolve(ResolveError::NoSuchName(_) | ResolveError::NoSuchAddress(..)) => {
            Verdict::failed(stage, Problem::NoHost, sentence).with_status(5, 4, 4)
        }
        ConnectError::Resolve(ResolveError::Temporary(..)) => {
            Verdict::deferred(stage, Problem::LookupFailed, sentence).with_status(4, 4, 3)
        }
        ConnectError::Refused(_) => {
            Verdict::deferred(stage, Problem::ConnectionRefused, sentence).with_status(4, 4, 1)
        }
        ConnectError::Unreachable(..) => {
            Verdict::deferred(stage, Problem::Unreachable, sentence).with_status(4, 4, 1)
        }
        ConnectError::Interrupted(by) => Verdict::interrupted(stage, *by),
        ConnectError::Source(..) => Verdict::failed(stage, Problem::Source, sentence).with_status(5, 3, 5),
        ConnectError::Proxy { is_lasting: true, .. } => {
            Verdict::failed(stage, Problem::Proxy, sentence).with_status(5, 4, 4)
        }
        ConnectError::Proxy { .. } => Verdict::deferred(stage, Problem::Proxy, sentence).with_status(4, 4, 1),
        ConnectError::Tunnel(..) => Verdict::failed(stage, Problem::Tunnel, sentence).with_status(5, 3, 5),
        ConnectError::TimedOut(..) => {
            Verdict::deferred(stage, Problem::TimedOut, sentence).with_status(4, 4, 1)
        }
    }
}

fn tls_verdict(error: &TlsError) -> Verdict {
    let problem = match error {
        TlsError::Anchors(_) => Problem::TrustStore,
        TlsError::Identity(_) => Problem::ClientCertificate,
        _ => Problem::Handshake,
    };
    Verdict::failed(Stage::Handshake, problem, error.to_string()).with_status(5, 7, 0)
}
