//! Events that two hosts tell, each by its own clock.

use std::collections::{BTreeMap, BTreeSet};

use super::super::host::Host;
use super::super::names::{Names, position};
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
            Sort::MadeId | Sort::HaDifference => 1_000_000,
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
            _ => 0,
        }
    }
}

/// One of the two records of an event.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    /// The host's index; the number of hosts stands for the clock of a vCenter Server without a bundle.
    pub node: usize,
    /// When, raw.
    pub at: Timestamp,
    /// Its line; an id has none.
    pub line: Option<(Source, String)>,
    quality: TimeQuality,
}

/// An event that two hosts tell.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub sort: Sort,
    pub a: Sight,
    pub b: Sight,
    /// How far the two records may lie apart by themselves, in microseconds.
    pub apart: i64,
}

impl Pair {
    fn of(sort: Sort, a: Sight, b: Sight) -> Pair {
        let whole = [&a, &b].iter().any(|sight| sight.quality == TimeQuality::Second);
        let apart = sort.apart() + if whole { 500_000 } else { 0 };
        Pair { sort, a, b, apart }
    }
}

/// An id and a host's record lie no further apart: two days. Beyond that an id is no time.
const MOST_OF_ID: i64 = 2 * 86_400_000_000;
/// Records of one host about one node within this time are one event, in microseconds.
const ONE_EVENT: i64 = 10_000_000;
/// A node that came and went more often is not compared: which time is which is not known.
const MOST_TIMES: usize = 4;
/// Hops that append a part to an operation's id between vCenter's record and that of a host.
const MOST_HOPS: usize = 3;

/// All pairs of a case, in an order that depends on nothing but the case.
pub(super) fn of(hosts: &[Host], events: &[Vec<Event>], names: &Names) -> Vec<Pair> {
    let mut pairs = migrations(hosts, events);
    pairs.extend(memberships(hosts, events));
    pairs.extend(operations(hosts));
    // Who makes these records and when is not known, so events that two hosts tell go before them.
    let paired: BTreeSet<usize> = pairs.iter().flat_map(|pair| [pair.a.node, pair.b.node]).collect();
    pairs.extend(ha_differences(hosts, names).into_iter().filter(|pair| !paired.contains(&pair.b.node)));
    pairs
}

fn sight(node: usize, event: &Event) -> Option<Sight> {
    // What a relay or a guess stamped is not of this clock.
    let stamp = event.stamp.filter(|stamp| stamp.quality != TimeQuality::Estimated)?;
    let own = !event.fields.contains_key("relayed_host");
    let line = Some((event.source.clone(), event.raw.clone()));
    own.then_some(Sight { node, at: stamp.time, line, quality: stamp.quality })
}

/// What one host tells of one migration.
#[derive(Default)]
struct Told {
    kernel: Option<Sight>,
    vmx: Option<Sight>,
    end: Option<Sight>,
}

impl Told {
    fn take(&mut self, event: &Event, sight: Sight) {
        if event.kind == EventKind::VMOTION_SUCCESS {
            if self.end.as_ref().is_none_or(|known| known.at < sight.at) {
                self.end = Some(sight);
            }
            return;
        }
        let kept = if event.rule.starts_with("vmx.") { &mut self.vmx } else { &mut self.kernel };
        if kept.as_ref().is_none_or(|known| sight.at < known.at) {
            *kept = Some(sight);
        }
    }

    fn start(&self) -> Option<&Sight> {
        self.kernel.as_ref().or(self.vmx.as_ref())
    }
}

fn migrations(hosts: &[Host], events: &[Vec<Event>]) -> Vec<Pair> {
    let mut told: BTreeMap<&str, BTreeMap<usize, Told>> = BTreeMap::new();
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
    for (id, by_host) in &told {
        let sides: Vec<(&usize, &Told)> = by_host.iter().collect();
        for (at, (one, a)) in sides.iter().enumerate() {
            for (other, b) in &sides[at + 1..] {
                let of_vcenter = [**one, **other].iter().any(|&node| hosts[node].kind == HostKind::Vcenter);
                pairs.extend(pair_of(a, b, of_vcenter));
            }
            let start = a.start().filter(|_| hosts[**one].kind == HostKind::Esxi);
            pairs.extend(start.zip(clock_of_ids).and_then(|(start, node)| made_pair(id, node, start)));
        }
    }
    pairs
}

