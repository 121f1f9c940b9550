//! The session up to the point where mail can be handed over: greeting, EHLO, STARTTLS, login (RFC 5321 3.1, 3.2). In
//! LMTP it is the same but for LHLO (RFC 2033 4.1).
//!
//! Security rules, each by construction:
//! - A login needs a `Protected`, which only TLS or the profile's own words give.
//! - What the server offered before TLS is forgotten (RFC 3207 4.2).
//! - After a refused login nothing else is tried; only "mechanism not known" lets the next one try.

mod login;

use crate::mail::{ChannelBinding, Problem, Protocol, Stage, TlsMode, Verdict};
use crate::smtp::sasl::{Exchange, Protected};
use crate::smtp::{
    Capabilities, Command, Credentials, Loss, Mechanism, Reply, ReplyError, ReplyRow, verdict,
};

/// What the profile asks of a session.
#[derive(Debug, Clone)]
pub struct SessionPolicy {
    /// What is spoken.
    pub protocol: Protocol,
    /// When TLS begins.
    pub tls: TlsMode,
    /// The name that EHLO or LHLO gives.
    pub hello_name: String,
    /// Who logs in; `None` for no login.
    pub credentials: Option<Credentials>,
    /// The mechanisms allowed, the preferred first; empty for those that a password serves for, by strength.
    pub mechanisms: Vec<Mechanism>,
    /// A login may go in the clear; the profile says so in words.
    pub allow_plaintext_auth: bool,
    /// What is known of this server's refusals, before what is known of all.
    pub rows: Vec<ReplyRow>,
}

impl SessionPolicy {
    /// Who logs in, if it is somebody with a name.
    pub fn username(&self) -> Option<&str> {
        let name = self.credentials.as_ref().map(|credentials| credentials.username.as_str());
        name.filter(|name| !name.is_empty())
    }
}

/// What the driver does next.
#[derive(Debug)]
pub enum SessionStep {
    /// Write this, then read a reply.
    Write(Command),
    /// Read a reply.
    Read,
    /// Do the TLS handshake, then call [`Session::secured`].
    Handshake,
    /// Wait for the secret of the login, then call [`Session::supply`].
    Secret,
    /// The session can take mail.
    Ready,
    /// There will be no hand-over, for this reason.
    Failed(Box<Verdict>),
}

#[derive(Debug)]
enum State {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    Handshake,
    Secret(Protected),
    Login(Exchange),
    Ready,
    Failed(Verdict),
}

/// A session being opened.
#[derive(Debug)]
pub struct Session {
    policy: SessionPolicy,
    state: State,
    protected: Option<Protected>,
    /// The command to write before the next reply is read.
    pending: Option<Command>,
    refused: Vec<Mechanism>,
    capabilities: Capabilities,
    mechanism: Option<Mechanism>,
    is_secret_due: bool,
}

impl Session {
    /// Begins a session on a connection that is not in use yet.
    pub fn new(policy: SessionPolicy) -> Self {
        let state = if policy.tls == TlsMode::Implicit { State::Handshake } else { State::Greeting };
        Session {
            policy,
            state,
            protected: None,
            pending: None,
            refused: Vec::new(),
            capabilities: Capabilities::default(),
            mechanism: None,
            is_secret_due: false,
        }
    }

    /// The secret of the credentials is not there yet: [`SessionStep::Secret`] asks for it when AUTH is due.
    pub fn await_secret(&mut self) {
        self.is_secret_due = true;
    }

    /// What to do now.
    pub fn next_step(&mut self) -> SessionStep {
        if let Some(command) = self.pending.take() {
            return SessionStep::Write(command);
        }
        match &self.state {
            State::Handshake => SessionStep::Handshake,
            State::Secret(_) => SessionStep::Secret,
            State::Ready => SessionStep::Ready,
            State::Failed(verdict) => SessionStep::Failed(Box::new(verdict.clone())),
            _ => SessionStep::Read,
        }
    }

    /// Where the session is.
    pub fn stage(&self) -> Stage {
        match &self.state {
            State::Greeting => Stage::Greeting,
            State::Ehlo | State::Helo => Stage::Ehlo,
            State::StartTls => Stage::StartTls,
            State::Handshake => Stage::Handshake,
            State::Secret(_) | State::Login(_) => Stage::Auth,
            State::Ready => Stage::Mail,
            State::Failed(verdict) => verdict.stage,
        }
    }

    /// What the server offers, once the session is ready.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The mechanism that the login used, or tried last.
    pub fn mechanism(&self) -> Option<Mechanism> {
        self.mechanism
    }

