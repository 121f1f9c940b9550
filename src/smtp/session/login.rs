//! The session's login: which mechanism, its answers, and what their end means (RFC 4954).

use crate::mail::{Problem, Stage, Verdict};
use crate::smtp::sasl::{Exchange, Protected};
use crate::smtp::session::{Session, State};
use crate::smtp::{Command, Mechanism, Reply, verdict};
use crate::sys::Secret;

impl Session {
    pub(super) fn log_in(&mut self, protected: Protected) {
        let Some(credentials) = &self.policy.credentials else {
            self.state = State::Ready;
            return;
        };
        let offered = &self.capabilities.auth;
        match Mechanism::choose(offered, &self.policy.mechanisms, &self.refused, &protected) {
            Some(_) if self.is_secret_due => self.state = State::Secret(protected),
            Some(mechanism) => {
                self.mechanism = Some(mechanism);
                let (exchange, initial) = Exchange::begin(mechanism, credentials, protected, offered);
                self.say(State::Login(exchange), Command::Auth { mechanism: mechanism.name(), initial });
            }
            None => self.fail(self.no_mechanism(&protected)),
        }
    }

    /// The secret is there: the login begins.
    pub fn supply(&mut self, secret: Secret) {
        self.is_secret_due = false;
        if let Some(credentials) = &mut self.policy.credentials {
            credentials.secret = secret;
        }
        match std::mem::replace(&mut self.state, State::Ready) {
            State::Secret(protected) => self.log_in(protected),
            other => self.state = other,
        }
    }

    fn no_mechanism(&self, protected: &Protected) -> Verdict {
        let (offered, allowed) = (&self.capabilities.auth, &self.policy.mechanisms);
        let failed = |problem, sentence: String| Verdict::failed(Stage::Auth, problem, sentence);
        if offered.is_empty() {
            let sentence = "the profile has a login, and the server offers none";
            return failed(Problem::AuthUnavailable, sentence.to_owned());
        }
        let needs_tls = |mechanism: &&Mechanism| mechanism.needs_tls() && mechanism.is_among(offered);
        if let Some(mechanism) = allowed.iter().find(needs_tls).filter(|_| !protected.is_by_tls()) {
            let sentence = format!("the login mechanism {} is used under TLS only", mechanism.name());
            return failed(Problem::PlaintextAuth, sentence);
        }
        let offered = offered.join(" ");
        let names: Vec<&str> = allowed.iter().map(|mechanism| mechanism.name()).collect();
        let sentence = match names.join(" ").as_str() {
            "" => format!("no login mechanism for a password: the server offers {offered}"),
            names => format!(
                "no login mechanism in common: the server offers {offered}, the profile allows {names}"
            ),
        };
        failed(Problem::NoMechanism, sentence)
    }

    /// The server says 3yz.
    pub(super) fn answer(&mut self, mut exchange: Exchange, reply: &Reply) {
        let Some(credentials) = self.policy.credentials.as_ref().filter(|_| reply.code == 334) else {
            return self.fail(verdict::misplaced(Stage::Auth, reply));
        };
        match exchange.answer(credentials, &reply.lines.concat()) {
            Ok(answer) => self.say(State::Login(exchange), Command::AuthAnswer(answer)),
            Err(trouble) => self.fail(verdict::login_broken(&trouble, reply)),
        }
    }

    /// The server says 2yz: the session is ready, if the server may say so.
    pub(super) fn logged_in(&mut self, exchange: &Exchange, reply: &Reply) {
        if let Err(trouble) = exchange.finish() {
            self.fail(verdict::login_broken(&trouble, reply));
        }
    }

    /// 504 and the statuses 5.5.4 and 5.7.4 speak of the mechanism (RFC 4954 section 6), all else of the login.
    pub(super) fn login_refused(&mut self, exchange: Exchange, reply: &Reply, may_go_on: bool) {
        let status = reply.status().map(|status| (status.subject, status.detail));
        let is_about_mechanism = reply.code == 504 || matches!(status, Some((5, 4) | (7, 4)));
        let mechanism = exchange.mechanism;
        let is_first = self.refused.is_empty();
        self.refused.push(mechanism);
        let (offered, allowed) = (&self.capabilities.auth, &self.policy.mechanisms);
        let next = Mechanism::choose(offered, allowed, &self.refused, &exchange.protected);
        if is_about_mechanism && is_first && may_go_on && next.is_some() {
            return self.log_in(exchange.protected);
        }
        let mut verdict = verdict::refused(Stage::Auth, reply, &self.policy.rows);
        if is_about_mechanism {
            verdict.problem = Some(Problem::NoMechanism);
            verdict.sentence = format!("the server refused the login mechanism {}", mechanism.name());
        } else if mechanism.takes_token() {
            verdict.problem = Some(Problem::TokenRefused);
            verdict.sentence = match exchange.objection().unwrap_or_default() {
                "" => "the server does not take the token".to_owned(),
                objection => format!("the server does not take the token: {objection}"),
            };
        }
        self.fail(verdict);
    }
}
