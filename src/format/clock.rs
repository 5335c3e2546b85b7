//! What the stamps of one log's records say of the clock: in which order they come, where it was set, when the host
//! booted, and in which year a stamp without one lies.
//!
//! One [`Clock`] watches one member. It sees the first line of every record, so what it does for nearly all of them is
//! a comparison of a few bytes.

use super::header::{self, Header};
use super::shape::Shape;
use super::time::{self, Yearless};
use crate::model::{Source, Stamp, TimeQuality, Timestamp};

/// A clock that runs back by less than this was not set: threads that write to one log overtake each other.
const LEAST_STEP: i64 = 2_000_000;
/// Uptimes of this many microseconds and more are compared: what happened earlier is logged when the log begins.
const SETTLED: i64 = 600_000_000;
/// Steps of one member; where there are more it is not the clock that makes them.
const MOST_STEPS: usize = 8;
/// Boots of one member that are kept.
const MOST_BOOTS: usize = 64;
/// A clock that was set back by a day or more is not a clock that was corrected: where it comes back, it was set again.
const WRONG: i64 = 86_400_000_000;
/// So soon after a boot no host is silent for half a year: it had a wrong clock, and was set.
const FRESH: i64 = 3_600_000_000;
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
    pub line: Vec<u8>,
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
    pub line: Vec<u8>,
}

/// Watches the stamps of one member.
#[derive(Debug, Default)]
pub struct Clock {
    uptime_of: Option<fn(&Header<'_>) -> Option<i64>>,
    /// Stamp of the first record that has one.
    pub first: Option<Stamp>,
    /// Stamp of the last record with one that is not in the usual form.
    pub last: Option<Stamp>,
    years: Years,
    latest: Head,
    /// Records in a row that must be older than one before them, to show that the clock was set back.
    patience: u32,
    /// Records in a row that are.
    doubt: Option<Doubt>,
    /// What the clock showed before it was set back.
    set_back: Option<Head>,
    up: Option<Up>,
    starting: Option<(Source, Vec<u8>)>,
    steps: Vec<Step>,
    boots: Vec<Boot>,
    disorder: u64,
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

    fn seconds(&self) -> &[u8] {
        &self.0[..19]
    }

    fn time(&self) -> Option<Timestamp> {
        time::iso(&self.0).map(|(stamp, _)| stamp.time)
    }
}

/// Records that seem to be written with a clock that was set back.
#[derive(Debug)]
struct Doubt {
    count: u32,
    first: Timestamp,
    quality: TimeQuality,
    source: Source,
    line: Vec<u8>,
}

/// What uptimes say of the present boot.
#[derive(Clone, Debug)]
struct Up {
    last: i64,
    /// Stamp less uptime.
    boot: Timestamp,
    /// Whether `boot` is from a time at which stamps and uptimes agree.
    settled: bool,
    doubt: Option<(Timestamp, Source, Vec<u8>)>,
}

/// What a member gave.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Where the clock was set.
    pub steps: Vec<Step>,
    /// When the host booted.
    pub boots: Vec<Boot>,
    /// Records that are older than one before them, where they are so many that the log is in no order of time.
    pub disorder: u64,
    /// Where stamps have no year, what is known of it.
    pub yearless: Option<YearlessSpan>,
}

/// The times of a member whose stamps have no year, in years that count from [`FIRST_YEAR`] in steps of
/// [`YEAR_STEP`]: such a time is before 1970, and [`in_years`] makes it a real one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearlessSpan {
    /// First.
    pub first: Timestamp,
    /// Last.
    pub last: Timestamp,
    /// The first stamp with a year behind them.
    pub before: Option<Timestamp>,
}

const FIRST_YEAR: i64 = 804;
const YEAR_STEP: i64 = 4;

#[derive(Debug, Default)]
struct Years {
    /// Turns of the year so far.
    turns: i64,
    month: u32,
    span: Option<YearlessSpan>,
}

impl Years {
    /// A stamp in the order of the log, in a year that counts from [`FIRST_YEAR`]: all of them have a 29 February.
    fn place(&mut self, stamp: Yearless) -> Option<Timestamp> {
        let (before, now) = (i64::from(self.month), i64::from(stamp.month));
        let turn = match now - before {
            _ if self.month == 0 => 0,
            ..=-6 => 1,
            // A record of December behind one of January is a little late.
            6.. => -1,
            _ => 0,
        };
        if turn >= 0 {
            self.turns = (self.turns + turn).min(200);
            self.month = stamp.month;
        }
        let time = stamp.in_year(FIRST_YEAR + YEAR_STEP * (self.turns + turn.min(0)))?;
        let span = self.span.get_or_insert(YearlessSpan { first: time, last: time, before: None });
        (span.first, span.last) = (span.first.min(time), span.last.max(time));
        Some(time)
    }
}

