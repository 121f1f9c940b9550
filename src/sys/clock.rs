//! What time it is: one seam, so that dates and ids in tests do not move.

use std::time::{Duration, SystemTime};

use jiff::{Timestamp, Zoned, tz::TimeZone};

/// Tells the wall-clock time. Deadlines do not use it: they run on the monotonic clock.
pub trait Clock: Sync {
    /// The present moment.
    fn now(&self) -> SystemTime;

    /// The present moment in the user's time zone, for a `Date` field.
    fn local(&self) -> Zoned {
        Timestamp::try_from(self.now()).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::system())
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that stands still, `seconds` after 1970 in UTC.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock {
    /// Unix time, seconds.
    pub seconds: u64,
}

impl Clock for FixedClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.seconds)
    }

    fn local(&self) -> Zoned {
        Timestamp::try_from(self.now()).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC)
    }
}
