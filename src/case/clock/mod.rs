//! The clocks of the hosts, compared by events that two of them tell, and put on one axis.
//!
//! Everything before [`settle`] is in raw time, everything behind it in corrected time: the times of hosts, captures,
//! logs, gaps, VMs and events. An event that was corrected has the written time in its field `raw_time`.

mod fit;
mod graph;
mod pairs;

use super::host::Host;
use super::names::Names;
use crate::model::{Event, Source, Timestamp};

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
    /// Lines of events that it and another host both tell: host, place, line; two lines an event.
    pub evidence: Vec<(usize, Source, Option<Timestamp>, String)>,
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
    /// Whether something is told by both, but what is told contradicts itself.
    pub contradictory: bool,
    /// Where one event alone is told by both, which is no comparison: how far the clock would be ahead, in microseconds.
    pub lone: Option<i64>,
    /// Whether what is told by both is too little for its sort.
    pub too_few: bool,
    /// Of how many independent events all of it is.
    pub witnesses: usize,
}

impl Basis {
    /// Whether the clock was compared at all.
    pub fn is_compared(&self) -> bool {
        !self.contradictory && !self.too_few && self.lone.is_none()
    }

    /// How many events it is.
    pub fn count(&self) -> usize {
        self.migrations + self.memberships + self.operations + self.roots + self.made_ids + self.ha_records
    }
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

    /// How far it is ahead when it shows `raw`, in microseconds.
    pub fn ahead_at(&self, raw: Timestamp) -> i64 {
        let number = self.pieces.partition_point(|piece| piece.from <= raw).saturating_sub(1);
        self.pieces.get(number).map_or(0, |piece| piece.ahead_at(raw))
    }

    /// How far it was ahead at the end, in microseconds, where `end` is the last time that it shows.
    pub fn ahead_at_end(&self, end: Option<Timestamp>) -> i64 {
        let Some(last) = self.pieces.last() else { return 0 };
        last.ahead_at(end.unwrap_or(last.from))
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
}

/// Compares the clocks of `hosts` by their raw `events`, and puts every time of the hosts on the reference clock.
pub(super) fn settle(hosts: &mut [Host], events: &mut [Vec<Event>], names: &Names) -> Option<Reference> {
    let found = pairs::of(hosts, events, names);
    let (reference, clocks) = graph::clocks(hosts, events, &found)?;
    for ((host, events), clock) in hosts.iter_mut().zip(events).zip(clocks) {
        host.clock = clock;
        let Some(clock) = host.clock.clone().filter(|clock| !clock.pieces.is_empty()) else { continue };
        put_host(host, &clock);
        events.iter_mut().for_each(|event| put_event(event, &clock));
    }
    Some(reference)
}

/// Puts an event on the reference clock.
fn put_event(event: &mut Event, clock: &Clock) {
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
