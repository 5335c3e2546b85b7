//! What the stamps of one log's records say of the clock: in which order they come, where it was set, when the host
//! booted, and in which year a stamp without one lies.
//!
//! One [`Clock`] watches one member. It sees the first line of every record, so what it does for nearly all of them is
//! a comparison of a few bytes.

mod uptime;
mod years;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use memchr::memmem::Finder;

pub use self::uptime::Ends;
use self::uptime::{Shows, Uptimes};
use self::years::Years;
pub use self::years::{YearlessSpan, in_years, waits_for_year, years_before};
use super::header::{self, Header};
use super::shape::Shape;
use super::text::shown;
use super::time;
use crate::model::{Source, Stamp, TimeQuality, Timestamp};

/// A clock that runs back by less than this was not set: threads that write to one log overtake each other.
pub const LEAST_STEP: i64 = 2_000_000;
/// A single record so far ahead of its neighbours has a damaged stamp.
const LONE: i64 = 300_000_000;
/// A clock that is off by a day or more is not a clock that was corrected: it was wrong, and is set.
const WRONG: i64 = DAY;
/// So soon after a boot no host is silent for half a year: it had a wrong clock, and was set.
const FRESH: i64 = 3_600_000_000;
const DAY: i64 = 86_400_000_000;
/// Steps of one member; where there are more it is not the clock that makes them.
const MOST_STEPS: usize = 8;
/// Boots of one member that are kept.
const MOST_BOOTS: usize = 8;
/// Records of a log without an uptime come this late, as those of several threads or a buffer do.
const LATE: i64 = 5_000_000;
/// A last record that is ahead by so much, and confirmed by no other, does not say how far a log reaches.
const FAR: i64 = 30 * DAY;
/// The least time without a record that is kept as a silence, in microseconds: no host boots faster.
const LEAST_SILENCE: i64 = 120_000_000;
/// Silences of one member that are kept: the longest.
const MOST_SILENCES: usize = 24;
/// Bytes that are kept of a line.
const KEPT: usize = 200;
/// Bytes of a line that hold its stamp.
const HEAD: usize = 36;

/// The clock was set while a log was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it showed, or would have shown without being set.
    pub from: Timestamp,
    /// What it showed after.
    pub to: Timestamp,
    /// How well known that is.
    pub quality: TimeQuality,
    /// Whether it is known from uptimes, which a clock does not change.
    pub by_uptime: bool,
    /// The first record after.
    pub source: Source,
    /// Its line.
    pub line: String,
}

/// The host booted while a log was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// When, as far as the log tells.
    pub at: Timestamp,
    /// Whether it happened while the log was written; else it is only reckoned back.
    pub in_log: bool,
    /// The record that shows it.
    pub source: Source,
    /// Its line.
    pub line: String,
}

/// Two records that follow each other in a log with much time between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The record before it.
    pub from: Timestamp,
    /// The record after it.
    pub to: Timestamp,
    /// Line of that one.
    pub line: u64,
}

/// Records whose stamps are wrong: written by a clock that was wrong since the boot until it was set, or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Line of the first of them.
    pub from: u64,
    /// Line behind the last of them.
    pub to: u64,
    /// What must be added to their stamps, in microseconds.
    pub shift: i64,
}

/// Watches the stamps of one member.
#[derive(Debug, Default)]
pub struct Clock {
    uptime_of: Option<fn(&Header<'_>) -> Option<i64>>,
    is_of_threads: bool,
    /// Records in a row that must be older than one before them, to show that the clock was set back.
    patience: u32,
    /// Stamp of the first record that has one.
    pub first: Option<Stamp>,
    /// The first record, where that which seemed to be it has a damaged stamp.
    first_record: Option<(Source, String)>,
    /// Stamp of the last record with one that is not in the usual form.
    pub last: Option<Stamp>,
    years: Years,
    uptimes: Uptimes,
    /// Whether nothing is looked for but the order of the records.
    is_calm: bool,
    latest: Head,
    /// The latest record, where it alone is far ahead of what was before it.
    lone: Option<Lone>,
    /// Records in a row that seem to be written with a clock that was set back.
    doubt: Option<Doubt>,
    /// What the clock showed before it was set back.
    set_back: Option<Timestamp>,
    /// A step forward that the next record must agree with.
    ahead: Option<Step>,
    /// The first of the lines that are written before the clock is known.
    starting: Option<(Source, String)>,
    steps: Vec<Step>,
    boots: Vec<Boot>,
    wrong: Vec<Wrong>,
    silences: Vec<Silence>,
    /// Records that are older than one before them, and the first and last time of any of those.
    disorder: u64,
    span: Option<(Timestamp, Timestamp)>,
}

/// The bytes of a line that hold its stamp.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Head([u8; HEAD]);

impl Default for Head {
    fn default() -> Self {
        Head([0; HEAD])
    }
}

impl Head {
    fn of(line: &[u8]) -> Self {
        let mut head = Head::default();
        let len = line.len().min(HEAD);
        head.0[..len].copy_from_slice(&line[..len]);
        head
    }

