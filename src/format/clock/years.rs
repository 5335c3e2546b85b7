//! The years of stamps that name none.

use super::DAY;
use crate::format::time::Yearless;
use crate::model::Timestamp;

const FIRST_YEAR: i64 = 804;
const YEAR_STEP: i64 = 4;
/// A log that goes back by so much went on into the next year: nobody corrects a clock by two months.
const TURN: i64 = -60 * DAY;
/// A record that is ahead of the one before by so much, and of the one behind too, has a damaged stamp.
const ODD: i64 = 20 * DAY;

/// The times of a member whose stamps have no year: each is in a year of its own count and before 1970, until
/// [`in_years`] makes it a real one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearlessSpan {
    /// First.
    pub first: Timestamp,
    /// Last.
    pub last: Timestamp,
    /// The first stamp with a year behind them.
    pub before: Option<Timestamp>,
}

/// Counts the years of the stamps of one member.
#[derive(Debug, Default)]
pub(super) struct Years {
    /// Turns of the year so far.
    turns: i64,
    /// The last stamp, in the first year.
    day: Option<Timestamp>,
    /// The one before it.
    before: Option<Timestamp>,
    /// Whether the year turned at the last one.
    has_turned: bool,
    pub(super) span: Option<YearlessSpan>,
    /// The last stamp, which may be damaged until the next one agrees with it.
    unsure: Option<Timestamp>,
}

impl Years {
    /// A stamp in the order of the log, in a year that is only counted: all of them have a 29 February.
    pub(super) fn place(&mut self, stamp: Yearless) -> Option<Timestamp> {
        let now = stamp.in_year(FIRST_YEAR)?;
        self.take_back(now);
        let turn = self.day.map_or(0, |day| self.turn(now, day));
        self.has_turned = turn > 0;
        if turn >= 0 {
            self.turns = (self.turns + turn).min(200);
            (self.before, self.day) = (self.day, Some(now));
        }
        let time = stamp.in_year(FIRST_YEAR + YEAR_STEP * (self.turns + turn.min(0)))?;
        self.sure();
        self.unsure = Some(time);
        self.span.get_or_insert(YearlessSpan { first: time, last: time, before: None });
        Some(time)
    }

    /// The last stamp is no damaged one.
    fn sure(&mut self) {
        if let Some((span, time)) = self.span.as_mut().zip(self.unsure.take()) {
            (span.first, span.last) = (span.first.min(time), span.last.max(time));
        }
    }

    /// What is known of the member.
    pub(super) fn finish(mut self) -> Option<YearlessSpan> {
        let ahead = self.span.zip(self.unsure).is_some_and(|(span, time)| time.since(span.last) > ODD);
        if !ahead {
            self.sure();
        }
        self.span
    }

    /// The year did not turn where the next record is close to the one before: the one between has a damaged stamp.
    fn take_back(&mut self, now: Timestamp) {
        let Some((day, before)) = self.day.zip(self.before).filter(|_| self.has_turned) else { return };
        let since = now.since(before);
        if now.since(day) > ODD && (0..ODD).contains(&since) {
            self.turns -= 1;
            (self.day, self.unsure) = (Some(before), None);
        }
    }

    fn turn(&mut self, now: Timestamp, day: Timestamp) -> i64 {
        let since = now.since(day);
        // Records come a little late, by a year where it turned between them.
        if since > 363 * DAY {
            return -1;
        }
        if since >= TURN {
            return 0;
        }
        let is_odd = self.before.is_some_and(|before| {
            let since_before = now.since(before);
            day.since(before) > ODD && (0..ODD).contains(&since_before)
        });
        if is_odd {
            self.unsure = None;
        }
        i64::from(!is_odd)
    }
}

/// Whether a time waits for its year.
pub fn waits_for_year(time: Timestamp) -> bool {
    time.micros() < 0
}

/// The latest years in which a span ends not after `bound`: what must be added to its own count, for [`in_years`].
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
