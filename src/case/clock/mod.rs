//! The clocks of the hosts, compared by events that two of them tell, and put on one axis.
//!
//! Everything before [`settle`] is in raw time, everything behind it in corrected time: the times of hosts, captures,
//! logs, gaps, VMs, sightings of names and events. An event that was corrected has the written time in its field `raw_time`.

mod fit;
mod graph;
mod pairs;

use std::collections::BTreeSet;

use super::Case;
use super::host::Host;
use super::names::Names;
use crate::model::{Event, EventKind, Source, Timestamp};

/// A host's clock, compared with the reference of the case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clock {
    /// What it shows, in the order of time; a clock without pieces is right.
    pub pieces: Vec<Piece>,
    /// Half-width of what is not known of it, in microseconds.
    pub uncertainty: i64,
    /// What it rests on.
    pub basis: Basis,
    /// Where it was set, in the order of time.
    pub steps: Vec<ClockStep>,
    /// Whether the others are compared with it.
    pub reference: bool,
    /// What it was compared with.
    pub against: Option<Reference>,
    /// The hosts that were compared with each other, where others were not: indices into the case's hosts, ascending.
    pub within: Vec<usize>,
    /// Lines of events that it and another host both tell, two an event.
    pub evidence: Vec<ClockLine>,
}

/// A line that tells an event by which clocks are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockLine {
    /// Whose line: an index into the case's hosts.
    pub host: usize,
    /// When its event was, in corrected time.
    pub time: Timestamp,
    /// Where it stands.
    pub source: Source,
    /// The line.
    pub text: String,
}

/// A stretch of time in which a clock was not set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// When it begins on the clock itself; the first one reaches back to the beginning.
    pub from: Timestamp,
    /// How far the clock is ahead at `from`, in microseconds.
    pub ahead: i64,
    /// How much it gains: microseconds in a microsecond.
    pub drift: f64,
}

/// A clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockStep {
    /// When, at the latest: in corrected time.
    pub at: Timestamp,
    /// How far it was put forward, in microseconds.
    pub by: i64,
}

/// The events that a clock is compared by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// Migrations that both hosts tell of.
    pub migrations: usize,
    /// Nodes that both hosts saw leave or join.
    pub memberships: usize,
    /// Operations of a vCenter Server that reached the host.
    pub operations: usize,
    /// Operations that both tell in some record, of which the first one counts.
    pub roots: usize,
    /// Migration ids that are times on the clock of the vCenter Server.
    pub made_ids: usize,
    /// Records of vSphere HA that say how far two clocks differ.
    pub ha_records: usize,
    /// The hosts that tell them too: indices into the case's hosts, ascending.
    pub with: Vec<usize>,
    /// Of how many independent events all of it is.
    pub witnesses: usize,
    /// Whether that made a comparison.
    pub comparison: Comparison,
}

/// Whether what two hosts tell makes a comparison of their clocks, and if not, why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comparison {
    /// It does.
    #[default]
    Made,
    /// What is told contradicts itself.
    Contradictory,
    /// What is told is too little for its sort.
    OfTooFew,
    /// One event alone is told by both.
    OfOneEvent {
        /// How far the clock would be ahead by it, in microseconds.
        ahead: i64,
    },
}

impl Basis {
    /// Whether the clock was compared at all.
    pub fn is_compared(&self) -> bool {
        self.comparison == Comparison::Made
    }

    /// How many events it is.
    pub fn count(&self) -> usize {
        self.migrations + self.memberships + self.operations + self.roots + self.made_ids + self.ha_records
    }
}

/// Whole milliseconds of so many microseconds.
pub fn millis(micros: i64) -> i64 {
    (micros as f64 / 1e3).round() as i64
}

/// What the clocks are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// This host: an index into the case's hosts.
    Host(usize),
    /// The clock of a vCenter Server whose bundle is not there: ids of migrations are times on it.
    MigrationIds,
}

impl Clock {
    /// The time on the reference clock when this one showed `raw`.
    pub fn corrected(&self, raw: Timestamp) -> Timestamp {
        raw.plus_micros(-self.ahead_at(raw))
    }

    /// What this one showed at `corrected`, the time on the reference clock; of a time that it showed twice, or never, as it
    /// was set then, what it would show by the stretch before or behind.
    pub fn raw(&self, corrected: Timestamp) -> Timestamp {
        let shown = self.pieces.iter().enumerate().rev().find_map(|(number, piece)| {
            let raw = piece.raw(corrected);
            (number == 0 || raw >= piece.from).then_some(raw)
        });
        shown.unwrap_or(corrected)
    }