    fn time(&self) -> Option<Timestamp> {
        time::iso(&self.0).map(|(stamp, _)| stamp.time)
    }
}

/// A record that is far ahead of the one before it, until another one agrees.
#[derive(Debug)]
struct Lone {
    /// The record before it, where there is one.
    before: Option<Timestamp>,
    line: u64,
}

/// Eight bytes as a number that is ordered as they are: `2020-07-`, `07-01T08` and `08:15:30` of a stamp.
#[inline]
fn eight(head: &[u8; HEAD], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&head[at..at + 8]);
    u64::from_be_bytes(bytes)
}

/// The minute of the hour in a stamp.
#[inline]
fn minute(head: &[u8; HEAD]) -> u32 {
    10 * u32::from(head[14]) + u32::from(head[15])
}

#[derive(Debug)]
struct Doubt {
    count: u32,
    first: Stamp,
    source: Source,
    line: String,
}

/// What a member gave.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Where the clock was set.
    pub steps: Vec<Step>,
    /// When the host booted.
    pub boots: Vec<Boot>,
    /// Where it was wrong from a boot on.
    pub wrong: Vec<Wrong>,
    /// The longest times without a record, in the order of the lines.
    pub silences: Vec<Silence>,
    /// Records that are older than one before them, where they are so many that the log is in no order of time.
    pub disorder: u64,
    /// First and last time of records that are out of order.
    pub span: Option<(Timestamp, Timestamp)>,
    /// What uptimes say at either end.
    pub uptimes: Option<Ends>,
    /// Where stamps have no year, what is known of it.
    pub yearless: Option<YearlessSpan>,
    /// The first record, where that which seemed to be it has a damaged stamp.
    pub first_record: Option<(Source, String)>,
    /// The last stamp that others agree with, where the last one alone is far ahead.
    pub last_sure: Option<Timestamp>,
    /// The first line that waits for a clock which the member does not tell.
    pub open: Option<(Source, String)>,
}

