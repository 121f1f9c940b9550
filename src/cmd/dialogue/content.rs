//! A message on its way as a stream: it ends where the message does, and knows how.

use std::io::{self, Read};

use super::{Ended, Line};
use crate::smtp::Event;

/// How the octets of a message ended.
pub(super) enum End {
    /// It is whole.
    Whole,
    /// The server has given it up; this is said.
    Dropped(Event),
    /// The dialogue is over.
    Lost(Ended),
}

/// The octets of the message that has begun.
pub(super) struct Content<'a, 'b> {
    line: &'a mut Line<'b>,
    piece: Vec<u8>,
    /// Those before it are read.
    at: usize,
    end: Option<End>,
}

impl<'a, 'b> Content<'a, 'b> {
    pub(super) fn new(line: &'a mut Line<'b>) -> Self {
        Content { line, piece: Vec::new(), at: 0, end: None }
    }

    /// Reads what is left, and says how it ended.
    pub(super) fn end(mut self) -> End {
        loop {
            match self.end.take() {
                Some(end) => return end,
                None => self.advance(),
            }
        }
    }

    /// Takes one event.
    fn advance(&mut self) {
        self.end = match self.line.next_event() {
            Ok(Event::Piece(piece)) => {
                (self.piece, self.at) = (piece, 0);
                None
            }
            // Between the chunks of a message.
            Ok(Event::Reply(reply)) => {
                self.line.replies.extend(reply);
                None
            }
            Ok(Event::End) => Some(End::Whole),
            Ok(event) => Some(End::Dropped(event)),
            Err(ended) => Some(End::Lost(ended)),
        };
    }
}

impl Read for Content<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() && self.end.is_none() {
            self.advance();
        }
        // An end that is no good is none for the reader either: it is asked for behind the reading.
        let count = buffer.len().min(self.piece.len() - self.at);
        buffer[..count].copy_from_slice(&self.piece[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}