/// Whether a time waits for its year.
pub fn waits_for_year(time: Timestamp) -> bool {
    time.micros() < 0
}

/// The latest years in which a span ends not after `bound`: what must be added to a [`YearlessSpan`]'s years, for
/// [`in_years`].
pub fn years_before(span: &YearlessSpan, bound: Timestamp) -> Option<i64> {
    let (year, _, _, _) = bound.civil();
    (0..9)
        .map(|back| year + 1 - back)
        .find(|&year| exactly(span.last, year).is_some_and(|last| last <= bound))
        .map(|year| year - counted(span.last))
}

/// A time of a [`YearlessSpan`] in its real year.
pub fn in_years(time: Timestamp, added: i64) -> Timestamp {
    let year = counted(time) + added;
    let (_, month, _, micros) = time.civil();
    // 29 February of a year that has none can only be its last day.
    exactly(time, year).or_else(|| Timestamp::from_civil(year, month, 28, micros)).unwrap_or(time)
}

/// How many years after the first one `time` lies.
fn counted(time: Timestamp) -> i64 {
    (time.civil().0 - FIRST_YEAR) / YEAR_STEP
}

fn exactly(time: Timestamp, year: i64) -> Option<Timestamp> {
    let (_, month, day, micros) = time.civil();
    Timestamp::from_civil(year, month, day, micros)
}