    /// How far it is ahead when it shows `raw`, in microseconds.
    pub fn ahead_at(&self, raw: Timestamp) -> i64 {
        let number = self.pieces.partition_point(|piece| piece.from <= raw).saturating_sub(1);
        self.pieces.get(number).map_or(0, |piece| piece.ahead_at(raw))
    }

    /// How far it was ahead at the end, in microseconds, where `end` is the last time that is known of its host, in corrected
    /// time.
    pub fn ahead_at_end(&self, end: Option<Timestamp>) -> i64 {
        let Some(last) = self.pieces.last() else { return 0 };
        last.ahead_at(end.map_or(last.from, |end| self.raw(end)))
    }

    /// Microseconds that it gains a day at the end, where it does.
    pub fn gains_a_day(&self) -> Option<f64> {
        let drift = self.pieces.last()?.drift;
        (drift != 0.0).then_some(drift * 86_400.0 * 1e6)
    }

    /// The same in milliseconds, to a tenth.
    pub fn gains_millis_a_day(&self) -> Option<f64> {
        self.gains_a_day().map(|gains| (gains / 100.0).round() / 10.0)
    }

    /// The largest offset that it ever had between two times that it shows, in microseconds.
    pub fn most_ahead(&self, from: Timestamp, to: Timestamp) -> i64 {
        let ends = self.pieces.iter().enumerate().flat_map(|(number, piece)| {
            let next = self.pieces.get(number + 1).map_or(to, |next| next.from);
            [piece.ahead_at(if number == 0 { from } else { piece.from }), piece.ahead_at(next)]
        });
        ends.max_by_key(|ahead| ahead.abs()).unwrap_or(0)
    }
}

impl Piece {
    fn ahead_at(&self, raw: Timestamp) -> i64 {
        self.ahead + (raw.since(self.from) as f64 * self.drift).round() as i64
    }

    /// What the clock shows at `corrected`, by this piece alone.
    fn raw(&self, corrected: Timestamp) -> Timestamp {
        let right = corrected.plus_micros(self.ahead);
        let gained = right.since(self.from) as f64 * self.drift / (1.0 - self.drift);
        right.plus_micros(gained.round() as i64)
    }
}

impl Clock {
    /// What it was compared with; `None` where it was not. `own` is the index of its host, which may be the reference.
    fn compared_with(&self, own: usize) -> Option<Reference> {
        if self.reference {
            return self.against.or(Some(Reference::Host(own)));
        }
        self.against.filter(|_| self.basis.is_compared())
    }
}

impl Case {
    /// How far a span between these hosts may be off, in microseconds: their two worst clocks together. `None` where the
    /// clock of one was not compared, or two were compared with others: then nothing says how far they lie apart.
    pub fn clock_doubt(&self, hosts: impl IntoIterator<Item = usize>) -> Option<i64> {
        let mut known = Vec::new();
        let mut against = BTreeSet::new();
        for host in hosts {
            let clock = self.hosts.get(host)?.clock.as_ref()?;
            against.insert(clock.compared_with(host)?);
            known.push(clock.uncertainty);
        }
        known.sort_unstable();
        (against.len() < 2).then(|| known.iter().rev().take(2).sum())
    }
}

/// Compares the clocks of `hosts` by their raw `events`, and puts every time of the hosts on the reference clock.
pub(super) fn settle(hosts: &mut [Host], events: &mut [Vec<Event>], names: &mut Names) -> Option<Reference> {
    let (reference, clocks) = graph::clocks(hosts, events, &pairs::of(hosts, events, names))?;
    for (index, ((host, events), clock)) in hosts.iter_mut().zip(events).zip(clocks).enumerate() {
        host.clock = clock;
        let Some(clock) = host.clock.clone().filter(|clock| !clock.pieces.is_empty()) else { continue };
        put_host(host, &clock);
        names.put_sightings(index, |at| clock.corrected(at));
        events.iter_mut().for_each(|event| put_event(event, &clock));
    }
    Some(reference)
}

/// Fields that hold a time of the host's own clock, by the kind of their event.
const TIMES: &[(EventKind, &[&str])] = &[(EventKind::EVC_MASK_CHANGED, &["not_before", "not_after"])];

