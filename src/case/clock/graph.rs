//! All clocks of a case: which one the others are compared with, and what each shows against it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::host::Host;
use super::fit::{self, Fit, Point};
use super::pairs::{Pair, Sight, Sort};
use super::{Basis, Clock, ClockLine, ClockStep, Comparison, Piece, Reference};
use crate::digest::AT_LEAST;
use crate::model::{Event, EventKind, HostKind, Timestamp};

/// Two clocks agree within this, in microseconds. Beyond it a clock is no further from another one.
const AGREED: i64 = 2_000_000;
/// Turns in which each clock is compared again with what is known of the others.
const TURNS: usize = 2;
/// Events that are shown of one clock.
const SHOWN: usize = 3;
/// Witnesses that must agree: one alone may be wrong.
const LEAST: usize = 2;
/// The same where they are of a weak sort.
const LEAST_WEAK: usize = 3;
/// Times at which clocks are compared with each other, from the first event in common to the last.
const SAMPLES: i64 = 9;
/// A vCenter Server whose clock is known no better than this is no reference, in microseconds.
const LEAST_SURE: i64 = 2_000_000;
/// How much later a migration's target may always be prepared, in microseconds.
const ONE_WAY: i64 = 3_000_000;
/// A step that the clock itself tells of is looked at from this size on, in microseconds.
const LEAST_STEP: i64 = 1_000_000;
/// What a clock tells of a step is no more than so much larger than what pairs show, in microseconds.
const MORE_THAN_STEPPED: i64 = 5_000_000;

/// One pair, looked at from one of its hosts.
struct View<'a> {
    pair: &'a Pair<'a>,
    own: &'a Sight<'a>,
    other: &'a Sight<'a>,
    /// The number of the pair's witness: views of one witness have the same.
    key: usize,
}

/// A clock tells itself that it was set.
#[derive(Clone, Copy)]
struct Step {
    /// When, raw: what it showed then.
    at: Timestamp,
    /// How far it was put forward, in microseconds.
    by: i64,
    /// Whether it was set by so much at least: records go back, which is no more than a bound, and a damaged log may look so.
    is_bound: bool,
}

/// What is known of one clock while others are still looked at.
#[derive(Clone, Default)]
struct Known {
    clock: Clock,
    /// Whether it was compared with the reference, by itself or through others.
    settled: bool,
}

/// Clocks that were compared with each other.
struct Group {
    reference: usize,
    known: Vec<Known>,
}

struct Graph<'a> {
    hosts: &'a [Host],
    /// By host, in the order of its own time.
    steps: Vec<Vec<Step>>,
    /// By host; the last one stands for the vCenter Server that only ids tell of.
    views: Vec<Vec<View<'a>>>,
}

