//! The driver of transactions: one mail after the other over a session that is open, several in flight where their owner
//! wants that. It decides nothing: window and transaction do.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::deliver::dialogue::{Dialogue, MORE_PATIENCE, loss};
use crate::deliver::{Mail, Mails, in_words};
use crate::mail::SessionFacts;
use crate::mime::MessageError;
use crate::net::{Wire, WireError};
use crate::smtp::{Batches, DotStuffer, Loss, ReplyReader, Settled, Step, Window};
use crate::sys::reason;

/// Octets that are gathered before they are written.
const FLIGHT: usize = 32 * 1024;
/// How long a server that has said that it closes may take to do so.
const LEAVE: Duration = Duration::from_secs(5);

/// The mails of one connection on their way.
pub(super) struct Exchange<'a, 'd, M: Mails> {
    dialogue: &'a mut Dialogue<'d>,
    window: &'a mut Window<'d>,
    mails: &'a mut M,
    facts: &'a SessionFacts,
    max_recipients: Option<usize>,
    /// One for each transaction in flight, oldest first.
    posts: VecDeque<Post<M::Mail>>,
    /// What waits for its next batch.
    again: VecDeque<Post<M::Mail>>,
    /// What is to be written with the next flight.
    gathered: Vec<u8>,
    /// Where in it the newest transaction begins.
    begun_at: usize,
    /// What became of a mail could not be recorded: no other is begun.
    is_stopped: bool,
}

/// A mail with a transaction in flight.
struct Post<M> {
    mail: M,
    batches: Batches,
    places: Vec<usize>,
    begin: Instant,
}

impl<'a, 'd, M: Mails> Exchange<'a, 'd, M> {
    /// Begins with nothing in flight.
    pub(super) fn new(
        dialogue: &'a mut Dialogue<'d>,
        window: &'a mut Window<'d>,
        mails: &'a mut M,
        facts: &'a SessionFacts,
        max_recipients: Option<usize>,
    ) -> Self {
        let (posts, again, gathered) = (VecDeque::new(), VecDeque::new(), Vec::new());
        Exchange {
            dialogue,
            window,
            mails,
            facts,
            max_recipients,
            posts,
            again,
            gathered,
            begun_at: 0,
            is_stopped: false,
        }
    }

    /// Hands mails over until there is none left, or the connection takes no more.
    pub(super) fn run(mut self) {
        loop {
            while let Some(settled) = self.window.settled() {
                self.conclude(settled);
            }
            if self.window.has_room() && self.begin() {
                continue;
            }
            if self.window.is_empty() {
                break;
            }
            self.step();
        }
        while let Some(post) = self.again.pop_front() {
            self.give_up(post);
        }
    }

    /// Begins the next transaction, if there is one.
    fn begin(&mut self) -> bool {
        let Some(mut post) = self.again.pop_front().or_else(|| self.next_post()) else { return false };
        let batch = post.batches.next_batch().expect("somebody's turn is still to come");
        let needs = post.mail.needs();
        post.places = batch.places().to_vec();
        self.begun_at = self.gathered.len();
        self.window.begin(batch.envelope, needs);
        self.posts.push_back(post);
        true
    }

    fn next_post(&mut self) -> Option<Post<M::Mail>> {
        if self.is_stopped {
            return None;
        }
        let mail = self.mails.next_mail()?;
        let batches = Batches::new(mail.envelope().clone(), self.max_recipients, self.window.limits());
        Some(Post { mail, batches, places: Vec::new(), begin: Instant::now() })
    }

    /// One step of the transaction whose turn to write it is.
    fn step(&mut self) {
        // Behind the dot its reply is worth waiting for.
        self.dialogue.wire.endure(if self.window.is_dotted() { MORE_PATIENCE } else { 1 });
        if self.gathered.is_empty() && self.window.awaits_nothing() {
            // What comes now, comes unasked.
            let look = self.dialogue.look(0);
            self.hear();
            if let Err(error) = look {
                self.window.lost(&loss(error));
            }
        }
        match self.window.newest().map(|newest| newest.next_step()) {
            Some(Step::Write(command)) => {
                command.write(&mut self.gathered);
                self.dialogue.transcript.command(&command);
                // A long list of recipients goes in several writes, and its replies are heard between them.
                if self.gathered.len() >= FLIGHT {
                    self.send();
                }
            }
            Some(Step::Body) => {
                let rides = self.window.newest().is_some_and(|newest| newest.rides());
                if !rides || self.may_commit() {
                    self.body();
                }
            }
            Some(Step::Dot) => {
                let newest = self.window.newest().expect("it wants its dot");
                let (is_chunked, rides) = (newest.is_chunked(), newest.rides());
                if (rides || self.may_commit()) && !is_chunked {
                    self.gathered.extend_from_slice(b".\r\n");
                }
            }
            Some(Step::Done) if self.window.outstanding() == 0 => {}
            _ if !self.gathered.is_empty() => self.send(),
            _ => self.receive(),
        }
    }

    /// Asks the owner whether the octets that end the message may leave. If not, they never do.
    fn may_commit(&mut self) -> bool {
        let newest = self.window.newest().expect("its message is to be ended");
        let expecting = newest.expecting();
        if expecting.is_empty() {
            return true;
        }
        let post = self.posts.back().expect("each transaction has its mail");
        let places: Vec<usize> = expecting.into_iter().map(|index| post.places[index]).collect();
        match self.mails.before_dot(&post.mail, &places) {
            Ok(()) => true,
            Err(error) => {
                newest.forbid(&format!("it cannot be recorded: {}", reason(&error)));
                self.gathered.truncate(self.begun_at);
                false
            }
        }
    }

