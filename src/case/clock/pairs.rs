//! Events that two hosts tell, each by its own clock.

use std::collections::{BTreeMap, BTreeSet};

use super::super::host::Host;
use super::super::names::{Names, position};
use crate::digest::{Sighting, Witnessed};
use crate::format::id::MigrationId;
use crate::model::{Event, EventKind, HostKind, Source, TimeQuality, Timestamp};

/// What sort of event it is that two hosts tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// A migration, by its id: source and destination begin within a second.
    Migration,
    /// The end of a migration, which vCenter tells some seconds later.
    MigrationEnd,
    /// A node left or joined: each member finds out by itself, within some seconds.
    Membership,
    /// A call of vCenter that reaches a host: never before it was made, mostly at once.
    Operation,
    /// The first record of an operation in vCenter and on a host: never before it, some seconds later.
    OperationRoot,
    /// The id of a migration is the time on vCenter's clock at which it was made.
    MadeId,
    /// vSphere HA says itself how far two clocks differ, in whole seconds.
    HaDifference,
}

impl Sort {
    /// How far the two records may lie apart by themselves, in microseconds.
    const fn apart(self) -> i64 {
        match self {
            Sort::Migration | Sort::Operation => 500_000,
            Sort::MadeId | Sort::HaDifference | Sort::OperationRoot => 1_000_000,
            Sort::Membership => 2_000_000,
            Sort::MigrationEnd => 4_000_000,
        }
    }
}

impl Sort {
    /// How much later the second record usually stands, in microseconds: an id is made before the source and the
    /// destination are prepared.
    pub const fn usual_delay(self) -> i64 {
        match self {
            Sort::MadeId => 800_000,
            Sort::OperationRoot => 600_000,
            _ => 0,
        }
    }

    /// Whether the second record is never before the first one, however long it waits.
    pub const fn is_call(self) -> bool {
        matches!(self, Sort::Operation | Sort::OperationRoot | Sort::MadeId)
    }
}

/// One of the two records of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight<'a> {
    /// The host's index; the number of hosts stands for the clock of a vCenter Server without a bundle.
    pub node: usize,
    /// When, raw.
    pub at: Timestamp,
    /// Its line; an id has none.
    pub line: Option<(&'a Source, &'a str)>,
    /// Of a migration, whether the host is its destination, where the record says so.
    pub is_target: Option<bool>,
    /// How exact `at` is.
    pub quality: TimeQuality,
}

/// An event that two hosts tell.
#[derive(Clone, Debug)]
pub(super) struct Pair<'a> {
    pub sort: Sort,
    /// Who witnesses it: pairs of one migration or operation are one witness.
    pub key: String,
    pub a: Sight<'a>,
    pub b: Sight<'a>,
    /// How far the two records may lie apart by themselves, in microseconds.
    pub apart: i64,
}

impl<'a> Pair<'a> {
    pub fn of(sort: Sort, key: &str, a: Sight<'a>, b: Sight<'a>) -> Pair<'a> {
        let whole = [&a, &b].iter().any(|sight| sight.quality == TimeQuality::Second);
        let apart = sort.apart() + if whole { 500_000 } else { 0 };
        Pair { sort, key: key.to_owned(), a, b, apart }
    }
}

/// An id and a host's record lie no further apart: two days. Beyond that an id is no time.
const MOST_OF_ID: i64 = 2 * 86_400_000_000;
/// Records of one host about one node within this time are one event, in microseconds.
const ONE_EVENT: i64 = 10_000_000;
/// A node that came and went more often is not compared: which time is which is not known.
const MOST_TIMES: usize = 12;
/// Each host that saw a node leave is compared with so many that saw it too, on either side: a host is believed where three
/// others confirm it.
const NEIGHBOURS: usize = 3;
/// Differences within this are one, in microseconds.
const ONE_DIFFERENCE: i64 = 3_000_000;
/// Records of one migration on one host lie within this, in microseconds; an id that comes again later was used again.
const ONE_MIGRATION: i64 = 3_600_000_000;
/// Hops that append a part to an operation's id between vCenter's record and that of a host.
const MOST_HOPS: usize = 3;

/// vSphere HA counts no larger difference, in seconds: a year.
const MOST_DIFFERENCE: i64 = 31_622_400;

