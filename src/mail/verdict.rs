//! A verdict: an outcome before it is known whose it is. Session, transaction and transports give verdicts;
//! a report makes outcomes of them.

use std::borrow::Cow;

use crate::mail::{Address, Class, EnhancedStatus, Fate, Outcome, Problem, ReportedReply, Stage};
use crate::sys::Interrupt;

/// What was decided at a stage, for one recipient or for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What becomes of the recipients concerned.
    pub fate: Fate,
    /// Where it was decided.
    pub stage: Stage,
    /// The kind of trouble; `None` when accepted.
    pub problem: Option<Problem>,
    /// The server's status, or ours where it gave none.
    pub status: EnhancedStatus,
    /// The server's words.
    pub reply: Option<ReportedReply>,
    /// Our sentence; never empty.
    pub sentence: String,
    /// Whether a second try may duplicate.
    pub in_doubt: bool,
    /// What the reply amounts to, where more is known of it than its code says.
    pub class: Option<Class>,
    /// What is known to help with such a reply.
    pub advice: Option<Cow<'static, str>>,
}

impl Verdict {
    /// A later try can help.
    pub fn deferred(stage: Stage, problem: Problem, sentence: impl Into<String>) -> Self {
        Verdict {
            fate: Fate::Deferred,
            stage,
            problem: Some(problem),
            status: EnhancedStatus::new(4, 4, 0),
            reply: None,
            sentence: sentence.into(),
            in_doubt: false,
            class: None,
            advice: None,
        }
    }

    /// No later try can help.
    pub fn failed(stage: Stage, problem: Problem, sentence: impl Into<String>) -> Self {
        Verdict {
            fate: Fate::Failed,
            status: EnhancedStatus::new(5, 0, 0),
            ..Self::deferred(stage, problem, sentence)
        }
    }

    /// The next hop has taken responsibility.
    pub fn accepted(stage: Stage, sentence: impl Into<String>) -> Self {
        Verdict {
            fate: Fate::Accepted,
            stage,
            problem: None,
            status: EnhancedStatus::new(2, 0, 0),
            reply: None,
            sentence: sentence.into(),
            in_doubt: false,
            class: None,
            advice: None,
        }
    }

    /// The program was asked to end. Behind the dot nobody knows what the next hop has made of it.
    pub fn interrupted(stage: Stage, by: Interrupt) -> Self {
        let before = if stage == Stage::Dot { "" } else { ", before the message was complete" };
        let sentence = format!("interrupted by {by} {stage}{before}");
        Verdict::deferred(stage, Problem::Interrupted(by), sentence).with_status(4, 4, 2)
    }

    /// The same with this status.
    pub fn with_status(mut self, class: u8, subject: u16, detail: u16) -> Self {
        self.status = EnhancedStatus::new(class, subject, detail);
        self
    }

    /// The verdict that led to an outcome.
    pub fn of(outcome: &Outcome) -> Self {
        Verdict {
            fate: outcome.fate,
            stage: outcome.stage,
            problem: outcome.problem.clone(),
            status: outcome.status,
            reply: outcome.reply.clone(),
            sentence: outcome.sentence.clone(),
            in_doubt: outcome.in_doubt,
            class: outcome.class,
            advice: outcome.advice.clone(),
        }
    }

    /// The outcome of `recipient` under this verdict; `host` is who decided.
    pub fn outcome(&self, recipient: &Address, host: &str) -> Outcome {
        Outcome {
            recipient: recipient.clone(),
            fate: self.fate,
            stage: self.stage,
            problem: self.problem.clone(),
            status: self.status,
            host: host.to_owned(),
            reply: self.reply.clone(),
            sentence: self.sentence.clone(),
            in_doubt: self.in_doubt,
            class: self.class,
            advice: self.advice.clone(),
        }
    }
}