impl Clock {
    /// A clock for a log whose records name the host's uptime where `uptime_of` finds it, in microseconds. Where
    /// `is_of_threads`, records of one thread may overtake those of another.
    pub fn new(uptime_of: Option<fn(&Header<'_>) -> Option<i64>>, is_of_threads: bool) -> Self {
        Clock { uptime_of, patience: if is_of_threads { 5 } else { 2 }, ..Clock::default() }
    }

    /// Takes the first line of the next record. True where `last` is its stamp now.
    #[inline]
    pub fn see(&mut self, line: &[u8], place: impl Fn() -> Source) -> bool {
        // In the usual form with a fraction, not older than the one before, and nothing else to look for.
        let usual = time::looks_iso(line) && line[19] == b'.' && self.uptime_of.is_none();
        if usual
            && line[..19] >= *self.latest.seconds()
            && line[..4] == self.latest.seconds()[..4]
            && self.doubt.is_none()
            && self.set_back.is_none()
            && self.starting.is_none()
            && self.first.is_some()
        {
            self.latest = Head::of(line);
            return false;
        }
        self.look(line, place)
    }

    #[cold]
    fn look(&mut self, line: &[u8], place: impl Fn() -> Source) -> bool {
        let Some(header) = header::parse(line) else { return false };
        if header.shape == Shape::Section {
            return false;
        }
        if self.starting.is_none() && (header.shape == Shape::BeforeClock || is_first_of_boot(line)) {
            self.starting = Some((place(), line.to_vec()));
        }
        let stamp = match (header.stamp, header.yearless) {
            (Some(stamp), _) => Some(stamp),
            (None, Some(yearless)) => {
                self.years.place(yearless).map(|time| Stamp { time, quality: TimeQuality::Estimated })
            }
            (None, None) => None,
        };
        let Some(stamp) = stamp else { return false };
        self.stamped(stamp, &header, line, place)
    }

    fn stamped(
        &mut self,
        stamp: Stamp,
        header: &Header<'_>,
        line: &[u8],
        place: impl Fn() -> Source,
    ) -> bool {
        if self.first.is_none() {
            self.first = Some(stamp);
        }
        if let Some((source, line)) = self.starting.take_if(|_| !is_first_of_boot(line)) {
            self.boot(Boot { at: stamp.time, in_log: true, source, line });
        }
        if let Some(span) = &mut self.years.span
            && !waits_for_year(stamp.time)
        {
            span.before.get_or_insert(stamp.time);
        }
        if let Some(up) = self.uptime_of.and_then(|uptime_of| uptime_of(header)) {
            self.up(stamp, up, line, place);
        } else if time::looks_iso(line) {
            self.order(stamp, line, place);
        }
        self.last = Some(stamp);
        true
    }

    /// Compares with the records before.
    fn order(&mut self, stamp: Stamp, line: &[u8], place: impl Fn() -> Source) {
        let Some(latest) = self.latest.time() else {
            self.latest = Head::of(line);
            return;
        };
        if latest.since(stamp.time) >= LEAST_STEP {
            self.behind(latest, stamp, line, place);
            return;
        }
        self.doubt = None;
        if self.comes_back(latest, stamp.time) || self.was_wrong_at_boot(latest, stamp.time) {
            let (source, line) = (place(), line.to_vec());
            let (to, quality) = (stamp.time, stamp.quality);
            self.step(Step { from: latest, to, quality, by_uptime: false, source, line });
            self.booted_before(latest, stamp.time);
        }
        if stamp.time >= latest {
            self.latest = Head::of(line);
        }
    }

    /// A record is older than one before it. Where others follow it the clock was set back; one alone came late.
    fn behind(&mut self, latest: Timestamp, stamp: Stamp, line: &[u8], place: impl Fn() -> Source) {
        self.disorder += 1;
        let doubt = self.doubt.get_or_insert_with(|| Doubt {
            count: 0,
            first: stamp.time,
            quality: stamp.quality,
            source: place(),
            line: line.to_vec(),
        });
        doubt.count += 1;
        if doubt.count < self.patience {
            return;
        }
        self.set_back(latest);
        self.latest = Head::of(line);
    }

    fn set_back(&mut self, latest: Timestamp) {
        let Some(Doubt { first, quality, source, line, .. }) = self.doubt.take() else { return };
        self.step(Step { from: latest, to: first, quality, by_uptime: false, source, line });
        self.set_back = Some(self.latest);
    }

    /// Whether a clock that was set back by a day or more jumps to where it was.
    fn comes_back(&mut self, latest: Timestamp, now: Timestamp) -> bool {
        let Some(before) = self.set_back.and_then(|head| head.time()) else { return false };
        if now < before {
            return false;
        }
        self.set_back = None;
        before.since(latest) >= WRONG
    }

    /// Whether a host that has just booted jumps by half a year.
    fn was_wrong_at_boot(&self, latest: Timestamp, now: Timestamp) -> bool {
        let fresh = self.boots.last().is_some_and(|boot| latest.since(boot.at) < FRESH);
        fresh && now.since(latest) > 180 * 86_400_000_000
    }

    /// A boot that was dated by a wrong clock gets the time of the right one.
    fn booted_before(&mut self, wrong: Timestamp, right: Timestamp) {
        let boot = self.boots.last_mut().filter(|boot| boot.at <= wrong && right.since(boot.at) >= WRONG);
        if let Some(boot) = boot {
            boot.at = right;
        }
    }

    /// Compares the uptime that a record names with its stamp.
    fn up(&mut self, stamp: Stamp, uptime: i64, line: &[u8], place: impl Fn() -> Source) {
        let boot = stamp.time.plus_micros(-uptime);
        let Some(up) = self.up.as_mut().filter(|up| uptime >= up.last) else {
            let in_log = self.up.is_some() || uptime < SETTLED;
            self.up = Some(Up { last: uptime, boot, settled: uptime >= SETTLED, doubt: None });
            self.boot(Boot { at: boot, in_log, source: place(), line: line.to_vec() });
            return;
        };
        up.last = uptime;
        if !up.settled {
            // What happened before the log began is stamped late: the earliest is the best.
            up.settled = uptime >= SETTLED;
            up.boot = if up.settled { boot } else { up.boot.min(boot) };
            let at = up.boot;
            if let Some(last) = self.boots.last_mut() {
                last.at = at;
            }
            return;
        }
        let moved = boot.since(up.boot);
        if moved.abs() < LEAST_STEP {
            up.doubt = None;
            return;
        }
        match up.doubt.take() {
            Some((first, source, line)) if boot.since(first).abs() < LEAST_STEP => {
                let size = first.since(up.boot);
                up.boot = first;
                let quality = stamp.quality;
                // The first record after it names its own time.
                let to = header::parse(&line)
                    .and_then(|header| header.stamp)
                    .map_or(stamp.time, |stamp| stamp.time);
                self.step(Step { from: to.plus_micros(-size), to, quality, by_uptime: true, source, line });
            }
            _ => up.doubt = Some((boot, place(), line.to_vec())),
        }
    }

    fn step(&mut self, step: Step) {
        if self.steps.len() <= MOST_STEPS {
            self.steps.push(step);
        }
    }

    fn boot(&mut self, boot: Boot) {
        if self.boots.len() < MOST_BOOTS {
            self.boots.push(boot);
        }
    }

    /// What was seen.
    pub fn finish(mut self) -> Told {
        // The log ends before there is enough to be sure; two are no chance.
        if self.doubt.as_ref().is_some_and(|doubt| doubt.count >= 2)
            && let Some(latest) = self.latest.time()
        {
            self.set_back(latest);
        }
        let ordered = self.steps.len() <= MOST_STEPS;
        Told {
            steps: if ordered { self.steps } else { Vec::new() },
            disorder: if ordered { 0 } else { self.disorder },
            boots: self.boots,
            yearless: self.years.span,
        }
    }
}

/// Whether a line is one that the kernel writes before all others since 8.0, `In(182) vmkernel: VMB: 65: …`.
fn is_first_of_boot(line: &[u8]) -> bool {
    memchr::memmem::find(&line[..line.len().min(64)], b" vmkernel: VMB: ").is_some()
}
