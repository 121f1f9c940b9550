//! What has the queue run: a send that leaves a run behind.

mod behind;

pub(in crate::cmd) use behind::leave_run;
