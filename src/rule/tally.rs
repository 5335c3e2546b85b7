//! What a scanner found in one member; and what is counted and told of all its records, whether a rule sees them or not.

use std::collections::BTreeMap;

use super::fields::{KEPT_FIELD, text_of};
use super::sighting::Sample;
use crate::format::Format;
use crate::format::clock::{Clock, Told};
use crate::model::{Event, Source, Stamp};

/// Records without a recognised header that are kept as samples.
const KEPT_SAMPLES: usize = 3;
/// Bytes of such a sample that are kept.
const KEPT_SAMPLE: usize = 200;

/// What a scanner found in one member.
#[derive(Debug, Default)]
pub struct Scan {
    /// Events, in the order of their lines.
    pub events: Vec<Event>,
    /// Events seen beyond what is kept, by rule id.
    pub dropped: BTreeMap<String, u64>,
    /// Operations that were seen.
    pub sightings: Sample,
    /// Records.
    pub records: u64,
    /// Records without a recognised header.
    pub unparsed: u64,
    /// The first few of those: where each stands, and its first line.
    pub unparsed_samples: Vec<(Source, String)>,
    /// Stamp of the first record that has one.
    pub first: Option<Stamp>,
    /// Stamp of the last record that has one.
    pub last: Option<Stamp>,
    /// The first line of the first record with a stamp of its own.
    pub first_record: Option<(Source, String)>,
    /// The last record's first line.
    pub last_record: Option<(Source, String)>,
    /// What its stamps say of the clock.
    pub clock: Told,
}

impl Scan {
    /// Where records are in another order than their times, the log reaches from the first time to the last.
    fn in_order(&mut self) {
        if self.first > self.last {
            std::mem::swap(&mut self.first, &mut self.last);
            std::mem::swap(&mut self.first_record, &mut self.last_record);
        } else if self.clock.disorder == 0 {
            return;
        }
        let Some((low, high)) = self.clock.span else { return };
        for stamp in self.first.iter_mut() {
            stamp.time = stamp.time.min(low);
        }
        for stamp in self.last.iter_mut() {
            stamp.time = stamp.time.max(high);
        }
    }
}

/// Counts the records of one member, and watches its clock.
pub(super) struct Tally {
    clock: Clock,
    records: u64,
    unparsed: u64,
    unparsed_samples: Vec<(Source, String)>,
    first_record: Option<(Source, String)>,
    last_record: Option<(Source, String)>,
}

impl Tally {
    /// For a log of the family `format`, where it is one that is known.
    pub(super) fn of(format: Option<&Format>) -> Self {
        let uptime = format.and_then(|format| format.uptime);
        Tally {
            clock: Clock::new(uptime, format.is_some_and(|format| format.of_threads)),
            records: 0,
            unparsed: 0,
            unparsed_samples: Vec::new(),
            first_record: None,
            last_record: None,
        }
    }

    /// A record begins with the header in `line`. Whether [`Tally::stamp`] is its stamp now.
    #[inline]
    pub(super) fn begins(&mut self, line: &[u8], place: impl Fn() -> Source) -> bool {
        self.records += 1;
        let told = self.clock.see(line, &place);
        if self.first_record.is_none() && self.clock.first.is_some() {
            self.first_record = Some((place(), text_of(line, KEPT_FIELD)));
        }
        told
    }

    /// Stamp of the last record with one that is not in the usual form.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        self.clock.last
    }

    /// Counts a record that begins with no header that is known; the first few are kept, to show what they are.
    pub(super) fn without_header(&mut self, line: &[u8], place: Source) {
        self.records += 1;
        self.unparsed += 1;
        if self.unparsed_samples.len() < KEPT_SAMPLES {
            self.unparsed_samples.push((place, text_of(line, KEPT_SAMPLE)));
        }
    }

    /// The last record with a header, so far.
    pub(super) fn ends_with(&mut self, line: &[u8], place: Source) {
        self.last_record = Some((place, text_of(line, KEPT_FIELD)));
    }

    /// What is known of all records, of which the last has the stamp `last`.
    pub(super) fn finish(self, last: Option<Stamp>) -> Scan {
        let first = self.clock.first;
        let mut clock = self.clock.finish(self.records);
        let first_record = clock.first_record.take().or(self.first_record);
        let sure = clock.last_sure;
        let mut scan = Scan {
            records: self.records,
            unparsed: self.unparsed,
            unparsed_samples: self.unparsed_samples,
            first,
            last: last.map(|stamp| Stamp { time: sure.unwrap_or(stamp.time), ..stamp }),
            first_record,
            last_record: self.last_record,
            clock,
            ..Scan::default()
        };
        scan.in_order();
        scan
    }
}
