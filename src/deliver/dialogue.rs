//! The driver of a session: moves octets between the protocol's values and a wire. It decides nothing: the session does.

use std::time::{Duration, Instant};

use encoding_rs::Encoding;

use crate::mail::{Problem, Stage, Timeouts, TlsFacts, Verdict};
use crate::net::{Tls, TlsError, Wire, WireError};
use crate::smtp::{Command, Loss, ReplyReader, Session, SessionStep, Transcript};
use crate::sys::{Secret, interrupted};

/// A wire with what is needed to talk SMTP over it.
pub(super) struct Dialogue<'a> {
    pub(super) wire: Wire,
    pub(super) timeouts: &'a Timeouts,
    pub(super) transcript: Transcript<'a>,
    pub(super) reader: ReplyReader,
}

impl<'a> Dialogue<'a> {
    /// `charset` is that of replies which are not in UTF-8.
    pub(super) fn new(
        wire: Wire,
        timeouts: &'a Timeouts,
        transcript: Transcript<'a>,
        charset: Option<&'static Encoding>,
    ) -> Self {
        Dialogue { wire, timeouts, transcript, reader: ReplyReader::new(charset) }
    }

    /// Opens the session: greeting, EHLO, TLS, login. `tls` is there when the session's policy wants TLS, `secret` when
    /// the session awaits it.
    pub(super) fn open(
        &mut self,
        session: &mut Session,
        tls: Option<&Tls>,
        mut secret: Option<&mut dyn FnMut() -> Option<Secret>>,
    ) -> Result<Option<TlsFacts>, Verdict> {
        let mut facts = None;
        loop {
            match session.next_step() {
                SessionStep::Write(command) => self.say(session, &command),
                SessionStep::Read => {
                    if let Err(loss) = self.fill(self.timeouts.at(session.stage())) {
                        session.lost(&loss);
                    } else {
                        self.hear_session(session);
                    }
                }
                SessionStep::Handshake => match self.handshake(tls) {
                    Ok(agreed) => {
                        facts = Some(agreed);
                        session.secured(self.wire.channel_binding());
                    }
                    Err(verdict) => session.fail(verdict),
                },
                SessionStep::Secret => match (secret.as_mut().and_then(|wait| wait()), interrupted(1)) {
                    (Some(secret), _) => session.supply(secret),
                    // Its program was not waited for.
                    (None, Some(by)) => session.lost(&Loss::Interrupted(by)),
                    (None, None) => session.fail(
                        Verdict::failed(
                            Stage::Auth,
                            Problem::NoSecret,
                            "there is no password to log in with",
                        )
                        .with_status(5, 7, 0),
                    ),
                },
                SessionStep::Ready => return Ok(facts),
                SessionStep::Failed(verdict) => return Err(*verdict),
            }
        }
    }

    /// Writes one command of the session. What is there before it was written was not asked for.
    fn say(&mut self, session: &mut Session, command: &Command) {
        let look = self.look(1);
        match self.reader.next_reply() {
            // A server that goes says so at any time (RFC 5321 3.8).
            Some(Ok(reply)) if reply.code == 421 => {
                self.transcript.reply(&reply);
                return session.reply(&reply, false);
            }
            Some(_) => return session.lost(&Loss::Unasked),
            None if !self.reader.is_empty() => return session.lost(&Loss::Unasked),
            None => {}
        }
        if let Err(error) = look {
            return session.lost(&loss(error));
        }
        let mut line = Vec::new();
        command.write(&mut line);
        self.transcript.command(command);
        if let Err(loss) = self.flush(&line, self.timeouts.at(session.stage()), SESSION_REPLIES) {
            self.hear_session(session);
            session.lost(&loss);
        }
    }

    /// Ends the session. The reply to QUIT changes nothing, so nobody waits for it.
    pub(super) fn quit(mut self) {
        let mut line = Vec::new();
        self.wire.endure(MORE_PATIENCE);
        Command::Quit.write(&mut line);
        self.transcript.command(&Command::Quit);
        let _ = self.flush(&line, Duration::from_secs(1), SESSION_REPLIES);
        self.wire.close();
    }