/// All pairs of a case, in an order that depends on nothing but the case.
pub(super) fn of<'a>(hosts: &'a [Host], events: &'a [Vec<Event>], names: &Names) -> Vec<Pair<'a>> {
    let mut pairs = migrations(hosts, events);
    pairs.extend(memberships(hosts, events));
    pairs.extend(operations(hosts));
    pairs.extend(roots(hosts, events));
    // Who makes these records and when is not known, so events that two hosts tell go before them.
    let paired: BTreeSet<usize> = pairs.iter().flat_map(|pair| [pair.a.node, pair.b.node]).collect();
    pairs.extend(ha_differences(hosts, names).into_iter().filter(|pair| !paired.contains(&pair.b.node)));
    pairs
}

fn sight(node: usize, event: &Event) -> Option<Sight<'_>> {
    // What a relay or a guess stamped is not of this clock.
    if event.fields.contains_key("relayed_host") {
        return None;
    }
    let stamp = event.stamp.filter(|stamp| stamp.quality != TimeQuality::Estimated)?;
    let line = Some((&event.source, event.raw.as_str()));
    let side = event.fields.get("side").or(event.fields.get("role"));
    let is_target = match (side, event.fields.get("request")) {
        (Some(side), _) => Some(side.starts_with('D')),
        (None, request) => request.map(|request| request == "from"),
    };
    Some(Sight { node, at: stamp.time, line, is_target, quality: stamp.quality })
}

/// What one host tells of one migration.
#[derive(Default)]
struct Told<'a> {
    kernel: Option<Sight<'a>>,
    vmx: Option<Sight<'a>>,
    end: Option<Sight<'a>>,
    /// The latest beginning.
    latest: Option<Timestamp>,
}

impl<'a> Told<'a> {
    fn take(&mut self, event: &Event, sight: Sight<'a>) {
        if event.kind == EventKind::VMOTION_START {
            self.latest = self.latest.max(Some(sight.at));
        }
        if event.kind == EventKind::VMOTION_SUCCESS {
            if self.end.is_none_or(|known| known.at < sight.at) {
                self.end = Some(sight);
            }
            return;
        }
        let kept = if event.rule.starts_with("vmx.") { &mut self.vmx } else { &mut self.kernel };
        if kept.is_none_or(|known| sight.at < known.at) {
            *kept = Some(sight);
        }
    }

    fn start(&self) -> Option<Sight<'a>> {
        self.kernel.or(self.vmx)
    }

    /// Whether the id was used for another migration too.
    fn came_again(&self) -> bool {
        let first = [&self.kernel, &self.vmx].into_iter().flatten().map(|sight| sight.at).min();
        first.zip(self.latest).is_some_and(|(first, last)| last.since(first) > ONE_MIGRATION)
    }
}

/// An id that more than two hosts tell, or one host twice, is that of several migrations.
fn is_reused(sides: &BTreeMap<usize, Told<'_>>, hosts: &[Host]) -> bool {
    let count = sides.keys().filter(|&&node| hosts[node].kind == HostKind::Esxi).count();
    count > 2 || sides.values().any(Told::came_again)
}

fn migrations<'a>(hosts: &[Host], events: &'a [Vec<Event>]) -> Vec<Pair<'a>> {
    let mut told: BTreeMap<&str, BTreeMap<usize, Told<'a>>> = BTreeMap::new();
    for (node, events) in events.iter().enumerate() {
        for event in events {
            let counts = [EventKind::VMOTION_START, EventKind::VMOTION_SUCCESS].contains(&event.kind);
            let Some(id) = event.fields.get("mid").filter(|_| counts) else { continue };
            let Some(sight) = sight(node, event) else { continue };
            told.entry(id).or_default().entry(node).or_default().take(event, sight);
        }
    }
    let mut vcenters = (0..hosts.len()).filter(|&node| hosts[node].kind == HostKind::Vcenter);
    let vcenter = vcenters.next().unwrap_or(hosts.len());
    // Of several nobody knows whose clock made an id.
    let clock_of_ids = vcenters.next().is_none().then_some(vcenter);
    let mut pairs = Vec::new();
    for (id, by_host) in told.iter().filter(|(_, by_host)| !is_reused(by_host, hosts)) {
        let sides: Vec<(&usize, &Told<'a>)> = by_host.iter().collect();
        for (at, (one, a)) in sides.iter().enumerate() {
            for (other, b) in &sides[at + 1..] {
                let of_vcenter = [**one, **other].iter().any(|&node| hosts[node].kind == HostKind::Vcenter);
                pairs.extend(pair_of(id, a, b, of_vcenter));
            }
            let start = a.start().filter(|_| hosts[**one].kind == HostKind::Esxi);
            pairs.extend(start.zip(clock_of_ids).and_then(|(start, node)| made_pair(id, node, start)));
        }
    }
    pairs
}

