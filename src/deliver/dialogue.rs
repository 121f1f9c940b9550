//! The driver: moves octets between the protocol's values and a wire. It decides nothing: session and transaction do.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::deliver::in_words;
use crate::mail::{Problem, Stage, Timeouts, TlsFacts, Verdict};
use crate::mime::{Message, MessageError};
use crate::net::{Tls, TlsError, Wire, WireError};
use crate::smtp::{
    Command, DotStuffer, Loss, ReplyReader, Session, SessionStep, Step, Transaction, Transcript,
};

/// A wire with what is needed to talk SMTP over it.
pub(super) struct Dialogue<'a> {
    pub(super) wire: Wire,
    pub(super) timeouts: &'a Timeouts,
    pub(super) transcript: Transcript<'a>,
    reader: ReplyReader,
}

impl<'a> Dialogue<'a> {
    pub(super) fn new(wire: Wire, timeouts: &'a Timeouts, transcript: Transcript<'a>) -> Self {
        Dialogue { wire, timeouts, transcript, reader: ReplyReader::default() }
    }

    /// Opens the session: greeting, EHLO, TLS, login. `tls` is there when the session's policy wants TLS.
    pub(super) fn open(
        &mut self,
        session: &mut Session,
        tls: Option<&Tls>,
    ) -> Result<Option<TlsFacts>, Verdict> {
        let mut facts = None;
        loop {
            match session.next_step() {
                SessionStep::Write(command) => self.say(session, &command),
                SessionStep::Read => {
                    if let Err(loss) = self.fill(session.stage()) {
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

    /// Runs the transaction to its end.
    pub(super) fn transact(&mut self, transaction: &mut Transaction<'_>, message: &Message) {
        let mut flight = Vec::new();
        let mut tail = Vec::new();
        loop {
            if transaction.awaits_nothing() && flight.is_empty() {
                // What comes now, comes unasked.
                let look = self.look(0);
                self.hear(transaction);
                if let Err(error) = look {
                    transaction.lost(&loss(error));
                }
            }
            match transaction.next_step() {
                Step::Write(command) => {
                    command.write(&mut flight);
                    self.transcript.command(&command);
                    // A long list of recipients goes in several writes, and its replies are heard between them.
                    if flight.len() >= FLIGHT {
                        self.send(transaction, &mut flight);
                    }
                }
                Step::Read if !flight.is_empty() => self.send(transaction, &mut flight),
                Step::Read => self.receive(transaction),
                Step::Body => tail = self.body(transaction, message, &std::mem::take(&mut flight)),
                Step::Dot => {
                    if !transaction.is_chunked() {
                        tail.extend_from_slice(b".\r\n");
                    }
                    self.send(transaction, &mut tail);
                }
                Step::Done => return,
            }
        }
    }

    /// Makes the server forget a transaction that it has not ended; says whether the connection can go on.
    pub(super) fn reset(&mut self) -> bool {
        let mut line = Vec::new();
        Command::Rset.write(&mut line);
        self.transcript.command(&Command::Rset);
        let said =
            self.flush(&line, self.timeouts.mail, SESSION_REPLIES).and_then(|()| self.fill(Stage::Mail));
        match (said, self.reader.next_reply()) {
            (Ok(()), Some(Ok(reply))) => {
                self.transcript.reply(&reply);
                reply.code == 250 && self.reader.is_empty()
            }
            _ => false,
        }
    }

    /// Ends the session. The reply to QUIT changes nothing, so nobody waits for it.
    pub(super) fn quit(mut self) {
        let mut line = Vec::new();
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
    fn flush(&mut self, octets: &[u8], limit: Duration, due: usize) -> Result<(), Loss> {
        let reader = &mut self.reader;
        self.wire
            .write(octets, limit, &mut |heard| {
                reader.push(heard);
                reader.waiting() <= due + 1
            })
            .map_err(loss)
    }

    /// Waits for octets until a whole reply is there.
    fn fill(&mut self, stage: Stage) -> Result<(), Loss> {
        let limit = self.timeouts.at(stage);
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

    /// Writes what is gathered, then hands over what was heard.
    fn send(&mut self, transaction: &mut Transaction<'_>, octets: &mut Vec<u8>) {
        let limit = self.timeouts.at(transaction.stage());
        let result = self.flush(octets, limit, transaction.outstanding());
        octets.clear();
        self.hear(transaction);
        if let Err(loss) = result {
            transaction.lost(&loss);
        }
    }

    fn receive(&mut self, transaction: &mut Transaction<'_>) {
        if let Err(loss) = self.fill(transaction.stage()) {
            transaction.lost(&loss);
        }
        self.hear(transaction);
    }

    /// Takes what is there, without waiting; stops as [`Dialogue::flush`] does.
    fn look(&mut self, due: usize) -> Result<(), WireError> {
        let reader = &mut self.reader;
        self.wire.listen(&mut |heard| {
            reader.push(heard);
            reader.waiting() <= due + 1
        })
    }

    /// Hands every whole reply to the transaction.
    fn hear(&mut self, transaction: &mut Transaction<'_>) {
        while let Some(reply) = self.reader.next_reply() {
            match reply {
                Ok(reply) => {
                    self.transcript.reply(&reply);
                    transaction.reply(&reply);
                }
                Err(error) => return transaction.lost(&Loss::NoReply(error)),
            }
        }
        if !self.reader.is_empty() {
            transaction.left_over();
        }
    }

    /// Streams the message, behind the commands of its flight; gives what is left to be written with the dot.
    fn body(&mut self, transaction: &mut Transaction<'_>, message: &Message, flight: &[u8]) -> Vec<u8> {
        // The replies to the envelope may come while the message that rides with it is written.
        let due = if transaction.rides() { transaction.outstanding() } else { 0 };
        let limit = self.timeouts.body;
        let sink = BodySink { wire: &mut self.wire, reader: &mut self.reader, limit, due, end: None };
        let mut stuffer =
            if transaction.is_chunked() { DotStuffer::plain(sink, flight) } else { DotStuffer::new(sink) };
        let written = message.write_to(&mut stuffer);
        let taken = stuffer.taken;
        let (tail, sink) = stuffer.finish();
        let end = sink.end;
        self.transcript.note(&format!("message, {taken} octets"));
        match (written, end) {
            (Ok(()), _) if taken == message.size() => {
                // What the server says before the dot is an early reply; a last look tells.
                let look = self.look(due);
                self.hear_early(transaction);
                match look {
                    Ok(()) => transaction.body_written(),
                    Err(error) => transaction.lost(&loss(error)),
                }
            }
            (Ok(()), _) => transaction.unreadable("it is not as long as it was when its size was told"),
            (Err(MessageError::Sink(_)), Some(WireError::Stopped)) => self.hear_early(transaction),
            (Err(MessageError::Sink(_)), Some(error)) => {
                self.hear_early(transaction);
                transaction.lost(&loss(error));
            }
            (Err(error), _) => transaction.unreadable(&in_words(&error)),
        }
        tail
    }

    fn hear_early(&mut self, transaction: &mut Transaction<'_>) {
        if self.reader.has_reply() {
            self.hear(transaction);
        } else if !self.reader.is_empty() {
            self.receive(transaction);
        }
    }
}

/// Replies that may wait while a command of the session is written: its own.
const SESSION_REPLIES: usize = 1;
/// Octets of commands that are written at once.
const FLIGHT: usize = 32 * 1024;

/// Where the message goes: the wire, with an ear on what the server says.
struct BodySink<'a> {
    wire: &'a mut Wire,
    reader: &'a mut ReplyReader,
    limit: Duration,
    /// Replies that may come meanwhile; any other stops the writing.
    due: usize,
    end: Option<WireError>,
}

impl Write for BodySink<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let (reader, due) = (&mut *self.reader, self.due);
        let result = self.wire.write(octets, self.limit, &mut |heard| {
            reader.push(heard);
            due > 0 && reader.waiting() <= due
        });
        match result {
            Ok(()) => Ok(octets.len()),
            Err(error) => {
                self.end = Some(error);
                Err(io::Error::other("the wire takes no more"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn loss(error: WireError) -> Loss {
    match error {
        WireError::Closed => Loss::Closed,
        WireError::TimedOut(seconds) => Loss::TimedOut(seconds),
        WireError::Broken(words) => Loss::Broken(words),
        WireError::Stopped => Loss::Unasked,
        other => Loss::Broken(other.to_string()),
    }
}

fn handshake_verdict(error: &WireError) -> Verdict {
    let stage = Stage::Handshake;
    match error {
        WireError::Tls(TlsError::Certificate(problem)) => Verdict::failed(
            stage,
            Problem::Certificate(problem.clone()),
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
        WireError::TimedOut(seconds) => Verdict::deferred(
            stage,
            Problem::TimedOut,
            format!("the server gave no answer within {seconds} s {stage}"),
        ),
        other => Verdict::deferred(stage, Problem::ConnectionLost, format!("{other} {stage}")),
    }
}
