//! The state of an entry: the replay of its journal, and nothing else.

use super::Id;
use super::format::{Cause, Decision, Event, Header, InDoubt, Kind};

/// What became of one recipient so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// To be tried.
    Pending,
    /// To be tried, though so many dots may have reached the hop.
    InDoubt(u32),
    /// In doubt, and not tried again before a person says so.
    Held,
    /// The hop has it.
    Accepted,
    /// It will not be tried again.
    Failed,
}

/// One recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Mark {
    /// The last decision: an accepting or failing one is final.
    last: Option<Decision>,
    /// Dots that may have reached the hop, since a person last looked.
    doubts: u32,
    /// Its sender knows, or will never know, that it failed.
    is_noticed: bool,
}

/// The state of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    marks: Vec<Mark>,
    in_doubt: InDoubt,
    /// How many dots in doubt a recipient may have before it is held.
    limit: u32,
    /// Attempts so far.
    pub attempts: u32,
    /// When the last attempts began, seconds since 1970, at most 8, the last one last.
    pub tried_s: Vec<u64>,
    /// When it is tried next; `None` when a person holds it.
    pub due_s: Option<u64>,
    /// When it is given up.
    pub expires_s: u64,
    /// How often it got another end because a clock was wrong.
    pub repairs: u32,
    /// A person has removed it.
    pub is_removed: bool,
    /// The last bounce that was recorded, and how many there were.
    pub bounces: (Option<Id>, u32),
    /// A notice of delay was sent, or never will be.
    pub is_delay_told: bool,
    /// The largest number of a transaction.
    pub transactions: u32,
    /// How often in a row the message could not be read.
    pub unread: u32,
    /// Transactions whose dot may have left, without a result.
    open: Vec<(u32, Vec<u16>)>,
    /// Of these, those of which not even the doubt is on record.
    silent: Vec<(u32, Vec<u16>)>,
}

impl State {
    /// The state of an entry that has just been taken; it is due at once.
    pub fn new(header: &Header, limit: u32) -> Self {
        State {
            marks: vec![Mark::default(); header.recipients as usize],
            in_doubt: header.in_doubt,
            limit,
            attempts: 0,
            tried_s: Vec::new(),
            due_s: Some(header.created_ms / 1000),
            expires_s: header.expires_s,
            repairs: 0,
            is_removed: false,
            bounces: (None, 0),
            is_delay_told: false,
            transactions: 0,
            unread: 0,
            open: Vec::new(),
            silent: Vec::new(),
        }
    }

    /// The state after these events.
    pub fn replay(header: &Header, limit: u32, events: &[Event]) -> Self {
        let mut state = State::new(header, limit);
        for event in events {
            state.apply(event);
        }
        state
    }