/// A migration's two sides: one pair, by the same record of both where both have it.
fn pair_of<'a>(id: &str, a: &Told<'a>, b: &Told<'a>, of_vcenter: bool) -> Option<Pair<'a>> {
    let ends = a.end.zip(b.end).map(|(a, b)| Pair::of(Sort::MigrationEnd, id, a, b));
    if of_vcenter {
        return ends;
    }
    let alike = a.kernel.zip(b.kernel).or(a.vmx.zip(b.vmx)).or(a.start().zip(b.start()));
    alike.map(|(a, b)| Pair::of(Sort::Migration, id, a, b)).or(ends)
}

/// The id as a time on vCenter's clock, with the first record of a host.
fn made_pair<'a>(id: &str, node: usize, start: Sight<'a>) -> Option<Pair<'a>> {
    let at = Timestamp::from_micros(MigrationId::decimal(id)?.made_at()?);
    let made = Sight { node, at, line: None, is_target: None, quality: TimeQuality::Exact };
    (start.at.since(at).abs() <= MOST_OF_ID).then(|| Pair::of(Sort::MadeId, id, made, start))
}

/// A node left, or joined: which, and each host's records of that.
type Seen<'a> = BTreeMap<(EventKind, String), BTreeMap<usize, Vec<Sight<'a>>>>;

fn memberships<'a>(hosts: &[Host], events: &'a [Vec<Event>]) -> Vec<Pair<'a>> {
    let mut seen = Seen::new();
    for (node, events) in events.iter().enumerate().filter(|(node, _)| hosts[*node].kind == HostKind::Esxi) {
        for event in events.iter().filter(|event| event.rule.starts_with("cmmds.")) {
            let counts = [EventKind::VSAN_NODE_LEFT, EventKind::VSAN_NODE_JOINED].contains(&event.kind);
            let Some(other) = event.fields.get("node").filter(|_| counts) else { continue };
            let Some(sight) = sight(node, event) else { continue };
            let key = (event.kind, other.to_ascii_lowercase());
            let own = seen.entry(key).or_default().entry(node).or_default();
            let again = own.last().is_some_and(|last| sight.at.since(last.at) < ONE_EVENT);
            if !again {
                own.push(sight);
            }
        }
    }
    let mut pairs = Vec::new();
    for ((kind, node), by_host) in &seen {
        let sides: Vec<&Vec<Sight<'a>>> = by_host.values().filter(|own| own.len() <= MOST_TIMES).collect();
        for (a, b) in neighbours(sides.len()) {
            for (number, (a, b)) in matched(sides[a], sides[b]).into_iter().enumerate() {
                // Each host finds out by itself: what three hosts say of one event are three witnesses.
                let key = format!("{kind:?} {node} {} {} {number}", a.node, b.node);
                pairs.push(Pair::of(Sort::Membership, &key, a, b));
            }
        }
    }
    pairs
}

/// Each of `count` in a ring with the next ones: that ties all together without a pair of every two.
fn neighbours(count: usize) -> BTreeSet<(usize, usize)> {
    let next = (0..count).flat_map(|at| (1..=NEIGHBOURS).map(move |more| (at, (at + more) % count)));
    next.filter(|(a, b)| a != b).map(|(a, b)| (a.min(b), a.max(b))).collect()
}

/// Records of one thing by two hosts that belong together: those whose difference most share. `[]` where none has most.
fn matched<'a>(a: &[Sight<'a>], b: &[Sight<'a>]) -> Vec<(Sight<'a>, Sight<'a>)> {
    let all = a.iter().flat_map(|one| b.iter().map(move |other| (*one, *other)));
    let all: Vec<(Sight<'_>, Sight<'_>)> =
        all.filter(|(one, other)| one.at.since(other.at).abs() <= MOST_OF_ID).collect();
    let with = |difference: i64| {
        let (mut used, mut found) = (BTreeSet::new(), Vec::new());
        for (one, other) in &all {
            let near = (one.at.since(other.at) - difference).abs() <= ONE_DIFFERENCE;
            if near && !used.contains(&(0, one.at)) && !used.contains(&(1, other.at)) {
                used.extend([(0, one.at), (1, other.at)]);
                found.push((*one, *other));
            }
        }
        found
    };
    let mut votes: Vec<(usize, i64)> = all
        .iter()
        .map(|(one, other)| one.at.since(other.at))
        .map(|difference| (with(difference).len(), difference))
        .collect();
    votes.sort_unstable_by_key(|(count, difference)| {
        (std::cmp::Reverse(*count), difference.abs(), *difference)
    });
    let Some(&(most, difference)) = votes.first() else { return Vec::new() };
    let rival =
        votes.iter().any(|(count, other)| *count == most && (other - difference).abs() > 2 * ONE_DIFFERENCE);
    // Most of what the one that saw less tells must be found with the other.
    let enough = most * 2 > a.len().min(b.len());
    if rival || !enough { Vec::new() } else { with(difference) }
}

