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
const WRONG: i64 = DAY;
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
    /// Whether nothing is looked for but the order of the records.
    is_calm: bool,
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

/// Month, day, and the time of day to the second, as a number that grows with them: `07-01T08:` and `15:30`.
#[inline]
fn moment(head: &[u8; HEAD]) -> (u64, u64) {
    let number = |at: usize| {
        let bytes: [u8; 8] = [
            head[at],
            head[at + 1],
            head[at + 2],
            head[at + 3],
            head[at + 4],
            head[at + 5],
            head[at + 6],
            head[at + 7],
        ];
        u64::from_be_bytes(bytes)
    };
    (number(5), number(11))
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
const DAY: i64 = 86_400_000_000;

#[derive(Debug, Default)]
struct Years {
    /// Turns of the year so far.
    turns: i64,
    /// The last stamp, in the first year.
    day: Option<Timestamp>,
    span: Option<YearlessSpan>,
}

impl Years {
    /// A stamp in the order of the log, in a year that counts from [`FIRST_YEAR`]: all of them have a 29 February.
    fn place(&mut self, stamp: Yearless) -> Option<Timestamp> {
        let now = stamp.in_year(FIRST_YEAR)?;
        let turn = match self.day.map(|before| now.since(before)) {
            // Records come a little late, by a year where it turned between them.
            Some(since) if since > 363 * DAY => -1,
            Some(since) if since < -2 * DAY => 1,
            _ => 0,
        };
        if turn >= 0 {
            self.turns = (self.turns + turn).min(200);
            self.day = Some(now);
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
        if self.is_calm
            && let Some(head) = line.first_chunk::<HEAD>()
            && head[10] == b'T'
            && head[19] == b'.'
            && head[..4] == self.latest.0[..4]
            && moment(head) >= moment(&self.latest.0)
        {
            self.latest.0 = *head;
            return false;
        }
        let told = self.look(line, place);
        let quiet = self.doubt.is_none() && self.set_back.is_none() && self.starting.is_none();
        self.is_calm = quiet && self.first.is_some() && self.uptime_of.is_none();
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
            let (source, line) = (place(), kept(line));
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
            line: kept(line),
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
        fresh && now.since(latest) > 180 * DAY
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
            self.boot(Boot { at: boot, in_log, source: place(), line: kept(line) });
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
            _ => up.doubt = Some((boot, place(), kept(line))),
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

/// As much of a line as shows what it is.
fn kept(line: &[u8]) -> Vec<u8> {
    line[..line.len().min(1_000)].to_vec()
}

/// Whether a line is one that the kernel writes before all others since 8.0, `In(182) vmkernel: VMB: 65: …`.
fn is_first_of_boot(line: &[u8]) -> bool {
    memchr::memmem::find(&line[..line.len().min(64)], b" vmkernel: VMB: ").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::by_name;
    use crate::model::MemberPath;

    /// What a log of a family tells of the clock, given as text.
    fn told(family: &str, text: &str) -> Told {
        let format = by_name(family).expect(family);
        let mut clock = Clock::new(format.uptime, format.of_threads);
        for (index, line) in text.lines().enumerate() {
            let number = index as u64 + 1;
            clock.see(line.trim_start().as_bytes(), || Source {
                file: MemberPath::new("log"),
                line: number,
                offset: 0,
            });
        }
        clock.finish()
    }

    fn steps(told: &Told) -> Vec<(String, String, u64)> {
        let said = |step: &Step| (step.from.to_string(), step.to.to_string(), step.source.line);
        told.steps.iter().map(said).collect()
    }

    fn kernel(times: &[&str]) -> String {
        times.iter().map(|time| format!("2020-07-01T{time}Z cpu1:2)Net: 1: x\n")).collect()
    }

    #[test]
    fn a_clock_that_is_set_back_is_a_step_and_a_late_record_is_none() {
        let set = told(
            "vmkernel",
            &kernel(&["10:00:00.100", "10:00:40.000", "09:59:20.500", "09:59:21.000", "10:05:00.000"]),
        );
        assert_eq!(steps(&set), [("2020-07-01T10:00:40Z".into(), "2020-07-01T09:59:20.500Z".into(), 3)]);
        assert!(!set.steps[0].by_uptime);
        let late = told(
            "vmkernel",
            &kernel(&["10:00:00.100", "10:00:40.000", "09:59:20.500", "10:00:41.000", "10:00:42.000"]),
        );
        assert_eq!(steps(&late), []);
        let overtaken =
            told("vmkernel", &kernel(&["10:00:00.900", "09:59:59.100", "09:59:59.200", "10:00:01.000"]));
        assert_eq!(steps(&overtaken), [], "less than two seconds");
        let threads: String =
            ["10:00:40.000", "10:00:20.000", "10:00:21.000", "10:00:22.000", "10:00:41.000"]
                .iter()
                .map(|time| format!("2020-07-01T{time}Z info hostd[1] [Originator@6876 sub=Libs] x\n"))
                .collect();
        assert_eq!(steps(&told("hostd", &threads)), [], "threads overtake each other");
    }

    #[test]
    fn a_changed_offset_is_no_step() {
        let text = "2019-10-27T02:59:58.100+02:00 info vpxd[1] [Originator@6876 sub=x] a\n\
                    2019-10-27T02:00:01.100+01:00 info vpxd[1] [Originator@6876 sub=x] b\n"
            .to_owned()
            + &"2019-10-27T02:00:02.100+01:00 info vpxd[1] [Originator@6876 sub=x] c\n".repeat(6);
        assert_eq!(steps(&told("vpxd", &text)), []);
    }

    #[test]
    fn a_log_that_lists_the_newest_first_has_no_steps() {
        let times: Vec<String> = (0..40).rev().map(|n| format!("10:{n:02}:00.000")).collect();
        let read = told("vmkernel", &kernel(&times.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!(steps(&read), []);
        assert!(read.disorder > 20, "{}", read.disorder);
    }

    #[test]
    fn uptimes_show_how_far_the_clock_was_set_whichever_way() {
        // Up for 100,000 s at ten; then 40 s are gained, and later 97.5 s lost.
        let line = |time: &str, up: f64| {
            format!("2020-07-01T{time}Z: [netCorrelator] {}us: [vob.net.x] y\n", (up * 1e6) as u64)
        };
        let text = line("10:00:00.000", 100_000.0)
            + &line("10:10:00.000", 100_600.0)
            + &line("10:11:40.000", 100_660.0)
            + &line("10:12:40.000", 100_720.0)
            + &line("10:12:02.500", 100_780.0)
            + &line("10:13:02.500", 100_840.0);
        let read = told("vobd", &text);
        assert_eq!(
            steps(&read),
            [
                ("2020-07-01T10:11:00Z".into(), "2020-07-01T10:11:40Z".into(), 3),
                ("2020-07-01T10:13:40Z".into(), "2020-07-01T10:12:02.500Z".into(), 5)
            ]
        );
        assert!(read.steps.iter().all(|step| step.by_uptime));
        assert_eq!(read.boots.len(), 1);
        assert!(!read.boots[0].in_log, "it booted long before the log begins");
        assert_eq!(read.boots[0].at.to_string(), "2020-06-30T06:13:20Z");
        let odd = line("10:00:00.000", 100_000.0)
            + &line("10:00:30.000", 100_010.0)
            + &line("10:00:30.000", 100_030.0);
        assert_eq!(steps(&told("vobd", &odd)), [], "one record that is written late");
    }

    #[test]
    fn an_uptime_that_begins_again_is_a_boot() {
        let text = "2020-07-01T10:00:00Z heartbeat: up 3d1h0m0s, 2 VMs; [] []\n\
                    2020-07-01T11:00:00Z heartbeat: up 3d2h0m0s, 2 VMs; [] []\n\
                    2020-07-01T11:59:59Z heartbeat: up 0d0h20m1s, 2 VMs; [] []\n";
        let read = told("vmksummary", text);
        let boots: Vec<(String, bool)> =
            read.boots.iter().map(|boot| (boot.at.to_string(), boot.in_log)).collect();
        assert_eq!(boots, [("2020-06-28T09:00:00Z".into(), false), ("2020-07-01T11:39:58Z".into(), true)]);
        assert_eq!(steps(&read), []);
    }

    #[test]
    fn lines_from_before_the_clock_are_a_boot_at_the_time_of_what_follows() {
        let text = kernel(&["10:00:00.100"])
            + "TSC: 12345 cpu0:1)Boot: 1: x\n0:00:00:04.100 cpu0:1)Boot: 2: x\n"
            + &kernel(&["10:07:00.000", "10:08:00.000"])
            + "2020-07-01T11:00:00Z In(182) vmkernel: VMB: 65: Reserved x\n"
            + "2020-07-01T11:00:00Z In(182) vmkernel: VMB: 66: Reserved x\n"
            + "2020-07-01T11:00:02.000Z In(182) vmkernel: cpu0:1)Boot: 3: x\n";
        let boots: Vec<(String, u64)> = told("vmkernel", &text)
            .boots
            .iter()
            .map(|boot| (boot.at.to_string(), boot.source.line))
            .collect();
        assert_eq!(boots, [("2020-07-01T10:07:00Z".into(), 2), ("2020-07-01T11:00:02Z".into(), 6)]);
    }

    #[test]
    fn a_boot_with_a_wrong_year_is_dated_by_the_right_one() {
        let text = kernel(&["10:00:00.100"])
            + "0:00:00:04.100 cpu0:1)Boot: 2: x\n\
               2001-01-01T00:00:09.000Z cpu0:1)Boot: 3: x\n\
               2001-01-01T00:00:10.000Z cpu0:1)Boot: 3: x\n"
            + &kernel(&["10:07:00.000", "10:08:00.000"]);
        let read = told("vmkernel", &text);
        assert_eq!(read.boots[0].at.to_string(), "2020-07-01T10:07:00Z");
        assert_eq!(
            steps(&read),
            [
                ("2020-07-01T10:00:00.100Z".into(), "2001-01-01T00:00:09Z".into(), 3),
                ("2001-01-01T00:00:10Z".into(), "2020-07-01T10:07:00Z".into(), 5)
            ]
        );
        let fresh = text.split_once('\n').expect("lines").1;
        assert_eq!(steps(&told("vmkernel", fresh)).len(), 1, "also where nothing is before the boot");
    }

    #[test]
    fn years_are_counted_back_from_a_bound() {
        let text: String = [
            "Nov 30 10:00:00",
            "Dec 31 23:59:59",
            "Jan  1 00:00:01",
            "Dec 31 23:59:58",
            "Feb 29 12:00:00",
            "Mar  4 01:02:03",
        ]
        .iter()
        .map(|stamp| format!("{stamp} esx01 vmkernel: 0:00:10:00.000 cpu1:2)x\n"))
        .collect();
        let span = told("vmkernel", &text).yearless.expect("no years");
        let bound = |text: &str| text.parse::<Timestamp>().expect("a time");
        let check = |before: &str, first: &str, last: &str| {
            let years = years_before(&span, bound(before)).expect("a year");
            assert_eq!(in_years(span.first, years).to_string(), first, "{before}");
            assert_eq!(in_years(span.last, years).to_string(), last, "{before}");
        };
        check("2011-06-01", "2010-11-30T10:00:00Z", "2011-03-04T01:02:03Z");
        check("2011-03-01", "2009-11-30T10:00:00Z", "2010-03-04T01:02:03Z");
        assert!(waits_for_year(span.first) && waits_for_year(span.last));
    }
}
