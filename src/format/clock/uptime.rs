//! What the uptimes that a log names say beside its stamps.

use super::{LEAST_STEP, WRONG};
use crate::model::{Source, Stamp, Timestamp};

/// Uptimes of this many microseconds and more are compared: what happened earlier is logged when the log begins.
const SETTLED: i64 = 600_000_000;

/// An uptime that is smaller by less than this is that of a record which came late, and of no other boot.
const LATE: i64 = 60_000_000;

/// Follows the uptimes of one member.
#[derive(Debug, Default)]
pub(super) struct Uptimes {
    now: Option<Up>,
    last: i64,
    /// What the first and the last record say that are long enough after a boot.
    pub(super) ends: Option<Ends>,
    /// Records that named one.
    pub(super) seen: u64,
    /// Records that named a smaller one than the record before.
    pub(super) restarts: u64,
}

/// What a log's uptimes say where it begins and where it ends: the next rotation goes on there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Uptime of the first record that tells, in microseconds.
    pub first_uptime: i64,
    /// Its stamp.
    pub first: Stamp,
    /// The record.
    pub source: Source,
    /// Its line.
    pub line: String,
    /// Uptime of the last one.
    pub last_uptime: i64,
    /// Its stamp.
    pub last: Stamp,
}

/// What uptimes say of the present boot.
#[derive(Debug)]
struct Up {
    last: i64,
    /// Stamp less uptime.
    boot: Timestamp,
    /// Whether `boot` is from a time at which stamps and uptimes agree.
    settled: bool,
    /// A record that disagrees, until the next one does too: its boot, its time, its place and line.
    doubt: Option<Odd>,
}

#[derive(Debug)]
struct Odd {
    boot: Timestamp,
    stamp: Stamp,
    source: Source,
    line: String,
}

/// What one more record shows.
pub(super) enum Shows {
    /// The host booted at this time; whether that was while the log was written.
    Boot { at: Timestamp, in_log: bool },
    /// The present boot was at this time.
    Better { at: Timestamp },
    /// The clock was wrong since the boot, and was set; by so much, in microseconds.
    Wrong { at: Timestamp, shift: i64 },
    /// The clock was set by so much at this record.
    Set { size: i64, stamp: Stamp, source: Source, line: String },
    /// Nothing new.
    Nothing,
}

impl Uptimes {
    /// Whether `uptime` is that of a later boot than the one before it.
    pub(super) fn begins_again(&mut self, uptime: i64) -> bool {
        uptime < std::mem::replace(&mut self.last, uptime)
    }

    /// Takes a record's stamp and the uptime that it names; `place` gives its place and line.
    pub(super) fn see(&mut self, stamp: Stamp, uptime: i64, place: impl Fn() -> (Source, String)) -> Shows {
        let boot = stamp.time.plus_micros(-uptime);
        self.seen += 1;
        if uptime >= SETTLED {
            self.ends_with(stamp, uptime, &place);
        }
        let late = self.now.as_ref().is_some_and(|up| uptime < up.last && up.last - uptime < LATE);
        if late {
            // Two writers overtake each other.
            return Shows::Nothing;
        }
        let Some(up) = self.now.as_mut().filter(|up| uptime >= up.last) else {
            self.restarts += u64::from(self.now.is_some());
            let in_log = self.now.is_some() || uptime < SETTLED;
            self.now = Some(Up { last: uptime, boot, settled: uptime >= SETTLED, doubt: None });
            return Shows::Boot { at: boot, in_log };
        };
        up.last = uptime;
        if up.settled { up.moved(boot, stamp, place) } else { up.settle(boot, uptime) }
    }
}

impl Uptimes {
    fn ends_with(&mut self, stamp: Stamp, uptime: i64, place: impl Fn() -> (Source, String)) {
        if let Some(ends) = &mut self.ends {
            (ends.last_uptime, ends.last) = (uptime, stamp);
            return;
        }
        let (source, line) = place();
        self.ends =
            Some(Ends { first_uptime: uptime, first: stamp, source, line, last_uptime: uptime, last: stamp });
    }
}

impl Up {
    /// What happened before the log began is stamped late: the earliest boot is the best, unless the clock was wrong.
    fn settle(&mut self, boot: Timestamp, uptime: i64) -> Shows {
        let known = self.boot;
        let shift = boot.since(known);
        self.settled = uptime >= SETTLED;
        if shift.abs() >= WRONG {
            self.boot = boot;
            return Shows::Wrong { at: boot, shift };
        }
        self.boot = if self.settled { boot } else { known.min(boot) };
        Shows::Better { at: self.boot }
    }

    /// Whether the clock was set: two records in a row must say so.
    fn moved(&mut self, boot: Timestamp, stamp: Stamp, place: impl FnOnce() -> (Source, String)) -> Shows {
        if boot.since(self.boot).abs() < LEAST_STEP {
            // A clock that is slewed drifts against the uptime: what counts is a jump between neighbours.
            (self.boot, self.doubt) = (boot, None);
            return Shows::Nothing;
        }
        match self.doubt.take() {
            Some(odd) if boot.since(odd.boot).abs() < LEAST_STEP => {
                let size = odd.boot.since(self.boot);
                self.boot = odd.boot;
                Shows::Set { size, stamp: odd.stamp, source: odd.source, line: odd.line }
            }
            _ => {
                let (source, line) = place();
                self.doubt = Some(Odd { boot, stamp, source, line });
                Shows::Nothing
            }
        }
    }
}