    /// Takes one event in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Attempt { time_s, number, due_s, .. } => {
                self.attempts = *number;
                if self.tried_s.len() == 8 {
                    self.tried_s.remove(0);
                }
                self.tried_s.push(*time_s);
                self.due_s = Some(*due_s);
            }
            Event::Commit { transaction, places, .. } => {
                self.transactions = self.transactions.max(*transaction);
                // It was read to its end.
                self.unread = 0;
                for &place in places {
                    self.mark(place, |mark| mark.doubts += 1);
                }
                self.open.push((*transaction, places.clone()));
                self.silent.push((*transaction, places.clone()));
            }
            Event::Result { transaction, decision, places } => self.settle(*transaction, decision, places),
            Event::Doubt { transaction, .. } => self.silent.retain(|(number, _)| number != transaction),
            Event::Schedule { due_s, expires_s, cause } => {
                self.due_s = *due_s;
                self.expires_s = *expires_s;
                self.look_after(*cause);
            }
            Event::Notice { kind, bounce, places } => {
                if bounce.is_some() {
                    self.bounces = (*bounce, self.bounces.1 + 1);
                }
                if *kind == Kind::Delayed {
                    self.is_delay_told = true;
                    return;
                }
                for &place in places {
                    self.mark(place, |mark| mark.is_noticed = true);
                }
            }
            Event::Removed { .. } => self.is_removed = true,
        }
    }

    fn settle(&mut self, transaction: u32, decision: &Decision, places: &[u16]) {
        let named = self.open.iter_mut().find(|(number, _)| *number == transaction);
        let mut certain = Vec::new();
        if let Some((_, open)) = named {
            certain = open.iter().copied().filter(|place| places.contains(place)).collect();
            open.retain(|place| !places.contains(place));
        }
        for (_, silent) in self.silent.iter_mut().filter(|(number, _)| *number == transaction) {
            silent.retain(|place| !places.contains(place));
        }
        self.silent.retain(|(_, places)| !places.is_empty());
        self.unread += u32::from(decision.is_unread());
        for place in certain {
            self.mark(place, |mark| mark.doubts = mark.doubts.saturating_sub(1));
        }
        for &place in places {
            self.mark(place, |mark| {
                // What is final stays.
                if mark.last.as_ref().is_none_or(|last| last.class == 4) {
                    mark.last = Some(decision.clone());
                }
            });
        }
    }

    /// A person has decided, or the hop was not there: that was no attempt.
    fn look_after(&mut self, cause: Cause) {
        if cause == Cause::Host {
            self.attempts = self.attempts.saturating_sub(1);
            self.tried_s.pop();
        }
        self.repairs += u32::from(cause == Cause::Repair);
        if !matches!(cause, Cause::Retry | Cause::Release) {
            return;
        }
        self.open.clear();
        self.silent.clear();
        self.unread = 0;
        for mark in &mut self.marks {
            mark.doubts = 0;
            if cause == Cause::Retry && mark.last.as_ref().is_some_and(|last| last.class == 5) {
                *mark = Mark::default();
            }
        }
    }

    fn mark(&mut self, place: u16, change: impl FnOnce(&mut Mark)) {
        if let Some(mark) = self.marks.get_mut(usize::from(place)) {
            change(mark);
        }
    }

    /// What became of the recipient at this place.
    pub fn fate(&self, place: usize) -> Fate {
        let mark = &self.marks[place];
        match mark.last.as_ref().map(|last| last.class) {
            Some(2) => Fate::Accepted,
            Some(5) => Fate::Failed,
            _ if mark.doubts == 0 => Fate::Pending,
            _ if self.in_doubt == InDoubt::Hold || mark.doubts >= self.limit => Fate::Held,
            _ => Fate::InDoubt(mark.doubts),
        }
    }

    /// The last decision about the recipient at this place.
    pub fn last(&self, place: usize) -> Option<&Decision> {
        self.marks[place].last.as_ref()
    }

    /// Those to be tried.
    pub fn pending(&self) -> Vec<usize> {
        self.places(|state, place| matches!(state.fate(place), Fate::Pending | Fate::InDoubt(_)))
    }

    /// Whether nobody is left to be tried.
    pub fn is_settled(&self) -> bool {
        (0..self.count()).all(|place| !matches!(self.fate(place), Fate::Pending | Fate::InDoubt(_)))
    }

    /// Those in doubt that wait for a person.
    pub fn held(&self) -> Vec<usize> {
        self.places(|state, place| state.fate(place) == Fate::Held)
    }

    /// Those that failed.
    pub fn failed(&self) -> Vec<usize> {
        self.places(|state, place| state.fate(place) == Fate::Failed)
    }

    /// Those that failed and of whom the sender has not been told.
    pub fn untold(&self) -> Vec<usize> {
        self.places(|state, place| state.fate(place) == Fate::Failed && !state.marks[place].is_noticed)
    }

    /// Those whom a hop has that makes no reports, and of whom the sender wants to hear and has not heard.
    pub fn relayed(&self) -> Vec<usize> {
        let is_relayed = |mark: &Mark| mark.last.as_ref().is_some_and(|last| last.is_relayed);
        self.places(|state, place| is_relayed(&state.marks[place]) && !state.marks[place].is_noticed)
    }

    /// Transactions whose dot may have left, with those of whom nothing is on record behind it.
    pub fn silent(&self) -> &[(u32, Vec<u16>)] {
        &self.silent
    }

    /// Whether the message was found to be damaged.
    pub fn is_damaged(&self) -> bool {
        self.marks.iter().any(|mark| mark.last.as_ref().is_some_and(Decision::is_damage))
    }

    /// Whether a person holds the entry.
    pub fn is_held(&self) -> bool {
        self.due_s.is_none()
    }

    /// How many recipients there are.
    pub fn count(&self) -> usize {
        self.marks.len()
    }

    fn places(&self, wanted: impl Fn(&Self, usize) -> bool) -> Vec<usize> {
        (0..self.marks.len()).filter(|&place| wanted(self, place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{EnhancedStatus, ReportedReply, Stage};
    use crate::spool::Flags;

    fn header(in_doubt: InDoubt) -> Header {
        Header {
            flags: Flags::default(),
            recipients: 3,
            created_ms: 1000,
            expires_s: 100,
            body: 1,
            envelope: 1,
            in_doubt,
            envelope_digest: [0; 32],
            body_digest: [0; 32],
            profile: "default".to_owned(),
        }
    }

    fn commit(transaction: u32, places: &[u16]) -> Event {
        Event::Commit { time_s: 1, transaction, places: places.to_vec() }
    }

    fn result(transaction: u32, class: u8, places: &[u16]) -> Event {
        let decision = Decision {
            time_s: 1,
            class,
            is_relayed: false,
            stage: Stage::Dot,
            status: EnhancedStatus::new(class, 0, 0),
            reply: ReportedReply { code: 0, text: String::new() },
        };
        Event::Result { transaction, decision, places: places.to_vec() }
    }

    fn schedule(cause: Cause) -> Event {
        Event::Schedule { due_s: Some(5), expires_s: 50, cause }
    }

    fn fates(in_doubt: InDoubt, events: &[Event]) -> [Fate; 3] {
        let state = State::replay(&header(in_doubt), 3, events);
        [0, 1, 2].map(|place| state.fate(place))
    }

    #[test]
    fn each_recipient_has_a_fate_of_its_own() {
        let events = [commit(1, &[0, 1, 2]), result(1, 2, &[0]), result(1, 5, &[1]), result(1, 4, &[2])];
        assert_eq!(fates(InDoubt::Retry, &events), [Fate::Accepted, Fate::Failed, Fate::Pending]);
        let again = [&events[..], &[result(2, 4, &[0, 1])]].concat();
        assert_eq!(fates(InDoubt::Retry, &again)[..2], [Fate::Accepted, Fate::Failed], "what is final stays");
    }

    #[test]
    fn a_dot_without_a_result_is_in_doubt_and_the_third_holds() {
        let doubt = |count| (1..=count).map(|number| commit(number, &[0, 1])).collect::<Vec<_>>();
        assert_eq!(fates(InDoubt::Retry, &doubt(1)), [Fate::InDoubt(1), Fate::InDoubt(1), Fate::Pending]);
        assert_eq!(fates(InDoubt::Retry, &doubt(3)), [Fate::Held, Fate::Held, Fate::Pending]);
        assert_eq!(fates(InDoubt::Hold, &doubt(1)), [Fate::Held, Fate::Held, Fate::Pending]);
        let released = [doubt(3), vec![schedule(Cause::Release), commit(4, &[0])]].concat();
        assert_eq!(
            fates(InDoubt::Retry, &released),
            [Fate::InDoubt(1), Fate::Pending, Fate::Pending],
            "a person who lets it go starts the count anew"
        );
        let part = [doubt(2), vec![result(2, 4, &[1])]].concat();
        assert_eq!(fates(InDoubt::Retry, &part), [Fate::InDoubt(2), Fate::InDoubt(1), Fate::Pending]);
    }

    #[test]
    fn a_retry_takes_up_what_failed() {
        let failed = [
            result(0, 5, &[0, 1]),
            result(0, 2, &[2]),
            Event::Notice { kind: Kind::Failed, bounce: None, places: vec![0, 1] },
        ];
        let state = State::replay(&header(InDoubt::Retry), 3, &failed);
        assert_eq!((state.failed(), state.untold(), state.pending()), (vec![0, 1], vec![], vec![]));
        let again = [&failed[..], &[schedule(Cause::Retry), result(0, 5, &[0])]].concat();
        let state = State::replay(&header(InDoubt::Retry), 3, &again);
        assert_eq!((state.untold(), state.pending(), state.due_s), (vec![0], vec![1], Some(5)));
    }

    #[test]
    fn places_that_do_not_exist_are_passed_over() {
        let state = State::replay(&header(InDoubt::Retry), 3, &[commit(1, &[7]), result(1, 2, &[9])]);
        assert_eq!(state.pending(), [0, 1, 2]);
    }
}