/// Calls of a vCenter Server that reached a host: the host's id is that of the caller with a part appended.
fn operations(hosts: &[Host]) -> Vec<Pair<'_>> {
    let mut begun: BTreeMap<&str, Vec<(Sight<'_>, &str)>> = BTreeMap::new();
    for (node, host) in hosts.iter().enumerate().filter(|(_, host)| host.kind == HostKind::Vcenter) {
        for (id, sighting) in operations_of(host) {
            let own = begun.entry(id).or_default();
            if own.iter().all(|(known, _)| known.node != node) {
                own.push((sight_of(node, sighting), id));
            }
        }
    }
    let mut pairs = Vec::new();
    for (node, host) in hosts.iter().enumerate().filter(|(_, host)| host.kind == HostKind::Esxi) {
        let mut last = "";
        for (id, sighting) in operations_of(host) {
            // The first record of an id is the call.
            if std::mem::replace(&mut last, id) == id {
                continue;
            }
            let parents = std::iter::successors(Some(id), |id| id.rsplit_once('-').map(|(parent, _)| parent));
            let caller = parents.take(1 + MOST_HOPS).find_map(|id| begun.get(id));
            let own = sight_of(node, sighting);
            let both = caller.into_iter().flatten();
            pairs.extend(both.map(|call| Pair::of(Sort::Operation, call.1, call.0, own)));
        }
    }
    pairs
}

/// Operations whose root vCenter and a host both tell, in whatever records.
fn roots<'a>(hosts: &[Host], events: &'a [Vec<Event>]) -> Vec<Pair<'a>> {
    let mut first: BTreeMap<&str, BTreeMap<usize, Sight<'a>>> = BTreeMap::new();
    // What an operation is of a migration witnesses the same thing as the migration's id.
    let mut migration: BTreeMap<&str, &str> = BTreeMap::new();
    for (node, events) in events.iter().enumerate() {
        for event in events {
            // The kernel's ids are hashes, and the logs of a VM tell later.
            let Some(root) = event.fields.get("op_root").filter(|_| !event.rule.starts_with("vmx.")) else {
                continue;
            };
            if let Some(id) = event.fields.get("mid") {
                migration.entry(root).or_insert(id);
            }
            let Some(sight) = sight(node, event) else { continue };
            let known = first.entry(root).or_default().entry(node).or_insert(sight);
            if sight.at < known.at {
                *known = sight;
            }
        }
    }
    let mut pairs = Vec::new();
    for (root, by_host) in &first {
        let of_kind = |kind: HostKind| by_host.values().filter(move |sight| hosts[sight.node].kind == kind);
        let key = migration.get(root).unwrap_or(root);
        for call in of_kind(HostKind::Vcenter) {
            let own = of_kind(HostKind::Esxi);
            pairs.extend(own.map(|own| Pair::of(Sort::OperationRoot, key, *call, *own)));
        }
    }
    pairs
}

/// What vSphere HA says of two clocks: the master's record is the time that its clock showed then.
fn ha_differences<'a>(hosts: &'a [Host], names: &Names) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for (node, host) in hosts.iter().enumerate() {
        for (master, seconds, sighting) in differences_of(host) {
            let known = names.object(node, master).and_then(|name| position(hosts, name));
            let Some(master) = known.filter(|master| *master != node) else { continue };
            let own = sight_of(node, sighting);
            let at = own.at.plus_seconds(-seconds);
            let shown = Sight { node: master, at, line: None, is_target: None, quality: own.quality };
            let key = format!("{node} {}", own.at);
            pairs.push(Pair::of(Sort::HaDifference, &key, shown, own));
        }
    }
    pairs
}

