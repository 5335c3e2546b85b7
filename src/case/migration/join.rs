//! Which records are of one migration.
//!
//! First by the migration's id, over all hosts. A record without one joins by its operation, else by VM and time, where
//! that leaves one choice; of two it joins none, so that no migration is told a failure that may be another's.

use std::collections::{BTreeMap, BTreeSet};

use super::super::timeline::Moment;
use super::asked::Asked;
use super::ends::{Ends, Places, VmNames};
use super::index::{Index, News};
use super::{absent, split, world_chain};
use super::{is_cancelled, is_of_migration};
use crate::format::id::OpId;
use crate::model::{EventKind, HostKind, Timestamp};

/// How far a record may lie from the others of its migration in a log of the same host, in microseconds.
const NEAR_SAME_CLOCK: i64 = 30_000_000;

/// The same of two hosts whose clocks could not be compared: public logs show more than a minute and a half between vCenter
/// and a host.
pub(super) const NEAR: i64 = 180_000_000;

/// How far two records of one operation may lie apart: an evacuation retries one VM under one id.
pub(super) const SAME_OPERATION: i64 = 3_600_000_000;

/// The records of one migration.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub id: Option<String>,
    /// Indices into the timeline, ascending.
    pub moments: Vec<usize>,
    pub ends: Ends,
    pub names: VmNames,
    /// The roots of the operations that its records are of.
    pub roots: BTreeSet<String>,
    /// By host the first and the last record that is surely of it: by its id or its operation. Else its first record
    /// there: what only the VM and the time join must not carry the next record over to the next attempt.
    pub spans: BTreeMap<usize, Span>,
    /// Who asked for it, by each log.
    pub asked: Asked,
    pub failed: bool,
    pub refused: bool,
}

/// First and last time.
pub(super) type Span = (Timestamp, Timestamp);

impl Group {
    /// Takes a record, and the names that it tells; what was not known, beside the ends.
    pub fn take(&mut self, at: usize, moment: &Moment, names: VmNames, places: &Places<'_>) -> News {
        let place = self.moments.partition_point(|&known| known < at);
        self.moments.insert(place, at);
        self.ends.take(moment, places);
        let mut news = News::default();
        news.names.extend(names.all().filter(|name| !self.names.all().any(|known| known == *name)).cloned());
        self.names.add(names);
        let root = moment.operation().map(OpId::root);
        let is_of_operation = root.is_some_and(|root| self.roots.contains(root));
        if let Some(root) = root.filter(|_| !is_of_operation) {
            self.roots.insert(root.to_owned());
            news.roots.push(root.to_owned());
        }
        self.asked.take(moment);
        let is_sure = is_of_operation || moment.field("mid").is_some();
        news.span = self.stretch(moment.host, moment.time, is_sure);
        let had_failed = self.failed || self.refused;
        self.failed |= moment.event.kind == EventKind::VMOTION_FAIL;
        self.refused |= moment.event.kind == EventKind::VMOTION_FAIL_CPU;
        news.failed = (self.failed || self.refused) && !had_failed;
        news
    }

    /// Takes the time of a record of `host`; the span there before and now, where it grew.
    fn stretch(&mut self, host: usize, time: Timestamp, is_sure: bool) -> Option<(Option<Span>, Span)> {
        let before = self.spans.get(&host).copied();
        let now = match before {
            None => (time, time),
            Some(span) if is_sure => (span.0.min(time), span.1.max(time)),
            Some(span) => span,
        };
        self.spans.insert(host, now);
        (before != Some(now)).then_some((before, now))
    }

