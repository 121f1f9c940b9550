//! A secret whose program runs while other work is done.

use super::{SecretError, SecretPlace, SecretSource};
use crate::config::Surroundings;
use crate::sys::{Ended, Run, RunError, Secret, Started};

/// A secret that may have to be waited for. It can be had again and again. Dropped before, it ends its program.
pub struct PendingSecret(State);

enum State {
    Running {
        source: SecretSource,
        program: String,
        child: Box<dyn Started>,
    },
    Known(Secret),
    Failed(SecretError),
    /// Only while it is waited for.
    Empty,
}

impl std::fmt::Debug for PendingSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl SecretSource {
    /// Begins to fetch the secret: a program is started, every other source gives its secret at once.
    pub fn begin(&self, run: &dyn Run, surroundings: &Surroundings) -> Result<PendingSecret, SecretError> {
        let SecretPlace::Command(argv) = &self.place else {
            return Ok(PendingSecret(State::Known(self.fetch(run, surroundings)?)));
        };
        let child = run.start(&self.child(argv)).map_err(|failure| SecretError::Run { failure })?;
        let program = argv.first().cloned().unwrap_or_default();
        Ok(PendingSecret(State::Running { source: self.clone(), program, child }))
    }
}

impl PendingSecret {
    /// The secret, once it is there; `None` where there is none: [`PendingSecret::error`] tells why.
    pub fn wait(&mut self) -> Option<Secret> {
        self.0 = match std::mem::replace(&mut self.0, State::Empty) {
            State::Running { source, program, child } => match source.ended(&program, child.finish()) {
                Ok(secret) => State::Known(secret),
                Err(error) => State::Failed(error),
            },
            settled => settled,
        };
        match &self.0 {
            State::Known(secret) => Some(secret.clone()),
            _ => None,
        }
    }

    /// Why there is none. `None` also where nobody has waited for it.
    pub fn error(self) -> Option<SecretError> {
        match self.0 {
            State::Failed(error) => Some(error),
            _ => None,
        }
    }
}

impl SecretSource {
    /// What the program's end amounts to.
    pub(super) fn ended(&self, program: &str, ended: Result<Ended, RunError>) -> Result<Secret, SecretError> {
        let ended = ended.map_err(|failure| SecretError::Run { failure })?;
        self.judged(program, ended).and_then(|secret| self.checked(secret))
    }
}