/// A migration's two sides: one pair, by the same record of both where both have it.
fn pair_of(a: &Told, b: &Told, of_vcenter: bool) -> Option<Pair> {
    let ends = || a.end.as_ref().zip(b.end.as_ref());
    if of_vcenter {
        return ends().map(|(a, b)| Pair::of(Sort::MigrationEnd, a.clone(), b.clone()));
    }
    let alike = a.kernel.as_ref().zip(b.kernel.as_ref()).or(a.vmx.as_ref().zip(b.vmx.as_ref()));
    if let Some((a, b)) = alike.or(a.start().zip(b.start())) {
        return Some(Pair::of(Sort::Migration, a.clone(), b.clone()));
    }
    ends().map(|(a, b)| Pair::of(Sort::MigrationEnd, a.clone(), b.clone()))
}

/// The id as a time on vCenter's clock, with the first record of a host.
fn made_pair(id: &str, node: usize, start: &Sight) -> Option<Pair> {
    let at = Timestamp::from_micros(MigrationId::decimal(id)?.made_at()?);
    let made = Sight { node, at, line: None, quality: TimeQuality::Exact };
    (start.at.since(at).abs() <= MOST_OF_ID).then(|| Pair::of(Sort::MadeId, made, start.clone()))
}

/// A node left, or joined: which, and each host's records of that.
type Seen = BTreeMap<(EventKind, String), BTreeMap<usize, Vec<Sight>>>;

fn memberships(hosts: &[Host], events: &[Vec<Event>]) -> Vec<Pair> {
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
    for by_host in seen.values() {
        // Each with the next two: that ties all together without a pair of every two hosts.
        let sides: Vec<&Vec<Sight>> = by_host.values().filter(|own| own.len() <= MOST_TIMES).collect();
        let near = (0..sides.len()).flat_map(|at| [at + 1, at + 2].map(move |other| (at, other)));
        for (at, other) in near.filter(|(_, other)| *other < sides.len()) {
            if sides[at].len() == sides[other].len() {
                let both = sides[at].iter().zip(sides[other]);
                pairs.extend(both.map(|(a, b)| Pair::of(Sort::Membership, a.clone(), b.clone())));
            }
        }
    }
    pairs
}

/// Calls of a vCenter Server that reached a host: the host's id is that of the caller with a part appended.
fn operations(hosts: &[Host]) -> Vec<Pair> {
    let mut begun: BTreeMap<&str, Vec<Sight>> = BTreeMap::new();
    for (node, host) in hosts.iter().enumerate().filter(|(_, host)| host.kind == HostKind::Vcenter) {
        for sighting in host.sightings.iter().filter(|sighting| sighting.ahead_of.is_none()) {
            let own = begun.entry(&sighting.op_id).or_default();
            if own.iter().all(|known| known.node != node) {
                own.push(sight_of(node, sighting));
            }
        }
    }
    let mut pairs = Vec::new();
    for (node, host) in hosts.iter().enumerate().filter(|(_, host)| host.kind == HostKind::Esxi) {
        let mut last = "";
        for sighting in host.sightings.iter().filter(|sighting| sighting.ahead_of.is_none()) {
            // The first record of an id is the call.
            if std::mem::replace(&mut last, &sighting.op_id) == sighting.op_id {
                continue;
            }
            let parents = std::iter::successors(Some(sighting.op_id.as_str()), |id| {
                id.rsplit_once('-').map(|(parent, _)| parent)
            });
            let caller = parents.take(1 + MOST_HOPS).find_map(|id| begun.get(id));
            let own = sight_of(node, sighting);
            let both = caller.into_iter().flatten();
            pairs.extend(both.map(|call| Pair::of(Sort::Operation, call.clone(), own.clone())));
        }
    }
    pairs
}

/// What vSphere HA says of two clocks: the master's record is the time that its clock showed then.
fn ha_differences(hosts: &[Host], names: &Names) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (node, host) in hosts.iter().enumerate() {
        for sighting in &host.sightings {
            // A 0 stands there too where nothing was compared, and a second is within what it may be wrong by.
            let told = sighting.ahead_of.as_ref().filter(|(_, ahead)| ahead.abs() > 1);
            let Some((master, ahead)) = told else { continue };
            let known = names.object(node, master).and_then(|name| position(hosts, name));
            let Some(master) = known.filter(|master| *master != node) else { continue };
            let own = sight_of(node, sighting);
            let shown =
                Sight { node: master, at: own.at.plus_seconds(-ahead), line: None, quality: own.quality };
            pairs.push(Pair::of(Sort::HaDifference, shown, own));
        }
    }
    pairs
}

fn sight_of(node: usize, sighting: &crate::digest::Sighting) -> Sight {
    let line = Some((sighting.source.clone(), sighting.raw.clone()));
    Sight { node, at: sighting.stamp.time, line, quality: sighting.stamp.quality }
}