    /// How far `time` lies from its records, in microseconds; 0 between them.
    pub fn distance(&self, time: Timestamp) -> i64 {
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
pub(super) fn groups(timeline: &[Moment], places: &Places<'_>) -> Vec<Group> {
    let mut join = Join { places, groups: Vec::new(), index: Index::default() };
    let loose = join.by_id(timeline);
    // By operation first: that may give a migration the name by which other records find it.
    let rest = join.place(loose, Join::by_operation);
    let rest = join.place(rest, Join::by_vm_and_time);
    // Those that are left found no migration with an id; each makes one that the next may join.
    for record in rest {
        let home = match join.by_operation(&record) {
            Home::Own => join.by_vm_and_time(&record),
            home => home,
        };
        match home {
            Home::Is(group) => join.add(group, record),
            Home::Doubtful => {}
            // A step alone makes no migration: it may be of a move to another datastore, or of one that is told elsewhere.
            Home::Own if is_step(record.moment) => {}
            Home::Own => {
                join.groups.push(Group::default());
                join.add(join.groups.len() - 1, record);
            }
        }
    }
    absent::name(&mut join.groups, places);
    join.groups
}

/// The migrations that are known so far, and how to find one.
struct Join<'a> {
    places: &'a Places<'a>,
    groups: Vec<Group>,
    index: Index,
}

impl Join<'_> {
    /// Makes a group of the records of each id; those without one.
    fn by_id<'t>(&mut self, timeline: &'t [Moment]) -> Vec<Loose<'t>> {
        let mut by_id: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut loose = Vec::new();
        let moments = timeline.iter().enumerate().filter(|(_, moment)| is_of_migration(moment.event.kind));
        for (at, moment) in moments {
            match moment.field("mid") {
                Some(id) => by_id.entry(id).or_default().push(at),
                None => loose.push(self.loose(at, moment)),
            }
        }
        for (id, moments) in by_id {
            for group in split::of_one_id(&moments, timeline, self.places) {
                self.groups.push(Group { id: Some(id.to_owned()), ..group });
            }
        }
        world_chain::name(&mut self.groups, timeline, self.places);
        for group in 0..self.groups.len() {
            self.index.note(group, &self.groups);
        }
        loose
    }

    fn loose<'t>(&self, at: usize, moment: &'t Moment) -> Loose<'t> {
        let mut ends = Ends::default();
        ends.take(moment, self.places);
        ends.settle(self.places);
        let by_host = self.places.hosts.get(moment.host).is_some_and(|host| host.kind == HostKind::Esxi);
        Loose { at, moment, names: VmNames::of(moment, self.places), ends, by_host }
    }

    fn add(&mut self, group: usize, record: Loose<'_>) {
        let Some(grown) = self.groups.get_mut(group) else { return };
        let ends = (grown.ends.source, grown.ends.destination);
        let mut news = grown.take(record.at, record.moment, record.names, self.places);
        grown.ends.settle(self.places);
        news.source = grown.ends.source.filter(|_| ends.0.is_none());
        news.destination = grown.ends.destination.filter(|_| ends.1.is_none());
        self.index.add(group, grown, &news);
    }

    /// Puts each record into the group that `home` finds for it; what it leaves. Those in doubt belong to a known
    /// migration and make none of their own.
    fn place<'t>(&mut self, loose: Vec<Loose<'t>>, home: fn(&Self, &Loose<'_>) -> Home) -> Vec<Loose<'t>> {
        let mut rest = Vec::new();
        for record in loose {
            match home(self, &record) {
                Home::Is(group) => self.add(group, record),
                Home::Doubtful => {}
                Home::Own => rest.push(record),
            }
        }
        rest
    }

    /// The migration of the record's operation. One operation may move many VMs, or one VM several times.
    fn by_operation(&self, record: &Loose<'_>) -> Home {
        let Some(own) = record.moment.operation() else { return Home::Own };
        let fits = |at: &usize| {
            let group = &self.groups[*at];
            group.distance(record.moment.time) <= SAME_OPERATION
                && !group.names.is_other(&record.names)
                && !group.ends.contradict(&record.ends)
        };
        let time = record.moment.time;
        let named = self.index.in_operation_named(own.root(), record.names.all(), time);
        let named: Vec<usize> = each_once(named).filter(fits).collect();
        if !named.is_empty() {
            return self.nearest(&named, record).map_or(Home::Doubtful, Home::Is);
        }
        // Of those without a name, or for a record without one, only one may be meant; a third needs no look.
        let others = self.index.in_operation(own.root(), record.names.is_empty(), time);
        only(each_once(others).filter(fits))
    }

    /// The migration of the record's VM at its time; where it names none, the one that failed then.
    fn by_vm_and_time(&self, record: &Loose<'_>) -> Home {
        let may_be = |at: &usize| self.may_be(&self.groups[*at], record);
        let time = record.moment.time;
        let named: Vec<usize> =
            each_once(self.index.named(record.names.all(), time)).filter(may_be).collect();
        if !named.is_empty() {
            return self.nearest(&named, record).map_or(Home::Doubtful, Home::Is);
        }
        let tells_failure = record.moment.event.kind == EventKind::VMOTION_FAIL;
        let bare = record.names.is_empty() && tells_failure;
        let likely = |at: &usize| {
            let group = &self.groups[*at];
            let failed = group.failed || group.refused;
            group.ends.agree(&record.ends) && (failed || !tells_failure) || (bare && failed)
        };
        let candidates: Box<dyn Iterator<Item = usize>> = match bare {
            true => Box::new(self.index.failed(time)),
            false => Box::new(self.index.between(record.ends.source, record.ends.destination, time)),
        };
        only(each_once(candidates).filter(|at| likely(at) && may_be(at)))
    }

    /// Whether the record may be of `group` by its time, its VM and its ends.
    fn may_be(&self, group: &Group, record: &Loose<'_>) -> bool {
        // vCenter refuses before a host is asked: what it then tries with another host is another migration.
        let is_refusal = record.moment.event.kind == EventKind::VMOTION_FAIL_CPU;
        let is_before_attempt = is_refusal && group.failed && group.id.is_some() && !record.by_host;
        let on_host = group.distance_on(record.moment.host, record.moment.time);
        let near = on_host.map_or_else(
            || group.distance(record.moment.time) <= NEAR,
            |distance| distance <= NEAR_SAME_CLOCK,
        );
        near && !is_before_attempt
            && !group.asked.is_other(record.moment)
            && !group.names.is_other(&record.names)
            && !group.ends.contradict(&record.ends)
    }

    /// Of several migrations of one VM the one whose records on the same host are nearest; by another clock only one can
    /// be meant.
    fn nearest(&self, found: &[usize], record: &Loose<'_>) -> Option<usize> {
        if let [one] = found {
            return Some(*one);
        }
        let on_host =
            |at: &usize| Some((self.groups[*at].distance_on(record.moment.host, record.moment.time)?, *at));
        let mut by_distance: Vec<(i64, usize)> = found.iter().filter_map(on_host).collect();
        by_distance.sort_unstable();
        match by_distance.as_slice() {
            [(_, only)] => Some(*only),
            [(first, one), (second, _), ..] if first < second => Some(*one),
            _ => None,
        }
    }
}

/// What `found` gives, each once.
fn each_once(found: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
    let mut seen = BTreeSet::new();
    found.filter(move |at| seen.insert(*at))
}

/// Whether a record tells of a step on the way, not of an end.
fn is_step(moment: &Moment) -> bool {
    moment.event.kind == EventKind::VMOTION_PROGRESS && !is_cancelled(moment)
}

/// The group that `found` gives, each once; none where it gives two.
fn only(mut found: impl Iterator<Item = usize>) -> Home {
    let Some(first) = found.next() else { return Home::Own };
    if found.next().is_some() { Home::Doubtful } else { Home::Is(first) }
}