impl Clock {
    /// A clock for a log whose records name the host's uptime where `uptime_of` finds it, in microseconds. Where
    /// `is_of_threads`, records of one thread may overtake those of another.
    pub fn new(uptime_of: Option<fn(&Header<'_>) -> Option<i64>>, is_of_threads: bool) -> Self {
        Clock { uptime_of, is_of_threads, patience: if is_of_threads { 5 } else { 2 }, ..Clock::default() }
    }

    /// Takes the first line of the next record. True where `last` is its stamp now.
    #[inline]
    pub fn see(&mut self, line: &[u8], place: impl Fn() -> Source) -> bool {
        // In the usual form with a fraction, of the same hour as the one before, not older nor much later, and nothing else
        // is looked for.
        if self.is_calm
            && let Some(head) = line.first_chunk::<HEAD>()
            && head[19] == b'.'
            && eight(head, 0) == eight(&self.latest.0, 0)
            && eight(head, 5) == eight(&self.latest.0, 5)
            && eight(head, 11) >= eight(&self.latest.0, 11)
            && minute(head) < minute(&self.latest.0) + 2
        {
            self.latest.0 = *head;
            return false;
        }
        let told = self.look(line, place);
        let looks_for =
            self.doubt.is_some() || self.lone.is_some() || self.ahead.is_some() || self.set_back.is_some();
        self.is_calm =
            !looks_for && self.starting.is_none() && self.first.is_some() && self.uptime_of.is_none();
        told
    }

    #[cold]
    fn look(&mut self, line: &[u8], place: impl Fn() -> Source) -> bool {
        let Some(header) = header::parse(line) else { return false };
        if header.shape == Shape::Section {
            return false;
        }
        if self.starting.is_none() && (header.shape == Shape::BeforeClock || is_first_of_boot(line)) {
            self.starting = Some((place(), kept(line)));
        }
        let with_year = header.yearless.and_then(|stamp| self.years.place(stamp));
        let reckoned = with_year.map(Stamp::estimated);
        let Some(stamp) = header.stamp.or(reckoned) else { return false };
        self.stamped(stamp, &header, line, place);
        self.last = Some(stamp);
        true
    }

    fn stamped(&mut self, stamp: Stamp, header: &Header<'_>, line: &[u8], place: impl Fn() -> Source) {
        self.first.get_or_insert(stamp);
        self.silent(stamp.time, &place);
        if let Some(record) = self.starting.take_if(|_| !is_first_of_boot(line)) {
            self.boot(stamp.time, true, || record);
            self.lone = None;
        }
        if let Some(span) = &mut self.years.span
            && !waits_for_year(stamp.time)
        {
            span.before.get_or_insert(stamp.time);
        }
        // 4.x names the uptime in each line of the kernel.
        let own = header.uptime.filter(|_| header.shape == Shape::Vmkernel4);
        if let Some(uptime) = self.uptime_of.and_then(|uptime_of| uptime_of(header)).or(own) {
            self.up(stamp, uptime, line, place);
        } else if time::looks_iso(line) {
            self.order(stamp, line, place);
        }
    }

    /// Keeps how long nothing was written before a record of `now`, where that is long.
    fn silent(&mut self, now: Timestamp, place: &impl Fn() -> Source) {
        let Some(from) = self.latest.time().or(self.last.map(|stamp| stamp.time)) else { return };
        if now.since(from) < LEAST_SILENCE || waits_for_year(from) != waits_for_year(now) {
            return;
        }
        if self.silences.len() == MOST_SILENCES {
            let length = |silence: &Silence| silence.to.since(silence.from);
            let shortest = (0..MOST_SILENCES).min_by_key(|&at| length(&self.silences[at]));
            let Some(shortest) = shortest.filter(|&at| length(&self.silences[at]) < now.since(from)) else {
                return;
            };
            self.silences.remove(shortest);
        }
        self.silences.push(Silence { from, to: now, line: place().line });
    }

    /// Compares with the records before.
    fn order(&mut self, stamp: Stamp, line: &[u8], place: impl Fn() -> Source) {
        let Some(latest) = self.latest.time() else {
            self.latest = Head::of(line);
            self.lone = Some(Lone { before: None, line: place().line });
            return;
        };
        // Without an uptime beside it only a larger step is told from records that came late.
        if latest.since(stamp.time) >= LATE {
            self.ahead = None;
            return self.behind(latest, stamp, line, place);
        }
        (self.doubt, self.lone) = (None, None);
        if let Some(step) = self.ahead.take() {
            self.was_wrong(step.from, step.to, step.source.line);
            self.step(step);
        }
        if self.comes_back(latest, stamp.time) || self.is_set_after_boot(latest, stamp.time) {
            let (to, quality) = (stamp.time, stamp.quality);
            let (source, line) = (place(), kept(line));
            self.ahead = Some(Step { from: latest, to, quality, by_uptime: false, source, line });
        }
        if stamp.time.since(latest) > LONE {
            self.lone = Some(Lone { before: Some(latest), line: place().line });
        }
        if stamp.time >= latest {
            self.latest = Head::of(line);
        }
    }

    /// A record is older than one before it. Where others follow it the clock was set back; one alone came late, and one
    /// alone that was ahead is damaged.
    fn behind(&mut self, latest: Timestamp, stamp: Stamp, line: &[u8], place: impl Fn() -> Source) {
        self.disorder += 1;
        let (low, high) = self.span.unwrap_or((stamp.time, latest));
        self.span = Some((low.min(stamp.time), high.max(latest)));
        let doubt = self.doubt.get_or_insert_with(|| Doubt {
            count: 0,
            first: stamp,
            source: place(),
            line: kept(line),
        });
        doubt.count += 1;
        if doubt.count >= self.patience {
            self.decide(latest);
            self.latest = Head::of(line);
        }
    }

    /// Enough records are behind the latest one.
    fn decide(&mut self, latest: Timestamp) {
        let Some(Doubt { first, source, line, .. }) = self.doubt.take() else { return };
        if let Some(Lone { before, line: at }) = self.lone.take()
            && before.is_none_or(|before| before.since(first.time) < LATE)
        {
            let right = before.unwrap_or(first.time);
            // Nor was it silent up to a stamp that is damaged.
            self.silences.retain(|silence| silence.line != at);
            self.wrong(Wrong { from: at, to: at + 1, shift: right.since(latest) });
            if before.is_none() {
                (self.first, self.first_record) = (Some(first), Some((source, line)));
            }
            return;
        }
        self.was_wrong(latest, first.time, source.line);
        self.step(Step {
            from: latest,
            to: first.time,
            quality: first.quality,
            by_uptime: false,
            source,
            line,
        });
        self.set_back = Some(latest);
    }

    /// Whether a clock that was set back by a day or more jumps to where it was.
    fn comes_back(&mut self, latest: Timestamp, now: Timestamp) -> bool {
        let Some(before) = self.set_back.filter(|before| now >= *before) else { return false };
        self.set_back = None;
        before.since(latest) >= WRONG
    }

    /// Whether a host jumps by half a year: one that has just booted, or whose kernel writes on as if nothing had been.
    fn is_set_after_boot(&self, latest: Timestamp, now: Timestamp) -> bool {
        let fresh = self.boots.last().is_some_and(|boot| (0..FRESH).contains(&latest.since(boot.at)));
        let boots_here = self.boots.last().is_some_and(|boot| boot.at == now);
        (fresh || !self.is_of_threads && !boots_here) && now.since(latest) > 180 * DAY
    }

    /// The clock is set from `wrong` to `right` on the line `until`: what was written since a boot that it dated, or since
    /// the log began with it, gets the right time.
    fn was_wrong(&mut self, wrong: Timestamp, right: Timestamp, until: u64) {
        let shift = right.since(wrong);
        let fresh = |at: Timestamp| at <= wrong && wrong.since(at) < FRESH;
        if shift.abs() < WRONG {
            return;
        }
        if let Some(boot) = self.boots.last_mut().filter(|boot| fresh(boot.at)) {
            let from = boot.source.line;
            boot.at = boot.at.plus_micros(shift);
            self.wrong(Wrong { from, to: until, shift });
        } else if self.first.is_some_and(|first| fresh(first.time)) {
            self.wrong(Wrong { from: 0, to: until, shift });
        }
    }

    fn wrong(&mut self, wrong: Wrong) {
        if self.wrong.len() < MOST_STEPS {
            self.wrong.push(wrong);
        }
    }

    /// Compares the uptime that a record names with its stamp.
    fn up(&mut self, stamp: Stamp, uptime: i64, line: &[u8], place: impl Fn() -> Source) {
        if waits_for_year(stamp.time) {
            // Times of counted years cannot be reckoned with: only that the uptime begins again is told.
            if self.uptimes.begins_again(uptime) {
                self.boot(stamp.time, true, || (place(), kept(line)));
            }
            return;
        }
        match self.uptimes.see(stamp, uptime, || (place(), kept(line))) {
            Shows::Boot { at, in_log } => self.boot(at, in_log, || (place(), kept(line))),
            Shows::Better { at } => self.better(at),
            Shows::Wrong { at, shift } => {
                let from = self.boots.last().map_or(0, |boot| boot.source.line);
                self.wrong(Wrong { from, to: place().line, shift });
                self.better(at);
            }
            Shows::Set { size, stamp, source, line } => {
                let (from, to) = (stamp.time.plus_micros(-size), stamp.time);
                self.step(Step { from, to, quality: stamp.quality, by_uptime: true, source, line });
            }
            Shows::Nothing => {}
        }
    }

    fn better(&mut self, at: Timestamp) {
        if let Some(boot) = self.boots.last_mut() {
            boot.at = at;
        }
    }

    fn step(&mut self, step: Step) {
        if self.steps.len() <= MOST_STEPS {
            self.steps.push(step);
        }
    }

    /// Keeps a boot that `record` shows, given by its place and line.
    fn boot(&mut self, at: Timestamp, in_log: bool, record: impl FnOnce() -> (Source, String)) {
        if self.boots.len() < MOST_BOOTS {
            let (source, line) = record();
            self.boots.push(Boot { at, in_log, source, line });
        }
    }

    /// What was seen in a member of `records` records.
    pub fn finish(mut self, records: u64) -> Told {
        // The log ends before there is enough to be sure; two are no chance.
        if self.doubt.as_ref().is_some_and(|doubt| doubt.count >= 2)
            && let Some(latest) = self.latest.time()
        {
            self.decide(latest);
        }
        let far = |lone: &Lone| {
            lone.before.filter(|before| self.latest.time().is_some_and(|at| at.since(*before) > FAR))
        };
        let last_sure = self.lone.as_ref().and_then(far);
        // Where most records are older than one before them, it is the log that runs back, and not the clock.
        let disordered = self.steps.len() > MOST_STEPS || records >= 4 && 2 * self.disorder > records;
        let restless = self.uptimes.seen >= 4 && 2 * self.uptimes.restarts > self.uptimes.seen;
        if disordered {
            self.steps.clear();
        }
        if restless {
            self.boots.retain(|boot| !boot.in_log);
        }
        let restarts = if restless { self.uptimes.restarts } else { 0 };
        Told {
            steps: self.steps,
            boots: self.boots,
            wrong: self.wrong,
            silences: if disordered { Vec::new() } else { self.silences },
            disorder: if disordered { self.disorder } else { restarts },
            span: self.span,
            uptimes: self.uptimes.ends,
            yearless: self.years.finish(),
            first_record: self.first_record,
            last_sure,
            open: self.starting,
        }
    }
}

/// As much of a line as shows what it is.
fn kept(line: &[u8]) -> String {
    shown(&line[..line.len().min(KEPT)]).trim_end().to_owned()
}

/// Whether a line is one that the kernel writes before all others since 8.0, `In(182) vmkernel: VMB: 65: …`.
fn is_first_of_boot(line: &[u8]) -> bool {
    static MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b" vmkernel: VMB: "));
    // Nearly every other line lacks the letter.
    let head = &line[..line.len().min(64)];
    memchr::memchr(b'V', head).is_some() && MARK.find(head).is_some()
}
