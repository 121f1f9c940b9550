//! A visit to one hop: what its connections have in common, and when there is more than one of them. A hop that is down costs
//! one: the others wait until it has accepted a MAIL.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::{Attempt, Run, Tally};
use crate::deliver::Unopened;
use crate::mail::Address;
use crate::spool::{Gate, Losses, Name};

/// Opens one connection and hands over the mails of an attempt.
pub type Another<'a, 's, 'd> = dyn Fn(&mut Attempt<'_, 's, 'd>) -> Result<(), Box<Unopened>> + Sync + 'a;

/// What the connections to one hop have in common.
#[derive(Debug)]
pub(super) struct Visit<'r, 's, 'd> {
    pub(super) run: &'r Run<'s, 'd>,
    /// Nothing is tried: what is opened is only looked at for its end of life.
    pub(super) is_closed: bool,
    /// From whom reports come.
    pub(super) sender: Option<Address>,
    common: Mutex<Common<'s>>,
    /// The hop has accepted a MAIL, or no connection is to be waited for.
    news: Condvar,
}

/// What changes. It is held for a moment, and never while the hop is waited for.
#[derive(Debug)]
pub(super) struct Common<'s> {
    /// The longest due first.
    pub(super) names: VecDeque<Name>,
    pub(super) gate: Gate<'s>,
    /// Mails on which the connection was lost, in a row.
    pub(super) losses: Losses,
    /// No mail is begun any more: the gate was closed, or what became of one could not be recorded.
    pub(super) is_stopped: bool,
    /// The hop has accepted a MAIL since the first connection was opened.
    is_taking: bool,
    /// The first connection has ended.
    is_alone: bool,
}

impl<'r, 's, 'd> Visit<'r, 's, 'd> {
    pub(super) fn new(
        run: &'r Run<'s, 'd>,
        names: VecDeque<Name>,
        (gate, is_closed): (Gate<'s>, bool),
        sender: Option<Address>,
    ) -> Self {
        let losses = Losses::default();
        let common = Common { names, gate, losses, is_stopped: false, is_taking: false, is_alone: false };
        Visit { run, is_closed, sender, common: Mutex::new(common), news: Condvar::new() }
    }

    pub(super) fn common(&self) -> MutexGuard<'_, Common<'s>> {
        self.common.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.common().is_stopped
    }

    /// The hop has accepted a MAIL: it is open, and other connections may be.
    pub(super) fn is_taking(&self) {
        let mut common = self.common();
        if !common.is_stopped {
            // It is a note that may be lost: an open gate is only tried sooner.
            let _ = common.gate.opened();
        }
        common.is_taking = true;
        self.news.notify_all();
    }

    /// Waits until another connection may be opened; `false`: none.
    fn may_open(&self) -> bool {
        let mut common = self.common();
        while !common.is_taking && !common.is_alone {
            common = self.news.wait(common).unwrap_or_else(PoisonError::into_inner);
        }
        common.is_taking && !common.is_stopped && !common.names.is_empty()
    }

    /// Opens one connection after the other beside the first, for as long as there is something for them. One that gives no
    /// session says that there are enough, and nothing else: the hop is up.
    fn others(&self, another: &Another<'_, 's, 'd>) -> Tally {
        let mut tally = Tally::default();
        while self.may_open() {
            let mut attempt = Attempt::new(self, &mut tally, true);
            if attempt.prepare().is_none() {
                break;
            }
            match another(&mut attempt) {
                Ok(()) if attempt.takes_another() => attempt.let_go(),
                Ok(()) => {
                    attempt.let_go();
                    break;
                }
                Err(_) => {
                    attempt.give_back();
                    break;
                }
            }
        }
        tally
    }
}

impl<'s, 'd> Attempt<'_, 's, 'd> {
    /// Hands over by `first`, and by up to `most` connections at once: the others are opened by `another`, each on a thread of
    /// its own, when the hop has accepted a MAIL. When the first has ended, what is left may go by others.
    ///
    /// # Errors
    ///
    /// The first gave no session.
    pub fn beside(
        &mut self,
        most: usize,
        another: &Another<'_, 's, 'd>,
        first: impl FnOnce(&mut Self) -> Result<(), Box<Unopened>>,
    ) -> Result<(), Box<Unopened>> {
        let visit = self.visit;
        // The first has one in hand.
        let others = most.saturating_sub(1).min(visit.common().names.len());
        if others == 0 {
            return first(self);
        }
        {
            let mut common = visit.common();
            (common.is_taking, common.is_alone) = (false, false);
        }
        thread::scope(|scope| {
            // Where there is no thread there is a connection less.
            let threads: Vec<_> = (0..others)
                .filter_map(|_| thread::Builder::new().spawn_scoped(scope, || visit.others(another)).ok())
                .collect();
            let opened = first(self);
            visit.common().is_alone = true;
            visit.news.notify_all();
            if opened.is_ok() {
                self.tally.add(visit.others(another));
            }
            for thread in threads {
                self.tally.add(thread.join().expect("a connection does not panic"));
            }
            opened
        })
    }
}
