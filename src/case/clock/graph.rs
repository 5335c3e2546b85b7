//! All clocks of a case: which one the others are compared with, and what each shows against it.

use std::collections::BTreeSet;

use super::super::host::Host;
use super::fit::{self, Fit, Point};
use super::pairs::{Pair, Sight, Sort};
use super::{Basis, Clock, ClockStep, Piece, Reference};
use crate::model::{Event, EventKind, HostKind, Timestamp};

/// Two clocks agree within this, in microseconds.
const AGREED: i64 = 2_000_000;
/// Turns in which each clock is compared again with what is known of the others.
const TURNS: usize = 2;
/// Events that are shown of one clock.
const SHOWN: usize = 3;
/// Pairs that must agree where they are of a weak sort.
const LEAST_WEAK: usize = 3;

/// One pair, looked at from one of its hosts.
struct View<'a> {
    pair: &'a Pair,
    own: &'a Sight,
    other: &'a Sight,
}

/// What is known of one clock while others are still looked at.
#[derive(Clone, Default)]
struct Known {
    clock: Clock,
    /// Whether it was compared with the reference, by itself or through others.
    settled: bool,
}

struct Graph<'a> {
    hosts: &'a [Host],
    events: &'a [Vec<Event>],
    /// By host; the last one stands for the vCenter Server that only ids tell of.
    views: Vec<Vec<View<'a>>>,
    reference: usize,
}

/// The reference, and what is known of the clock of each host. `None` where no two hosts tell one event.
pub(super) fn clocks(
    hosts: &[Host],
    events: &[Vec<Event>],
    pairs: &[Pair],
) -> Option<(Reference, Vec<Option<Clock>>)> {
    let mut views: Vec<Vec<View<'_>>> = (0..=hosts.len()).map(|_| Vec::new()).collect();
    for pair in pairs {
        views[pair.a.node].push(View { pair, own: &pair.a, other: &pair.b });
        views[pair.b.node].push(View { pair, own: &pair.b, other: &pair.a });
    }
    for own in &mut views {
        own.sort_by_key(|view| (view.own.at, view.other.node, view.pair.sort, view.other.at));
    }
    let reference = reference(hosts, &views)?;
    let mut graph = Graph { hosts, events, views, reference };
    let mut known = graph.settle();
    let better = graph.better(&known);
    if let Some(better) = better {
        graph.reference = better;
        known = graph.settle();
    }
    let reference = graph.reference;
    if known.iter().filter(|known| known.settled).count() < 2 {
        // What hosts tell together contradicts itself: there is nothing to compare with.
        return None;
    }
    known[reference].clock.reference = true;
    let clocks = known.into_iter().take(hosts.len()).enumerate().map(|(node, known)| {
        let compared = known.settled || known.clock.basis.contradictory;
        compared.then(|| graph.honest(node, known.clock))
    });
    let told = if reference == hosts.len() { Reference::MigrationIds } else { Reference::Host(reference) };
    let clocks = clocks.collect();
    Some((told, clocks))
}

