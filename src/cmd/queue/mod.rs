//! The verb `queue`: what waits in the spool, and what is done with it.

mod run;