    /// A reply came. `has_more` says whether octets of the server are left over behind it.
    pub fn reply(&mut self, reply: &Reply, has_more: bool) {
        let stage = self.stage();
        if stage != Stage::Ehlo
            && let Err(error) = reply.check_length()
        {
            return self.lost(&Loss::NoReply(error));
        }
        let is_refusal = matches!(reply.class(), 4 | 5);
        // A refusal stands whatever came with it: servers say 535 and 421 in one breath.
        if has_more && !is_refusal {
            return self.fail(left_over(stage));
        }
        let state = std::mem::replace(&mut self.state, State::Ready);
        match (state, reply.class()) {
            // Another try would be answered by what came with the refusal.
            (State::Ehlo, 5) if self.may_say_helo() && !has_more => {
                self.say(State::Helo, Command::Helo(self.policy.hello_name.clone()));
            }
            (State::Login(exchange), 5) => self.login_refused(exchange, reply, !has_more),
            _ if is_refusal => self.fail(verdict::refused(stage, reply, &self.policy.rows)),
            (State::Greeting, 2) => self.say_ehlo(),
            (State::Ehlo, 2) => {
                self.capabilities = Capabilities::read(reply);
                self.capabilities.replies_to_each = self.policy.protocol == Protocol::Lmtp;
                // Without TLS it is no promise (RFC 8689 section 2).
                self.capabilities.require_tls &= self.protected.is_some();
                self.proceed();
            }
            (State::Helo, 2) => self.proceed(),
            (State::StartTls, _) if reply.code == 220 => self.state = State::Handshake,
            (State::Login(exchange), 3) => self.answer(exchange, reply),
            (State::Login(exchange), 2) => self.logged_in(&exchange, reply),
            (_, _) => self.fail(verdict::misplaced(stage, reply)),
        }
    }

    /// The TLS handshake is done and the certificate verified. A login can be bound to `binding`.
    pub fn secured(&mut self, binding: Option<ChannelBinding>) {
        debug_assert!(matches!(self.state, State::Handshake));
        self.protected = Some(Protected::by_tls(binding));
        self.capabilities = Capabilities::default();
        if self.policy.tls == TlsMode::Implicit {
            self.state = State::Greeting;
        } else {
            self.say_ehlo();
        }
    }

    /// The connection is gone, or what came on it is no SMTP.
    pub fn lost(&mut self, loss: &Loss) {
        let mut verdict = verdict::lost(self.stage(), loss);
        let is_first_word = self.stage() == Stage::Greeting && self.protected.is_none();
        if is_first_word && matches!(loss, Loss::NoReply(ReplyError::NoCode(_))) {
            verdict
                .sentence
                .push_str("; it may be no mail server, or one that wants TLS from the first octet");
        }
        self.fail(verdict);
    }

    /// The session cannot go on, for a reason found outside: a failed handshake.
    ///
    /// The first reason stands: a server that refuses and closes has refused.
    pub fn fail(&mut self, mut verdict: Verdict) {
        self.pending = None;
        if self.policy.protocol == Protocol::Lmtp && verdict.stage == Stage::Ehlo {
            // The stage bears the name of SMTP's command.
            verdict.sentence = verdict.sentence.replacen("EHLO", "LHLO", 1);
        }
        if !matches!(self.state, State::Failed(_)) {
            self.state = State::Failed(verdict);
        }
    }

    fn say(&mut self, state: State, command: Command) {
        self.state = state;
        self.pending = Some(command);
    }

    fn say_ehlo(&mut self) {
        let name = self.policy.hello_name.clone();
        let hello = match self.policy.protocol {
            Protocol::Smtp => Command::Ehlo(name),
            Protocol::Lmtp => Command::Lhlo(name),
        };
        self.say(State::Ehlo, hello);
    }

    /// HELO offers neither TLS nor AUTH, so it serves only where the profile wants neither. LMTP has none.
    fn may_say_helo(&self) -> bool {
        let wants_nothing = self.policy.credentials.is_none() && self.policy.tls != TlsMode::StartTls;
        self.policy.protocol == Protocol::Smtp && wants_nothing
    }

    /// The server has introduced itself: TLS, login, or ready.
    fn proceed(&mut self) {
        if self.policy.tls == TlsMode::StartTls && self.protected.is_none() {
            if !self.capabilities.starttls {
                return self.fail(Verdict::failed(
                    Stage::StartTls,
                    Problem::StartTlsUnavailable,
                    "the server does not offer STARTTLS, and the profile asks for TLS",
                ));
            }
            return self.say(State::StartTls, Command::StartTls);
        }
        if self.policy.credentials.is_none() {
            self.state = State::Ready;
            return;
        }
        match self.protected.take().or_else(|| Protected::by_permission(self.policy.allow_plaintext_auth)) {
            Some(protected) => self.log_in(protected),
            None => self.fail(Verdict::failed(
                Stage::Auth,
                Problem::PlaintextAuth,
                "the profile has a login but no TLS: the password would cross the network in the clear",
            )),
        }
    }
}

/// Octets behind a reply when nothing was asked: behind STARTTLS an attack (RFC 3207 section 6), elsewhere a broken server.
fn left_over(stage: Stage) -> Verdict {
    if stage == Stage::StartTls {
        return Verdict::failed(
            stage,
            Problem::StartTlsInjection,
            "something was sent in the clear behind the server's STARTTLS reply: an attack, or a broken server",
        )
        .with_status(5, 7, 0);
    }
    verdict::lost(stage, &Loss::Unasked)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server may refuse and close before a command is written; then the reply is heard, and the write fails.
    #[test]
    fn a_loss_behind_a_refusal_changes_nothing() {
        let mut session = Session::new(SessionPolicy {
            protocol: Protocol::Smtp,
            tls: TlsMode::None,
            hello_name: "client.example".to_owned(),
            credentials: None,
            mechanisms: Vec::new(),
            allow_plaintext_auth: false,
            rows: Vec::new(),
        });
        session.reply(&Reply { code: 554, lines: vec!["5.7.1 no".to_owned()] }, false);
        session.lost(&Loss::Closed);
        let SessionStep::Failed(verdict) = session.next_step() else { panic!("the session goes on") };
        assert_eq!(verdict.problem, Some(Problem::SessionRefused));
        assert_eq!(verdict.status.to_string(), "5.7.1");
    }
}
