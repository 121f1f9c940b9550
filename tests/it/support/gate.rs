//! A meeting of the scripted server and the test: the server comes to it and waits, the test does what it has to do
//! and lets it go on.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::connection::Stop;

/// No server is this slow.
const LIMIT: Duration = Duration::from_secs(180);

/// Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    is_reached: bool,
    is_open: bool,
}

impl Gate {
    /// Waits until the server has come to the gate.
    #[track_caller]
    pub fn wait_for_server(&self) {
        let (state, news) = &*self.0;
        let guard = state.lock().unwrap();
        let (guard, _) = news.wait_timeout_while(guard, LIMIT, |state| !state.is_reached).unwrap();
        assert!(guard.is_reached, "the server never came to the gate");
    }

    /// Lets the server go on.
    pub fn open(&self) {
        let (state, news) = &*self.0;
        state.lock().unwrap().is_open = true;
        news.notify_all();
    }

    /// The side of whoever stands for the server: comes to the gate and waits until it is open.
    pub fn meet(&self) {
        let _ = self.pass(&Stop::default());
    }

    /// The server's side: waits until the gate is open. An error: the test has ended without opening it.
    pub(super) fn pass(&self, stop: &Stop) -> Result<(), ()> {
        let (state, news) = &*self.0;
        let mut guard = state.lock().unwrap();
        guard.is_reached = true;
        news.notify_all();
        while !guard.is_open {
            if stop.is_over() {
                return Err(());
            }
            (guard, _) = news.wait_timeout(guard, Duration::from_millis(20)).unwrap();
        }
        Ok(())
    }
}