/// The operations that reached a host, by id and time.
fn operations_of(host: &Host) -> impl Iterator<Item = (&str, &Sighting)> {
    host.sightings.iter().filter_map(|sighting| match &sighting.what {
        Witnessed::Operation(id) => Some((id.as_str(), sighting)),
        Witnessed::AheadOf { .. } => None,
    })
}

/// What vSphere HA says of a host's clock and those of its masters. A 0 stands there too where nothing was compared, and a
/// second is within what it may be wrong by: where most say so, the others are no offset either.
fn differences_of(host: &Host) -> Vec<(&str, i64, &Sighting)> {
    let mut by_master: BTreeMap<&str, Vec<(&str, i64, &Sighting)>> = BTreeMap::new();
    for sighting in &host.sightings {
        if let Witnessed::AheadOf { master, seconds } = &sighting.what {
            by_master.entry(master).or_default().push((master, *seconds, sighting));
        }
    }
    let differs = |(_, seconds, _): &(&str, i64, &Sighting)| (2..=MOST_DIFFERENCE).contains(&seconds.abs());
    by_master.retain(|_, told| 2 * told.iter().filter(|told| differs(told)).count() > told.len());
    by_master.into_values().flatten().filter(differs).collect()
}

fn sight_of(node: usize, sighting: &Sighting) -> Sight<'_> {
    let line = Some((&sighting.source, sighting.raw.as_str()));
    Sight { node, at: sighting.stamp.time, line, is_target: None, quality: sighting.stamp.quality }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MemberPath, Stamp};

    /// Records at these seconds.
    fn seen(node: usize, seconds: &[i64]) -> Vec<Sight<'static>> {
        let at = |second: &i64| Timestamp::from_micros(second * 1_000_000);
        let quality = TimeQuality::Exact;
        seconds
            .iter()
            .map(|second| Sight { node, at: at(second), line: None, is_target: None, quality })
            .collect()
    }

    fn differences(a: &[i64], b: &[i64]) -> Vec<i64> {
        let (a, b) = (seen(0, a), seen(1, b));
        matched(&a, &b).iter().map(|(a, b)| a.at.since(b.at) / 1_000_000).collect()
    }

    #[test]
    fn records_belong_together_by_the_difference_that_most_share() {
        assert_eq!(differences(&[97], &[0]), [97]);
        assert_eq!(
            differences(&[97, 4_897, 9_697, 14_497, 19_297], &[0, 4_800, 9_600, 14_400, 19_200]),
            [97; 5]
        );
        // One host misses the first and tells one more at the end.
        assert_eq!(differences(&[5_000, 9_900, 30_000], &[0, 5_001, 9_900]), [-1, 0]);
        assert_eq!(differences(&[0, 700], &[5, 9_000]), [0; 0], "nothing has most");
    }

    #[test]
    fn each_has_three_neighbours_where_there_are_so_many() {
        assert_eq!(neighbours(4).len(), 6);
        assert_eq!(neighbours(1).len() + neighbours(0).len(), 0);
        for count in [7, 64] {
            let all = neighbours(count);
            assert!((0..count).all(|at| all.iter().filter(|(a, b)| *a == at || *b == at).count() == 6));
        }
    }

    #[test]
    fn a_difference_that_most_records_do_not_tell_is_none() {
        let told = |seconds: &[i64]| {
            let sighting = |(at, seconds): (usize, &i64)| Sighting {
                what: Witnessed::AheadOf { master: "host-4".to_owned(), seconds: *seconds },
                stamp: Stamp { time: Timestamp::from_seconds(at as i64 * 60), quality: TimeQuality::Exact },
                source: Source { file: MemberPath::new("fdm.log"), line: 1, offset: 0 },
                rule: String::new(),
                raw: String::new(),
            };
            let sightings = seconds.iter().enumerate().map(sighting).collect();
            let host = Host { sightings, ..Host::default() };
            differences_of(&host).iter().map(|(_, seconds, _)| *seconds).collect::<Vec<_>>()
        };
        assert_eq!(told(&[5, 5, 5]), [5, 5, 5]);
        assert_eq!(told(&[0, 5, 5]), [5, 5]);
        assert!(told(&[0, 0, 0, 5, 5, 5]).is_empty());
        assert!(told(&[1, 1, -1]).is_empty());
        assert!(told(&[i64::MIN + 1, 999_999_999, -999_999_999]).is_empty(), "more than a year");
    }
}
