//! Which records are of one migration.
//!
//! First by the migration's id, over all hosts. A record without one joins by its operation, else by VM and time, where
//! that leaves one choice; of two it joins none, so that no migration is told a failure that may be another's.

use std::collections::BTreeMap;

use super::super::cluster::Cluster;
use super::super::host::Host;
use super::super::timeline::Moment;
use super::ends::{Ends, VmNames};
use super::is_of_migration;
use crate::format::id::OpId;
use crate::model::{EventKind, HostKind, Timestamp};

/// How far a record may lie from the others of its migration in a log of the same host, in microseconds.
const NEAR_SAME_CLOCK: i64 = 30_000_000;

/// The same where two hosts' clocks differ: public logs show more than a minute and a half between vCenter and a host.
const NEAR: i64 = 180_000_000;

/// How far two records of one operation may lie apart: an evacuation retries one VM under one id.
const SAME_OPERATION: i64 = 3_600_000_000;

/// The records of one migration.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub id: Option<String>,
    /// Indices into the timeline, ascending.
    pub moments: Vec<usize>,
    pub ends: Ends,
    pub names: VmNames,
    operations: Vec<String>,
    /// First and last record by host.
    spans: BTreeMap<usize, (Timestamp, Timestamp)>,
    failed: bool,
    refused: bool,
}

impl Group {
    fn take(&mut self, at: usize, moment: &Moment, hosts: &[Host]) {
        let place = self.moments.partition_point(|&known| known < at);
        self.moments.insert(place, at);
        self.ends.take(moment, hosts);
        self.names.add(VmNames::of(moment, hosts));
        let operation = moment.field("opid").filter(|id| !self.operations.iter().any(|known| known == id));
        self.operations.extend(operation.map(str::to_owned));
        let span = self.spans.entry(moment.host).or_insert((moment.time, moment.time));
        *span = (span.0.min(moment.time), span.1.max(moment.time));
        self.failed |= moment.event.kind == EventKind::VMOTION_FAIL;
        self.refused |= moment.event.kind == EventKind::VMOTION_FAIL_CPU;
    }

    /// How far `time` lies from its records, in microseconds; 0 between them.
    fn distance(&self, time: Timestamp) -> i64 {
        self.spans.values().map(|span| outside(*span, time)).min().unwrap_or(i64::MAX)
    }

    /// The same by the records of `host` only.
    fn distance_on(&self, host: usize, time: Timestamp) -> Option<i64> {
        self.spans.get(&host).map(|span| outside(*span, time))
    }
}

fn outside((first, last): (Timestamp, Timestamp), time: Timestamp) -> i64 {
    first.since(time).max(time.since(last)).max(0)
}

/// A record, and what it tells beside an id.
struct Loose<'a> {
    at: usize,
    moment: &'a Moment,
    names: VmNames,
    ends: Ends,
    /// Whether a host tells it, not vCenter.
    by_host: bool,
}

/// Where a loose record belongs.
enum Home {
    /// To this group.
    Is(usize),
    /// To one of several: it cannot be told.
    Doubtful,
    /// To none that is known.
    Own,
}

/// The records of `timeline` by migration.
pub(super) fn groups(timeline: &[Moment], hosts: &[Host], clusters: &[Cluster]) -> Vec<Group> {
    let join = Join { hosts, clusters };
    let (mut groups, loose) = join.by_id(timeline);
    // By operation first: that may give a migration the name by which other records find it.
    let rest = join.place(&mut groups, loose, by_operation);
    let rest = join.place(&mut groups, rest, by_vm_and_time);
    // Those that are left found no migration with an id; each makes one that the next may join.
    for record in rest {
        let home = match by_operation(&groups, &record) {
            Home::Own => by_vm_and_time(&groups, &record),
            home => home,
        };
        match home {
            Home::Is(group) => join.add(&mut groups[group], &record),
            Home::Doubtful => {}
            Home::Own => {
                groups.push(Group::default());
                groups.last_mut().into_iter().for_each(|group| join.add(group, &record));
            }
        }
    }
    groups
}

/// What the records' hosts are.
struct Join<'a> {
    hosts: &'a [Host],
    clusters: &'a [Cluster],
}