    /// A transaction is done: its mail too, unless somebody's turn is still to come.
    fn conclude(&mut self, settled: Settled) {
        let mut post = self.posts.pop_front().expect("each transaction has its mail");
        if settled.is_untried && !post.batches.is_begun() {
            let why = settled.verdicts.into_iter().next().expect("an envelope has a recipient");
            return self.mails.untried(post.mail, why);
        }
        if self.mails.answered(&post.mail, &post.places, &settled).is_err() {
            self.is_stopped = true;
        }
        post.batches.take(&post.places, settled);
        if post.batches.is_pending() && self.window.is_usable() && !self.is_stopped {
            self.again.push_back(post);
        } else {
            self.give_up(post);
        }
    }

    /// The report of a mail; whose turn has not come gets none on this connection.
    fn give_up(&mut self, mut post: Post<M::Mail>) {
        post.batches.give_up();
        let mut facts = self.facts.clone();
        facts.timings.transaction = post.begin.elapsed();
        let report = post.batches.report(facts);
        self.mails.settled(post.mail, report);
    }

    /// Writes what is gathered, then hands over what was heard.
    fn send(&mut self) {
        let limit = self.dialogue.timeouts.at(self.window.stage());
        self.window.touch();
        let result = self.dialogue.flush(&self.gathered, limit, self.window.outstanding());
        self.gathered.clear();
        self.begun_at = 0;
        self.hear();
        if let Err(loss) = result {
            self.window.lost(&loss);
        }
    }

    fn receive(&mut self) {
        let mut limit = self.dialogue.timeouts.at(self.window.stage());
        if self.window.is_leaving() {
            limit = limit.min(LEAVE);
        }
        if let Err(loss) = self.dialogue.fill(limit) {
            self.window.lost(&loss);
        }
        self.hear();
    }

    /// Hands every whole reply to the window.
    fn hear(&mut self) {
        while let Some(reply) = self.dialogue.reader.next_reply() {
            match reply {
                Ok(reply) => {
                    self.dialogue.transcript.reply(&reply);
                    self.window.reply(&reply);
                }
                Err(error) => return self.window.lost(&Loss::NoReply(error)),
            }
        }
        if !self.dialogue.reader.is_empty() {
            self.window.left_over();
        }
    }

    /// Streams the newest message, behind what is gathered; what is left of it is gathered for the next flight.
    fn body(&mut self) {
        let newest = self.window.newest().expect("its message is to be written");
        let (is_chunked, rides) = (newest.is_chunked(), newest.rides());
        let mail = &self.posts.back().expect("each transaction has its mail").mail;
        // Replies to what is on its way may come while a message that rides is written.
        let due = if rides { self.window.outstanding() } else { 0 };
        let limit = self.dialogue.timeouts.body;
        let sink = BodySink {
            wire: &mut self.dialogue.wire,
            reader: &mut self.dialogue.reader,
            limit,
            due,
            end: None,
            is_used: false,
        };
        let mut stuffer =
            if is_chunked { DotStuffer::plain(sink, &self.gathered) } else { DotStuffer::new(sink) };
        let written = mail.write_to(&mut stuffer);
        let is_whole = stuffer.taken == mail.needs().size;
        let taken = stuffer.taken;
        let (tail, BodySink { end, is_used, .. }) = stuffer.finish();
        self.gathered = tail;
        self.dialogue.transcript.note(&format!("message, {taken} octets"));
        if is_used {
            self.begun_at = 0;
            self.window.touch();
        }
        match (written, end) {
            (Ok(()), _) if is_whole => self.body_written(due),
            (Ok(()), _) => self.unreadable("it is not as long as it was when its size was told"),
            (Err(MessageError::Sink(_)), Some(WireError::Stopped)) => self.hear_early(),
            (Err(MessageError::Sink(_)), Some(error)) => {
                self.hear_early();
                self.window.lost(&loss(error));
            }
            (Err(error), _) => self.unreadable(&in_words(&error)),
        }
    }

    /// What the server says before the dot is an early reply; a last look tells.
    fn body_written(&mut self, due: usize) {
        let look = self.dialogue.look(due);
        self.hear_early();
        match look {
            Ok(()) => {
                if let Some(newest) = self.window.newest() {
                    newest.body_written();
                }
            }
            Err(error) => self.window.lost(&loss(error)),
        }
    }

    fn unreadable(&mut self, words: &str) {
        // What goes before it is whole.
        self.gathered.truncate(self.begun_at);
        if let Some(newest) = self.window.newest() {
            newest.unreadable(words);
        }
    }

    fn hear_early(&mut self) {
        if self.dialogue.reader.has_reply() {
            self.hear();
        } else if !self.dialogue.reader.is_empty() {
            self.receive();
        }
    }
}

/// Where the message goes: the wire, with an ear on what the server says.
struct BodySink<'a> {
    wire: &'a mut Wire,
    reader: &'a mut ReplyReader,
    limit: Duration,
    /// Replies that may come meanwhile; any other stops the writing.
    due: usize,
    end: Option<WireError>,
    is_used: bool,
}

impl Write for BodySink<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let (reader, due) = (&mut *self.reader, self.due);
        self.is_used = true;
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