    fn handshake(&mut self, tls: Option<&Tls>) -> Result<TlsFacts, Verdict> {
        let tls = tls.expect("a policy that wants TLS comes with it");
        let facts = self.wire.secure(tls, self.timeouts.ehlo).map_err(|error| handshake_verdict(&error))?;
        self.transcript.note(&facts.to_string());
        Ok(facts)
    }

    /// Writes a flight; what is heard meanwhile is kept in the reader. A server that says more than the `due` replies
    /// and one is not listened to any longer: nothing it can say has an end.
    pub(super) fn flush(&mut self, octets: &[u8], limit: Duration, due: usize) -> Result<(), Loss> {
        let reader = &mut self.reader;
        self.wire
            .write(octets, limit, &mut |heard| {
                reader.push(heard);
                reader.waiting() <= due + 1
            })
            .map_err(loss)
    }

    /// Waits for octets until a whole reply is there.
    pub(super) fn fill(&mut self, limit: Duration) -> Result<(), Loss> {
        let end = Instant::now() + limit;
        while !self.reader.has_reply() {
            let left = end.saturating_duration_since(Instant::now());
            let reader = &mut self.reader;
            let read = self.wire.read(left, &mut |heard| {
                reader.push(heard);
                true
            });
            match read {
                Ok(()) => {}
                Err(WireError::TimedOut(_)) => return Err(Loss::TimedOut(limit.as_secs())),
                Err(error) => return Err(loss(error)),
            }
        }
        Ok(())
    }

    /// Hands one reply to the session.
    fn hear_session(&mut self, session: &mut Session) {
        match self.reader.next_reply() {
            Some(Ok(reply)) => {
                self.transcript.reply(&reply);
                session.reply(&reply, !self.reader.is_empty());
            }
            Some(Err(error)) => session.lost(&Loss::NoReply(error)),
            None => {}
        }
    }

    /// Takes what is there, without waiting; stops as [`Dialogue::flush`] does.
    pub(super) fn look(&mut self, due: usize) -> Result<(), WireError> {
        let reader = &mut self.reader;
        self.wire.listen(&mut |heard| {
            reader.push(heard);
            reader.waiting() <= due + 1
        })
    }
}

/// How many signals it takes to give up what was begun and is not to be left open: the second one says that it is meant.
pub(super) const MORE_PATIENCE: usize = 2;

/// Replies that may wait while a command of the session is written: its own.
const SESSION_REPLIES: usize = 1;

pub(super) fn loss(error: WireError) -> Loss {
    match error {
        WireError::Closed => Loss::Closed,
        WireError::TimedOut(seconds) => Loss::TimedOut(seconds),
        WireError::Broken(words) => Loss::Broken(words),
        WireError::Stopped => Loss::Unasked,
        WireError::Interrupted(by) => Loss::Interrupted(by),
        other => Loss::Broken(other.to_string()),
    }
}

fn handshake_verdict(error: &WireError) -> Verdict {
    let stage = Stage::Handshake;
    match error {
        WireError::Tls(TlsError::Certificate(problem)) => Verdict::failed(
            stage,
            Problem::Certificate(Box::new(problem.clone())),
            format!("the server's certificate {problem}"),
        )
        .with_status(5, 7, 5),
        WireError::Tls(TlsError::NotTls) => {
            Verdict::failed(stage, Problem::NotTls, "what answers there does not speak TLS")
                .with_status(5, 7, 4)
        }
        WireError::Tls(error) => {
            Verdict::failed(stage, Problem::Handshake, error.to_string()).with_status(5, 7, 4)
        }
        WireError::Interrupted(by) => Verdict::interrupted(stage, *by),
        WireError::TimedOut(seconds) => Verdict::deferred(
            stage,
            Problem::TimedOut,
            format!("the server gave no answer within {seconds} s {stage}"),
        ),
        other => Verdict::deferred(stage, Problem::ConnectionLost, format!("{other} {stage}")),
    }
}
