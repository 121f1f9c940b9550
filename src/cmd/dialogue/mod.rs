//! An SMTP dialogue over two streams: commands are read, replies written, and each message that arrives whole is handed to
//! whoever takes it. It decides nothing: what is said is in `smtp::Server`, what becomes of a message in the closure.

mod content;

use std::io::{self, Read, Write};

use self::content::{Content, End};
use crate::mail::EnhancedStatus;
use crate::mime::{Source, SourceError};
use crate::smtp::{Arrival, Event, Refusal, Server, ServerPolicy};
use crate::sys::reason;

/// Octets read at a time.
const BLOCK: usize = 64 * 1024;

/// Who speaks.
#[derive(Debug, Clone)]
pub struct Host {
    /// Its name in the greeting.
    pub name: String,
    /// The largest message it takes, octets.
    pub size_limit: Option<u64>,
}

/// How a dialogue ended. In each case what was taken stays taken, and a message that had not come to its end is dropped.
#[derive(Debug)]
pub enum Ended {
    /// The client said QUIT, or what nobody can go on behind, and has its reply.
    Closed,
    /// There is no more input.
    Silent,
    /// The input cannot be read.
    Deaf(io::Error),
    /// The output takes no more: whoever listened is gone. A message whose client is known to be gone before it is handed over
    /// is not taken, or its client would not know and send it again.
    Mute(io::Error),
}

/// What becomes of a message: the words behind `250 2.0.0 Ok: `, or why it is not taken.
pub type Answer = Result<String, Refusal>;

/// Leads a dialogue to its end.
///
/// Replies are gathered and written where more input is waited for, and before a message is handed over (RFC 2920 3.2).
pub fn converse(
    host: Host,
    input: &mut dyn Read,
    output: &mut dyn Write,
    take: &mut dyn FnMut(Arrival, Source) -> Answer,
) -> Ended {
    let Host { name, size_limit } = host;
    let server = Server::new(ServerPolicy { name, login: None, size_limit, chunking: true });
    let replies = server.greeting();
    let mut line = Line { server, input, output, replies, buffer: vec![0; BLOCK] };
    loop {
        let done = match line.next_event() {
            Ok(Event::Begin(arrival, reply)) => {
                line.replies.extend(reply);
                line.receive(arrival, take)
            }
            Ok(event) => line.say(event),
            Err(ended) => Err(ended),
        };
        if let Err(ended) = done {
            return ended;
        }
    }
}

/// The two streams and the server between them.
struct Line<'a> {
    server: Server,
    input: &'a mut dyn Read,
    output: &'a mut dyn Write,
    /// What is said and not written yet.
    replies: Vec<u8>,
    buffer: Vec<u8>,
}

impl Line<'_> {
    /// The next event that is not that input is missing.
    fn next_event(&mut self) -> Result<Event, Ended> {
        loop {
            match self.server.next_event() {
                Event::More => {
                    self.flush()?;
                    self.read()?;
                }
                event => return Ok(event),
            }
        }
    }

    fn read(&mut self) -> Result<(), Ended> {
        loop {
            match self.input.read(&mut self.buffer) {
                Ok(0) => return Err(Ended::Silent),
                Ok(count) => {
                    self.server.push(&self.buffer[..count]);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Ended::Deaf(error)),
            }
        }
    }

    fn flush(&mut self) -> Result<(), Ended> {
        if self.replies.is_empty() {
            return Ok(());
        }
        let written = self.output.write_all(&self.replies).and_then(|()| self.output.flush());
        self.replies.clear();
        written.map_err(Ended::Mute)
    }

    /// Says what an event outside of a message says.
    fn say(&mut self, event: Event) -> Result<(), Ended> {
        match event {
            Event::Reply(reply) | Event::Dropped(reply) => {
                self.replies.extend(reply);
                Ok(())
            }
            Event::Close(reply) => {
                self.replies.extend(reply);
                self.flush()?;
                Err(Ended::Closed)
            }
            Event::Begin(..) | Event::Piece(_) | Event::End | Event::More | Event::StartTls(_) => {
                unreachable!("a server without a login, outside of a message, says {event:?}")
            }
        }
    }

    /// Receives a message that has begun, and has it taken if it comes to its end.
    fn receive(
        &mut self,
        arrival: Arrival,
        take: &mut dyn FnMut(Arrival, Source) -> Answer,
    ) -> Result<(), Ended> {
        let mut content = Content::new(self);
        let source = Source::from_reader(&mut content);
        // Where there was no room for it, the rest of it comes all the same.
        match content.end() {
            End::Whole => {}
            End::Dropped(event) => return self.say(event),
            End::Lost(ended) => return Err(ended),
        }
        self.flush()?;
        let answer = source.map_err(|error| no_room(&error)).and_then(|source| take(arrival, source));
        let reply = self.server.answer(answer);
        self.replies.extend(reply);
        Ok(())
    }
}

/// The refusal of a message for which there is no temporary file.
fn no_room(error: &SourceError) -> Refusal {
    let why = std::error::Error::source(error).map(|why| format!(": {}", reason(&why))).unwrap_or_default();
    Refusal::new(EnhancedStatus::new(4, 3, 1), format!("cannot keep the message{why}"))
}

#[cfg(test)]
mod tests;