/// Puts an event on the reference clock.
fn put_event(event: &mut Event, clock: &Clock) {
    let of_kind = TIMES.iter().filter(|(kind, _)| *kind == event.kind).flat_map(|(_, names)| *names);
    for name in of_kind {
        let field = event.fields.get_mut(*name);
        if let Some((field, raw)) = field.and_then(|field| field.parse().ok().map(|raw| (field, raw))) {
            *field = clock.corrected(raw).to_string();
        }
    }
    let Some(stamp) = &mut event.stamp else { return };
    let raw = stamp.time;
    stamp.time = clock.corrected(raw);
    if stamp.time != raw {
        event.fields.entry("raw_time".to_owned()).or_insert_with(|| raw.to_string());
    }
}

/// Puts every time of a host on the reference clock. No other place does that.
fn put_host(host: &mut Host, clock: &Clock) {
    let put = |at: &mut Timestamp| *at = clock.corrected(*at);
    let of_host = [&mut host.captured_at, &mut host.booted_at];
    of_host.into_iter().flatten().for_each(put);
    for capture in &mut host.captures {
        [&mut capture.captured_at, &mut capture.booted_at].into_iter().flatten().for_each(put);
    }
    for log in &mut host.logs {
        [&mut log.rest.from, &mut log.rest.to].into_iter().flatten().for_each(put);
        for member in &mut log.members {
            [&mut member.from, &mut member.to].into_iter().flatten().for_each(put);
            for silence in &mut member.silences {
                [&mut silence.from, &mut silence.to].into_iter().for_each(put);
            }
            member.silences.retain(|silence| silence.from < silence.to);
        }
    }
    for gaps in host.gaps.values_mut() {
        gaps.iter_mut().flat_map(|gap| [&mut gap.from, &mut gap.to]).for_each(put);
        gaps.retain(|gap| gap.from <= gap.to);
    }
    host.vms.iter_mut().filter_map(|vm| vm.powered_on_at.as_mut()).for_each(put);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MemberPath, Severity, Stamp};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_600_000_000 + seconds)
    }

    fn clock(pieces: &[(i64, i64, f64)]) -> Clock {
        let piece = |&(from, ahead, drift): &(i64, i64, f64)| Piece {
            from: at(from),
            ahead: ahead * 1_000_000,
            drift,
        };
        Clock { pieces: pieces.iter().map(piece).collect(), ..Clock::default() }
    }

    #[test]
    fn what_a_clock_showed_is_the_inverse_of_what_it_is_corrected_to() {
        let drifting = clock(&[(0, 97, 2e-5)]);
        // Set back by 100 s, and set forward by 100 s.
        let back = clock(&[(0, 100, 0.0), (1_100, 0, 0.0)]);
        let forward = clock(&[(0, -100, 1e-6), (1_000, 0, 0.0)]);
        for clock in [Clock::default(), drifting, back.clone(), forward.clone()] {
            for seconds in [-50_000, -1, 0, 500, 1_300, 90_000] {
                let again = clock.corrected(clock.raw(at(seconds)));
                assert!(again.since(at(seconds)).abs() <= 1, "{seconds}: {again} by {:?}", clock.pieces);
            }
        }
        assert_eq!(back.raw(at(900)), at(1_000), "before it was set");
        assert_eq!(back.raw(at(1_200)), at(1_200), "behind");
        // Between 1000 and 1100 it showed what it had shown before: one of both.
        let twice = back.raw(at(1_050));
        assert!([at(1_050), at(1_150)].contains(&twice), "{twice}");
        assert_eq!(forward.raw(at(1_000)), at(1_000));
    }

    #[test]
    fn times_in_fields_are_corrected_with_the_stamp_of_their_event() {
        let times = [("not_before", at(0)), ("not_after", at(600)), ("seen", at(600))];
        let mut event = Event {
            stamp: Some(Stamp::estimated(at(600))),
            kind: EventKind::EVC_MASK_CHANGED,
            severity: Severity::Info,
            rule: "state.evc-masks".to_owned(),
            raw: String::new(),
            text: String::new(),
            fields: times.iter().map(|(name, time)| ((*name).to_owned(), time.to_string())).collect(),
            source: Source { file: MemberPath::new("a"), line: 1, offset: 0 },
        };
        let mut other = Event { kind: EventKind::HOST_BOOT, ..event.clone() };
        let ahead = clock(&[(0, 97, 0.0)]);
        put_event(&mut event, &ahead);
        assert_eq!(event.stamp.map(|stamp| stamp.time), Some(at(503)));
        assert_eq!(event.fields["not_before"], at(-97).to_string());
        assert_eq!(event.fields["not_after"], at(503).to_string());
        assert_eq!(event.fields["seen"], at(600).to_string());
        put_event(&mut other, &ahead);
        assert_eq!(other.fields["not_after"], at(600).to_string(), "text of another sort of event");
    }
}