/// The reference of most hosts, and what is known of the clock of each. `None` where no two hosts tell one event.
pub(super) fn clocks(
    hosts: &[Host],
    events: &[Vec<Event>],
    pairs: &[Pair<'_>],
) -> Option<(Reference, Vec<Option<Clock>>)> {
    let graph = Graph::of(hosts, events, pairs);
    let groups = graph.groups();
    let members = |group: &Group| -> Vec<usize> {
        (0..hosts.len()).filter(|&node| group.known[node].settled).collect()
    };
    let mut clocks: Vec<Option<Clock>> =
        (0..hosts.len()).map(|node| graph.not_compared(node, &groups)).collect();
    for group in &groups {
        let of_group = members(group);
        for &node in &of_group {
            let mut clock = graph.honest(node, group.known[node].clock.clone());
            clock.reference = node == group.reference;
            clock.against = Some(graph.told(group.reference));
            clock.within = if groups.len() > 1 { of_group.clone() } else { Vec::new() };
            clocks[node] = Some(clock);
        }
    }
    let largest =
        groups.iter().max_by_key(|group| (members(group).len(), std::cmp::Reverse(group.reference)));
    let first = || (0..hosts.len()).find(|&node| clocks[node].is_some());
    // Without any group there is still something to say of each host: why it was not compared.
    let reference = largest.map(|group| group.reference).or_else(first)?;
    Some((graph.told(reference), clocks))
}

/// Where a host's clock was set, as it tells itself.
fn steps_of(events: &[Event]) -> Vec<Step> {
    let step = |event: &Event| {
        let by = event.fields.get("step_ms")?.parse::<i64>().ok()?.saturating_mul(1_000);
        Some(Step { at: event.stamp?.time, by, is_bound: event.fields.contains_key(AT_LEAST) })
    };
    let mut steps: Vec<Step> =
        events.iter().filter(|event| event.kind == EventKind::TIME_STEP).filter_map(step).collect();
    steps.sort_by_key(|step| (step.at, step.by));
    steps
}

impl<'a> Graph<'a> {
    fn of(hosts: &'a [Host], events: &[Vec<Event>], pairs: &'a [Pair<'a>]) -> Graph<'a> {
        let mut views: Vec<Vec<View<'a>>> = (0..=hosts.len()).map(|_| Vec::new()).collect();
        let mut keys = BTreeMap::new();
        for pair in pairs {
            let next = keys.len();
            let key = *keys.entry(pair.key.as_str()).or_insert(next);
            views[pair.a.node].push(View { pair, own: &pair.a, other: &pair.b, key });
            views[pair.b.node].push(View { pair, own: &pair.b, other: &pair.a, key });
        }
        for own in &mut views {
            own.sort_by_key(|view| (view.own.at, view.other.node, view.pair.sort, view.other.at));
        }
        let steps = events.iter().map(|events| steps_of(events)).collect();
        Graph { hosts, steps, views }
    }

    fn told(&self, reference: usize) -> Reference {
        if reference == self.hosts.len() { Reference::MigrationIds } else { Reference::Host(reference) }
    }

    fn is_vcenter(&self, node: usize) -> bool {
        self.hosts.get(node).is_some_and(|host| host.kind == HostKind::Vcenter)
    }

    /// The clocks that can be compared with each other, each time with a reference of their own.
    fn groups(&self) -> Vec<Group> {
        let mut open: BTreeSet<usize> =
            (0..self.views.len()).filter(|&node| !self.views[node].is_empty()).collect();
        let mut groups = Vec::new();
        while let Some(begin) = self.begin(&open) {
            let known = self.settle(begin, &open);
            let members: Vec<usize> = (0..self.views.len()).filter(|&node| known[node].settled).collect();
            if members.len() < 2 {
                open.remove(&begin);
                continue;
            }
            let reference = self.reference(&members, &known);
            let known = if reference == begin { known } else { self.settle(reference, &open) };
            for node in members.into_iter().chain([reference]) {
                open.remove(&node);
            }
            groups.push(Group { reference, known });
        }
        groups
    }

    /// Where a group is begun: at the vCenter Server, else at the host with most events in common with others.
    fn begin(&self, open: &BTreeSet<usize>) -> Option<usize> {
        let is_told = |node: usize| self.views[node].iter().any(|view| view.pair.sort != Sort::MigrationEnd);
        open.iter().copied().max_by_key(|&node| {
            let is_host = node < self.hosts.len();
            (self.is_vcenter(node) && is_told(node), is_host, self.views[node].len(), std::cmp::Reverse(node))
        })
    }

    /// What the members of a group are compared with: their vCenter Server where it is tied well, else the clock that is
    /// nearest to those of all others.
    fn reference(&self, members: &[usize], known: &[Known]) -> usize {
        let is_told = |node: usize| self.views[node].iter().any(|view| view.pair.sort != Sort::MigrationEnd);
        let vcenter = members.iter().copied().filter(|&node| self.is_vcenter(node) && is_told(node));
        let vcenter = vcenter.max_by_key(|&node| (self.views[node].len(), std::cmp::Reverse(node)));
        let is_sure = |node: &usize| {
            self.compare(*node, known, LEAST).is_some_and(|clock| clock.uncertainty <= LEAST_SURE)
        };
        if let Some(vcenter) = vcenter.filter(is_sure) {
            return vcenter;
        }
        let hosts: Vec<usize> = members.iter().copied().filter(|&node| node < self.hosts.len()).collect();
        let distances = self.distances(&hosts, members, known);
        let best = hosts.iter().zip(&distances).min_by_key(|(node, off)| {
            // Which vCenter Server it is decides only where nothing else does.
            (off.iter().sum::<i64>() / 100_000, self.is_vcenter(**node), **node)
        });
        let Some((&best, off)) = best else { return members[0] };
        // Where nobody agrees, the time of vCenter Server decides, as ids tell it.
        let is_alone = off.iter().all(|off| *off >= AGREED);
        let ids = self.hosts.len();
        if is_alone && members.contains(&ids) { ids } else { best }
    }

    /// How far each of `hosts` is from each other member, as the mean of several times, and never more than so much.
    fn distances(&self, hosts: &[usize], members: &[usize], known: &[Known]) -> Vec<Vec<i64>> {
        let times = members.iter().flat_map(|&node| {
            let views = &self.views[node];
            [views.first(), views.last()]
                .into_iter()
                .flatten()
                .map(move |view| known[node].clock.corrected(view.own.at))
        });
        let times: Vec<Timestamp> = times.collect();
        let (Some(&from), Some(&to)) = (times.iter().min(), times.iter().max()) else { return Vec::new() };
        let sample = |n: i64| from.plus_micros(to.since(from) / (SAMPLES - 1) * n);
        let shown = |node: usize| -> Vec<i64> {
            let clock = &known[node].clock;
            (0..SAMPLES).map(sample).map(|at| clock.ahead_at(at.plus_micros(clock.ahead_at(at)))).collect()
        };
        let all: Vec<(usize, Vec<i64>)> = members.iter().map(|&node| (node, shown(node))).collect();
        let distance = |own: &[i64], other: &[i64]| {
            own.iter().zip(other).map(|(own, other)| (own - other).abs().min(AGREED)).sum::<i64>() / SAMPLES
        };
        let of_host = |host: &usize| {
            let own = shown(*host);
            all.iter().filter(|(node, _)| node != host).map(|(_, other)| distance(&own, other)).collect()
        };
        hosts.iter().map(of_host).collect()
    }

    /// All clocks of `among`, beginning at the reference: the next is always the one with most events in common with those
    /// that are known.
    fn settle(&self, reference: usize, among: &BTreeSet<usize>) -> Vec<Known> {
        let mut known = vec![Known::default(); self.views.len()];
        known[reference].settled = true;
        let left = |known: &[Known]| -> BTreeSet<usize> {
            among.iter().copied().filter(|&node| !known[node].settled).collect()
        };
        let mut order = self.grow(left(&known), &mut known, LEAST);
        let strict = order.len();
        // What a host sees of vSAN alone is believed where three others saw the same: they are looked at together.
        order.extend(self.grow(left(&known), &mut known, 1));
        self.verify(reference, &order, strict, &mut known);
        order.retain(|&node| known[node].settled);
        for &node in (0..TURNS).flat_map(|_| &order) {
            if let Some(clock) = self.compare(node, &known, LEAST) {
                known[node].clock = clock;
            }
        }
        self.go_on(reference, &mut known[reference].clock);
        known
    }

    /// Settles one of `among` after the other, as far as they can be compared, and says which. Where one witness is enough,
    /// `least` is 1, only those that saw the same of vSAN are.
    fn grow(&self, among: BTreeSet<usize>, known: &mut [Known], least: usize) -> Vec<usize> {
        let (mut open, mut order) = (among.clone(), Vec::new());
        while let Some(node) = self.nearest(&open, known) {
            open.remove(&node);
            let usable =
                |view: &View<'_>| known[view.other.node].settled && view.pair.sort == Sort::Membership;
            if least < LEAST && !self.views[node].iter().any(usable) {
                continue;
            }
            if let Some(clock) = self.compare(node, known, least) {
                known[node] = Known { clock, settled: true };
                order.push(node);
                // What could not be compared before may be now. Each turn of this follows a clock that was settled, so it ends.
                let neighbours = self.views[node].iter().map(|view| view.other.node);
                open.extend(neighbours.filter(|other| among.contains(other) && !known[*other].settled));
            }
        }
        order
    }

    /// Takes back those of `order` from `strict` on that too few witnesses confirm.
    fn verify(&self, reference: usize, order: &[usize], strict: usize, known: &mut [Known]) {
        loop {
            let fails = |&&node: &&usize| known[node].settled && self.compare(node, known, LEAST).is_none();
            let Some(&node) = order[strict..].iter().find(fails) else { break };
            known[node] = Known::default();
        }
        if strict == 0 && self.compare(reference, known, LEAST).is_none() {
            order.iter().for_each(|&node| known[node] = Known::default());
        }
    }

    /// The one of `open` with most pairs that lead to a known clock.
    fn nearest(&self, open: &BTreeSet<usize>, known: &[Known]) -> Option<usize> {
        let count =
            |node: usize| self.views[node].iter().filter(|view| known[view.other.node].settled).count();
        let counted = open.iter().map(|&node| (node, count(node))).filter(|(_, count)| *count > 0);
        counted.max_by_key(|(node, count)| (*count, std::cmp::Reverse(*node))).map(|(node, _)| node)
    }

    /// The clock of `node`, by all pairs whose other side is known; `None` where fewer witnesses than `least` agree, or fewer
    /// than three where they are weak and more than one is asked for.
    fn compare(&self, node: usize, known: &[Known], least: usize) -> Option<Clock> {
        let views: Vec<&View<'_>> =
            self.views[node].iter().filter(|view| known[view.other.node].settled).collect();
        let origin = views.first()?.own.at;
        let points: Vec<Point> = views.iter().map(|view| point(view, origin, known)).collect();
        let told: Vec<f64> = self.steps(node).map(|step| step.at.since(origin) as f64 / 1e6).collect();
        let fit = fit::fit(&points, &told)?;
        let agreeing: Vec<&View<'_>> =
            views.iter().zip(&fit.agrees).filter(|(_, agrees)| **agrees).map(|(view, _)| *view).collect();
        let basis = basis(&agreeing, self.hosts.len());
        let is_weak = basis.migrations + basis.operations == 0;
        if basis.witnesses < if is_weak && least > 1 { least.max(LEAST_WEAK) } else { least } {
            return None;
        }
        let mut clock = Clock {
            uncertainty: uncertainty(&fit, &agreeing, known),
            basis,
            evidence: evidence(node, &agreeing, known),
            ..Clock::default()
        };
        self.put(node, &fit, origin, &mut clock);
        self.go_on(node, &mut clock);
        Some(clock)
    }

    /// Why a host was not compared, where it and another one tell something.
    fn not_compared(&self, node: usize, groups: &[Group]) -> Option<Clock> {
        let first = self.views[node].first()?;
        let views: Vec<&View<'_>> = self.views[node].iter().collect();
        let mut basis = basis(&views, self.hosts.len());
        basis.comparison = if basis.witnesses == 1 {
            let known = groups.iter().find(|group| group.known[first.other.node].settled);
            let none = vec![Known::default(); self.views.len()];
            let own = point(first, first.own.at, known.map_or(&none, |group| &group.known));
            Comparison::OfOneEvent { ahead: (own.ahead * 1e6) as i64 }
        } else if basis.witnesses < LEAST_WEAK && basis.migrations + basis.operations == 0 {
            Comparison::OfTooFew
        } else {
            Comparison::Contradictory
        };
        Some(Clock { basis, ..Clock::default() })
    }

    /// Where a clock tells itself that it was set, and how far, in the order of its own time.
    fn steps(&self, node: usize) -> impl DoubleEndedIterator<Item = Step> {
        let all = self.steps.get(node).into_iter().flatten().copied();
        all.filter(|step| !step.is_bound && step.by.saturating_abs() >= LEAST_STEP)
    }

    /// What a clock tells itself of the time before its first pair and after its last one.
    fn go_on(&self, node: usize, clock: &mut Clock) {
        let views = &self.views[node];
        let (Some(first), Some(last)) = (views.first(), views.last()) else { return };
        let (first, last) = (first.own.at, last.own.at);
        // A clock without pieces is right: it was until it was set, or has been since.
        if clock.pieces.is_empty() && self.steps(node).any(|step| step.at < first || step.at > last) {
            clock.pieces.push(Piece { from: first, ahead: 0, drift: 0.0 });
        }
        for Step { at, by, .. } in self.steps(node).filter(|step| step.at > last) {
            let before = clock.ahead_at(at.plus_micros(-by));
            let drift = clock.pieces.last().map_or(0.0, |piece| piece.drift);
            clock.pieces.push(Piece { from: at, ahead: before + by, drift });
            clock.steps.push(ClockStep { at: at.plus_micros(-before - by), by });
        }
        for Step { at, by, .. } in self.steps(node).rev().filter(|step| step.at < first) {
            // The first piece reaches back to the beginning: now it begins where the clock was set.
            let drift = clock.pieces.first().map_or(0.0, |piece| piece.drift);
            let after = Piece { from: at, ahead: clock.ahead_at(at), drift };
            let before = Piece { from: at.plus_micros(-1), ahead: after.ahead - by, drift };
            clock.pieces[0] = after;
            clock.pieces.insert(0, before);
            clock.steps.insert(0, ClockStep { at: at.plus_micros(-after.ahead), by });
        }
    }

    /// Puts the lines of a fit into a clock.
    fn put(&self, node: usize, fit: &Fit, origin: Timestamp, clock: &mut Clock) {
        let raw = |seconds: f64| origin.plus_micros((seconds * 1e6).round() as i64);
        for (number, line) in fit.lines.iter().enumerate() {
            let before = number.checked_sub(1).map(|before| &fit.lines[before]);
            let first = raw(line.first);
            let from = before.map_or(first, |before| {
                let by = ((line.at(line.first) - before.at(before.last)) * 1e6) as i64;
                self.set_between(node, (raw(before.last), first), by)
            });
            let ahead = (line.at(from.since(origin) as f64 / 1e6) * 1e6).round() as i64;
            clock.pieces.push(Piece { from, ahead, drift: line.drift });
            if let Some(before) = before {
                let by = ahead - (before.at(from.since(origin) as f64 / 1e6) * 1e6).round() as i64;
                clock.steps.push(ClockStep { at: from.plus_micros(-ahead), by });
            }
        }
    }

    /// When a clock was set, by itself: as its host tells, else in the middle between two pairs.
    fn set_between(&self, node: usize, (last, first): (Timestamp, Timestamp), by: i64) -> Timestamp {
        // A clock that is put back shows the time between twice.
        let (low, high) = (last.min(first).plus_micros(by.min(0)), last.max(first));
        let told = self.steps.get(node).into_iter().flatten().find(|step| {
            // How far it was set is told as "at least", or not much beside it.
            let is_alike =
                step.by.signum() == by.signum() && step.by.saturating_abs() <= by.abs() + MORE_THAN_STEPPED;
            is_alike && (low..=high).contains(&step.at)
        });
        told.map_or_else(|| last.plus_micros(first.since(last) / 2), |step| step.at)
    }

    /// What is not larger than its uncertainty is no offset: nothing is moved by noise.
    fn honest(&self, node: usize, mut clock: Clock) -> Clock {
        let views = &self.views[node];
        let (Some(first), Some(last)) = (views.first(), views.last()) else { return clock };
        let most = clock.most_ahead(first.own.at, last.own.at).abs();
        if most <= clock.uncertainty {
            clock.pieces.clear();
            clock.steps.clear();
        }
        clock
    }
}

fn point(view: &View<'_>, origin: Timestamp, known: &[Known]) -> Point {
    let other = known[view.other.node].clock.corrected(view.other.at);
    let sort = view.pair.sort;
    // What vCenter did first stands on the other side, or on this one.
    let is_called = view.own.node == view.pair.b.node;
    let delay: i8 = match (sort.is_call(), is_called) {
        (false, _) => 0,
        (true, true) => 1,
        (true, false) => -1,
    };
    Point {
        key: view.key,
        delay,
        at: view.own.at.since(origin) as f64 / 1e6,
        ahead: (view.own.at.since(other) - i64::from(delay) * sort.usual_delay()) as f64 / 1e6,
        apart: view.pair.apart as f64 / 1e6,
    }
}

fn basis(agreeing: &[&View<'_>], hosts: usize) -> Basis {
    let count = |sort: &[Sort]| agreeing.iter().filter(|view| sort.contains(&view.pair.sort)).count();
    let with: BTreeSet<usize> = agreeing.iter().map(|view| view.other.node).collect();
    Basis {
        migrations: count(&[Sort::Migration, Sort::MigrationEnd]),
        memberships: count(&[Sort::Membership]),
        operations: count(&[Sort::Operation]),
        roots: count(&[Sort::OperationRoot]),
        made_ids: count(&[Sort::MadeId]),
        ha_records: count(&[Sort::HaDifference]),
        with: with.into_iter().filter(|&node| node < hosts).collect(),
        witnesses: agreeing.iter().map(|view| view.key).collect::<BTreeSet<_>>().len(),
        ..Basis::default()
    }
}

/// Half-width of what is not known of a clock, in microseconds: what the records of a pair may lie apart in one direction,
/// and how much the pairs differ.
fn uncertainty(fit: &Fit, agreeing: &[&View<'_>], known: &[Known]) -> i64 {
    // A clock that is known through others is no better known than these.
    let through = |view: &&View<'_>| {
        let other = known[view.other.node].clock.uncertainty as f64;
        (least_unsure(view.pair) as f64).hypot(other) as i64
    };
    let least = agreeing.iter().map(through).min().unwrap_or(5_000_000);
    // A target that is always prepared later than the source looks like a clock that is ahead.
    let of_migrations = || agreeing.iter().filter(|view| view.pair.sort == Sort::Migration);
    let sides: BTreeSet<Option<bool>> = of_migrations().map(|view| view.own.is_target).collect();
    let one_way = of_migrations().count() == agreeing.len() && sides.len() == 1 && !sides.contains(&None);
    let few = match agreeing.len() {
        0 | 1 => 5_000_000,
        2 => 500_000,
        _ => 0,
    };
    // Ids that wait for their migrations all wait: the least of it is not known.
    let only_ids = agreeing.iter().all(|view| view.pair.sort == Sort::MadeId);
    let spread = (fit.spread * 1e6) as i64 * if only_ids { 2 } else { 1 };
    (least + spread + if one_way { ONE_WAY } else { 0 }).max(few)
}

fn least_unsure(pair: &Pair<'_>) -> i64 {
    let whole = if pair.apart > 500_000 && pair.sort == Sort::Migration { 500_000 } else { 0 };
    match pair.sort {
        Sort::Migration => 400_000 + whole,
        Sort::Operation => 1_000_000,
        Sort::OperationRoot | Sort::HaDifference => 1_500_000,
        Sort::MadeId => 2_500_000,
        Sort::Membership => 3_000_000,
        Sort::MigrationEnd => 5_000_000,
    }
}

/// The lines of a few pairs: of the strongest sort, and from the beginning, the middle and the end.
fn evidence(node: usize, agreeing: &[&View<'_>], known: &[Known]) -> Vec<ClockLine> {
    let best = agreeing.iter().map(|view| view.pair.sort).min();
    let of_best: Vec<&&View<'_>> = agreeing.iter().filter(|view| Some(view.pair.sort) == best).collect();
    let last = of_best.len().saturating_sub(1);
    let places: BTreeSet<usize> = (0..SHOWN).map(|n| n * last / (SHOWN - 1).max(1)).collect();
    let mut lines = Vec::new();
    for view in places.into_iter().filter_map(|at| of_best.get(at)) {
        let time = known[view.other.node].clock.corrected(view.other.at);
        for (sight, host) in [(view.own, node), (view.other, view.other.node)] {
            if let Some((source, text)) = sight.line {
                lines.push(ClockLine { host, time, source: source.clone(), text: text.to_owned() });
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests;