/// The vCenter Server with most pairs by which it can be compared well; else the clock that most others agree with.
fn reference(hosts: &[Host], views: &[Vec<View<'_>>]) -> Option<usize> {
    let is_vcenter = |node: &usize| hosts.get(*node).is_some_and(|host| host.kind == HostKind::Vcenter);
    let paired = || (0..views.len()).filter(|&node| !views[node].is_empty());
    let most = |node: &usize| (views[*node].len(), std::cmp::Reverse(*node));
    let is_told = |node: &usize| views[*node].iter().any(|view| view.pair.sort != Sort::MigrationEnd);
    let vcenter = paired().filter(is_vcenter).filter(is_told).max_by_key(most);
    // Where a host agrees with it, vCenter's time as ids tell it is not needed; where nobody agrees, it decides.
    let by_agreement = |node: &usize| {
        let agreeing = agreeing(&views[*node]);
        (agreeing, (agreeing == 0) == (*node == hosts.len()), most(node))
    };
    vcenter.or_else(|| paired().max_by_key(by_agreement))
}

/// How many others a clock agrees with, each counted by the share of the pairs that do, in hundredths.
fn agreeing(views: &[View<'_>]) -> u64 {
    let mut by_other = std::collections::BTreeMap::<usize, (u64, u64)>::new();
    for view in views {
        let (agree, all) = by_other.entry(view.other.node).or_default();
        *agree += u64::from(view.own.at.since(view.other.at).abs() <= AGREED + view.pair.apart);
        *all += 1;
    }
    by_other.values().map(|(agree, all)| 100 * agree / all).sum()
}

impl Graph<'_> {
    /// All clocks, beginning at the reference: the next is always the one with most events in common with those that are
    /// known.
    fn settle(&self) -> Vec<Known> {
        let mut known = vec![Known::default(); self.views.len()];
        known[self.reference].settled = true;
        let mut order = Vec::new();
        let mut open: BTreeSet<usize> = (0..self.views.len()).filter(|&node| !known[node].settled).collect();
        while let Some((node, _)) = self.nearest(&open, &known) {
            open.remove(&node);
            match self.compare(node, &known) {
                Some(clock) => {
                    known[node] = Known { clock, settled: true };
                    order.push(node);
                }
                None => known[node].clock.basis.contradictory = true,
            }
        }
        for &node in (0..TURNS).flat_map(|_| &order) {
            if let Some(clock) = self.compare(node, &known) {
                known[node].clock = clock;
            }
        }
        known
    }

    /// A host whose clock more others agree with than with that of the reference, now that all are known: hosts that tell no
    /// event together may agree all the same.
    fn better(&self, known: &[Known]) -> Option<usize> {
        if self.hosts.get(self.reference).is_none_or(|host| host.kind == HostKind::Vcenter) {
            return None;
        }
        let settled: Vec<usize> = (0..self.hosts.len()).filter(|&node| known[node].settled).collect();
        let ahead =
            |node: usize| known[node].clock.ahead_at_end(self.views[node].last().map(|view| view.own.at));
        let agreeing = |node: usize| {
            let near = |other: &&usize| (ahead(node) - ahead(**other)).abs() <= AGREED;
            settled.iter().filter(near).count()
        };
        let own = agreeing(self.reference);
        let best = settled.iter().map(|&node| (agreeing(node), std::cmp::Reverse(node))).max()?;
        (best.0 > own).then_some(best.1.0)
    }

    /// The one of `open` with most pairs that lead to a known clock.
    fn nearest(&self, open: &BTreeSet<usize>, known: &[Known]) -> Option<(usize, usize)> {
        let count =
            |node: usize| self.views[node].iter().filter(|view| known[view.other.node].settled).count();
        let counted = open.iter().map(|&node| (node, count(node))).filter(|(_, count)| *count > 0);
        counted.max_by_key(|(node, count)| (*count, std::cmp::Reverse(*node)))
    }

    /// The clock of `node`, by all pairs whose other side is known.
    fn compare(&self, node: usize, known: &[Known]) -> Option<Clock> {
        let views: Vec<&View<'_>> =
            self.views[node].iter().filter(|view| known[view.other.node].settled).collect();
        let origin = views.first()?.own.at;
        let points: Vec<Point> = views.iter().map(|view| point(view, origin, known)).collect();
        let fit = fit::fit(&points)?;
        let agreeing: Vec<&View<'_>> =
            views.iter().zip(&fit.agrees).filter(|(_, agrees)| **agrees).map(|(view, _)| *view).collect();
        let basis = basis(&agreeing, self.hosts.len());
        if basis.migrations + basis.operations == 0 && agreeing.len() < LEAST_WEAK {
            return None;
        }
        let mut clock = Clock {
            uncertainty: uncertainty(&fit, &agreeing, known),
            basis,
            evidence: evidence(node, &agreeing, known),
            ..Clock::default()
        };
        self.put(node, &fit, origin, &mut clock);
        Some(clock)
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
        let told = self.events.get(node).into_iter().flatten().filter(|event| {
            event.kind == EventKind::TIME_STEP
                && event.fields.get("step_ms").and_then(|ms| ms.parse::<i64>().ok()).is_some_and(|ms| {
                    // How far it was set is told as "at least", or not much beside it.
                    ms.signum() == by.signum() && ms.abs() <= by.abs() / 1_000 + 5_000
                })
        });
        let mut told = told.filter_map(|event| event.stamp).map(|stamp| stamp.time);
        // A clock that is put back shows the time between twice.
        let (low, high) = (last.min(first).plus_micros(by.min(0)), last.max(first));
        told.find(|at| (low..=high).contains(at)).unwrap_or(last.plus_micros(first.since(last) / 2))
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
    // What vCenter did first stands on the other side, or on this one.
    let usual = view.pair.sort.usual_delay();
    let delay = if view.own.node == view.pair.b.node { usual } else { -usual };
    Point {
        at: view.own.at.since(origin) as f64 / 1e6,
        ahead: (view.own.at.since(other) - delay) as f64 / 1e6,
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
        made_ids: count(&[Sort::MadeId]),
        ha_records: count(&[Sort::HaDifference]),
        with: with.into_iter().filter(|&node| node < hosts).collect(),
        contradictory: false,
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
    let count = agreeing.len() as f64;
    let few = match agreeing.len() {
        0 | 1 => 5_000_000,
        2 => 500_000,
        _ => 0,
    };
    let spread = (fit.spread * 2e6 / count.sqrt()) as i64;
    (least + spread).max(few)
}

fn least_unsure(pair: &Pair) -> i64 {
    let whole = if pair.apart > 500_000 && pair.sort == Sort::Migration { 500_000 } else { 0 };
    match pair.sort {
        Sort::Migration => 400_000 + whole,
        Sort::Operation => 1_000_000,
        Sort::MadeId | Sort::HaDifference => 1_500_000,
        Sort::Membership => 2_000_000,
        Sort::MigrationEnd => 5_000_000,
    }
}

/// The lines of a few pairs: of the strongest sort, and from the beginning, the middle and the end.
fn evidence(
    node: usize,
    agreeing: &[&View<'_>],
    known: &[Known],
) -> Vec<(usize, crate::model::Source, Option<Timestamp>, String)> {
    let best = agreeing.iter().map(|view| view.pair.sort).min();
    let of_best: Vec<&&View<'_>> = agreeing.iter().filter(|view| Some(view.pair.sort) == best).collect();
    let last = of_best.len().saturating_sub(1);
    let places: BTreeSet<usize> = (0..SHOWN).map(|n| n * last / (SHOWN - 1).max(1)).collect();
    let mut lines = Vec::new();
    for view in places.into_iter().filter_map(|at| of_best.get(at)) {
        let other = (view.other, known[view.other.node].clock.corrected(view.other.at), view.other.node);
        let own = (view.own, other.1, node);
        for (sight, time, host) in [own, other] {
            if let Some((source, text)) = &sight.line {
                lines.push((host, source.clone(), Some(time), text.clone()));
            }
        }
    }
    lines
}