impl Join<'_> {
    /// The records with an id by that, and those without.
    fn by_id<'t>(&self, timeline: &'t [Moment]) -> (Vec<Group>, Vec<Loose<'t>>) {
        let mut by_id: BTreeMap<&str, Group> = BTreeMap::new();
        let mut loose = Vec::new();
        let moments = timeline.iter().enumerate().filter(|(_, moment)| is_of_migration(moment.event.kind));
        for (at, moment) in moments {
            match moment.field("mid") {
                Some(id) => by_id.entry(id).or_default().take(at, moment, self.hosts),
                None => loose.push(self.loose(at, moment)),
            }
        }
        let group = |(id, mut group): (&str, Group)| {
            group.id = Some(id.to_owned());
            group.ends.settle(self.hosts, self.clusters);
            group
        };
        (by_id.into_iter().map(group).collect(), loose)
    }

    fn loose<'t>(&self, at: usize, moment: &'t Moment) -> Loose<'t> {
        let mut ends = Ends::default();
        ends.take(moment, self.hosts);
        ends.settle(self.hosts, self.clusters);
        let by_host = self.hosts.get(moment.host).is_some_and(|host| host.kind == HostKind::Esxi);
        Loose { at, moment, names: VmNames::of(moment, self.hosts), ends, by_host }
    }

    fn add(&self, group: &mut Group, record: &Loose<'_>) {
        group.take(record.at, record.moment, self.hosts);
        group.ends.settle(self.hosts, self.clusters);
    }

    /// Puts each record into the group that `home` finds for it; what it leaves. Those in doubt belong to a known
    /// migration and make none of their own.
    fn place<'t>(
        &self,
        groups: &mut [Group],
        loose: Vec<Loose<'t>>,
        home: fn(&[Group], &Loose<'_>) -> Home,
    ) -> Vec<Loose<'t>> {
        let mut rest = Vec::new();
        for record in loose {
            match home(groups, &record) {
                Home::Is(group) => self.add(&mut groups[group], &record),
                Home::Doubtful => {}
                Home::Own => rest.push(record),
            }
        }
        rest
    }
}

/// The migration of the record's operation. One operation may move many VMs, or one VM several times.
fn by_operation(groups: &[Group], record: &Loose<'_>) -> Home {
    let Some(own) = record.moment.field("opid").and_then(OpId::new) else { return Home::Own };
    let related = |group: &Group| {
        let mut ids = group.operations.iter().filter_map(|id| OpId::new(id));
        ids.any(|id| id.is_related(own)) && group.distance(record.moment.time) <= SAME_OPERATION
    };
    let fits = |group: &Group| {
        related(group) && !group.names.is_other(&record.names) && !group.ends.contradict(&record.ends)
    };
    let found: Vec<usize> = (0..groups.len()).filter(|&at| fits(&groups[at])).collect();
    match found.as_slice() {
        [] => Home::Own,
        [one] => Home::Is(*one),
        _ => {
            let named: Vec<usize> =
                found.into_iter().filter(|&at| groups[at].names.is_same(&record.names)).collect();
            nearest(groups, &named, record).map_or(Home::Doubtful, Home::Is)
        }
    }
}

/// The migration of the record's VM at its time; where it names none, the one that failed then.
fn by_vm_and_time(groups: &[Group], record: &Loose<'_>) -> Home {
    // vCenter refuses before a host is asked: what it then tries with another host is another migration.
    let is_refusal = record.moment.event.kind == EventKind::VMOTION_FAIL_CPU;
    let near = |group: &Group| {
        let on_host = group.distance_on(record.moment.host, record.moment.time);
        on_host.map_or_else(
            || group.distance(record.moment.time) <= NEAR,
            |distance| distance <= NEAR_SAME_CLOCK,
        )
    };
    let is_before_attempt =
        |group: &Group| is_refusal && group.failed && group.id.is_some() && !record.by_host;
    let may_be = |group: &Group| {
        let contradicts = group.names.is_other(&record.names) || group.ends.contradict(&record.ends);
        near(group) && !contradicts && !is_before_attempt(group)
    };
    let found: Vec<usize> = (0..groups.len()).filter(|&at| may_be(&groups[at])).collect();
    let named: Vec<usize> =
        found.iter().copied().filter(|&at| groups[at].names.is_same(&record.names)).collect();
    if !named.is_empty() {
        return nearest(groups, &named, record).map_or(Home::Doubtful, Home::Is);
    }
    let tells_failure = record.moment.event.kind == EventKind::VMOTION_FAIL;
    let bare = record.names.is_empty() && tells_failure;
    let likely = |at: &usize| {
        let group = &groups[*at];
        let failed = group.failed || group.refused;
        group.ends.agree(&record.ends) && (failed || !tells_failure) || (bare && failed)
    };
    let likely: Vec<usize> = found.into_iter().filter(likely).collect();
    match likely.as_slice() {
        [] => Home::Own,
        [one] => Home::Is(*one),
        _ => Home::Doubtful,
    }
}

/// Of several migrations of one VM the one whose records on the same host are nearest; by another clock only one can be
/// meant.
fn nearest(groups: &[Group], found: &[usize], record: &Loose<'_>) -> Option<usize> {
    if let [one] = found {
        return Some(*one);
    }
    let on_host = |at: &usize| Some((groups[*at].distance_on(record.moment.host, record.moment.time)?, *at));
    let mut by_distance: Vec<(i64, usize)> = found.iter().filter_map(on_host).collect();
    by_distance.sort_unstable();
    match by_distance.as_slice() {
        [(_, only)] => Some(*only),
        [(first, one), (second, _), ..] if first < second => Some(*one),
        _ => None,
    }
}
