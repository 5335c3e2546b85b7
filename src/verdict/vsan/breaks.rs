//! What lines tell of absences: who left in whose eyes, from when until when, and which absences are one event.

use std::collections::{BTreeMap, BTreeSet};

use super::sides::Row;
use crate::case::{Case, Membership, Moment, Said};
use crate::model::Timestamp;

/// Witnesses of one event tell of it within this many seconds of the first: a removal is seen within seconds, clomd
/// follows up to minutes later, and clocks differ.
pub(super) const ONE_EVENT: i64 = 300;
/// An absence that began so long after all others had ended is another event, in seconds. Less may be a difference of
/// clocks.
const APART: i64 = 120;
/// A node that loses its master drops all others and takes them back within this many seconds: that is an election.
const ELECTION: i64 = 20;

/// One node was gone in the eyes of one host.
#[derive(Clone, Debug)]
pub(super) struct Absence<'c> {
    /// Who says so: an index into the case's hosts.
    pub by: usize,
    /// Who was gone: an index into the membership's nodes.
    pub node: usize,
    /// The lines that say that it left, in the order of time; never empty.
    pub lines: Vec<&'c Moment>,
    /// The line that says that it came back.
    pub joined: Option<&'c Moment>,
    /// Whether a later absence follows, so that it must have come back though no line says so.
    pub superseded: bool,
}

impl Absence<'_> {
    /// When the node left.
    pub(super) fn at(&self) -> Timestamp {
        self.lines.first().map_or(Timestamp::from_micros(0), |line| line.time)
    }

    /// Whether the node came back in the eyes of this host.
    pub(super) fn is_over(&self) -> bool {
        self.joined.is_some() || self.superseded
    }

    /// When it ended; `None` where it lasts, or no line tells.
    fn end(&self) -> Option<Timestamp> {
        self.joined.map(|line| line.time)
    }
}

/// Absences that are one event.
#[derive(Clone, Debug, Default)]
pub(super) struct Break<'c> {
    /// In the order of time.
    pub absences: Vec<Absence<'c>>,
}

impl<'c> Break<'c> {
    /// Whom each host held for gone.
    pub(super) fn rows(&self, membership: &Membership) -> Vec<Row> {
        let mut rows: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for absence in &self.absences {
            if let Some(by) = membership.node_of(absence.by) {
                rows.entry(by).or_default().insert(absence.node);
            }
        }
        rows.into_iter().map(|(by, gone)| Row { by, gone }).collect()
    }

    /// When the first and the last witness told of it.
    pub(super) fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.absences.first().map(Absence::at).zip(self.absences.last().map(Absence::at))
    }

    /// Whether an absence that begins at `at` is of this event.
    fn goes_on(&self, at: Timestamp) -> bool {
        let is_near =
            self.absences.first().is_some_and(|first| at.since(first.at()) <= ONE_EVENT * 1_000_000);
        let lasts = |absence: &Absence<'_>| {
            let end = absence.end().unwrap_or(at);
            at.since(end) <= APART * 1_000_000
        };
        is_near && self.absences.iter().any(lasts)
    }

    /// Takes out what an election of another master looks like, where something lasted longer.
    fn drop_elections(&mut self) {
        let is_short = |absence: &Absence<'_>| {
            absence.end().is_some_and(|end| end.since(absence.at()) <= ELECTION * 1_000_000)
        };
        if !self.absences.iter().all(is_short) {
            self.absences.retain(|absence| !is_short(absence));
        }
    }
}

/// The breaks that the lines of a membership tell of, in the order of time; of absences of a node at a time for
/// which `counts` holds.
pub(super) fn breaks<'c>(
    case: &'c Case,
    membership: &Membership,
    counts: impl Fn(usize, Timestamp) -> bool,
) -> Vec<Break<'c>> {
    let mut absences: Vec<Absence<'c>> =
        membership.says.keys().flat_map(|&(by, node)| absences(case, membership, by, node)).collect();
    absences.retain(|absence| counts(absence.node, absence.at()));
    absences.sort_by_key(|absence| (absence.at(), absence.by, absence.node));
    let mut breaks: Vec<Break<'c>> = Vec::new();
    for absence in absences {
        match breaks.last_mut().filter(|last| last.goes_on(absence.at())) {
            Some(last) => last.absences.push(absence),
            None => breaks.push(Break { absences: vec![absence] }),
        }
    }
    breaks.iter_mut().for_each(Break::drop_elections);
    breaks
}

/// The absences of `node` in the eyes of `by`, in the order of time.
///
/// The kernel's own lines date a loss; clomd follows up to minutes later and is used where it is alone.
fn absences<'c>(case: &'c Case, membership: &Membership, by: usize, node: usize) -> Vec<Absence<'c>> {
    let lines = membership.says(by, node).into_iter().flat_map(|said| &said.lines);
    let mut found: Vec<Absence<'c>> = Vec::new();
    for (said, moment) in lines.filter_map(|&(said, at)| Some((said, case.timeline.get(at)?))) {
        let open = found.last_mut().filter(|last| last.joined.is_none());
        match (said, open) {
            (Said::Left, Some(open)) if is_same(open, moment) => open.lines.push(moment),
            (Said::Left, open) => {
                if let Some(open) = open {
                    open.superseded = true;
                }
                let lines = vec![moment];
                found.push(Absence { by, node, lines, joined: None, superseded: false });
            }
            (Said::Joined, Some(open)) => open.joined = Some(moment),
            _ => {}
        }
    }
    for absence in &mut found {
        if absence.lines.iter().any(|line| is_kernel(line)) {
            absence.lines.retain(|line| is_kernel(line));
        }
    }
    // clomd may tell of a node's leaving when the kernel has already seen it come back.
    found.dedup_by(|later, earlier| {
        let echo = later.lines.iter().all(|line| line.event.rule.starts_with("clomd"))
            && later.at().since(earlier.at()) <= ONE_EVENT * 1_000_000;
        if echo {
            earlier.joined = later.joined.or(earlier.joined);
            earlier.superseded = false;
        }
        echo
    });
    found
}

/// Whether a line tells again of an absence that is known.
fn is_same(open: &Absence<'_>, moment: &Moment) -> bool {
    open.lines.last().is_some_and(|last| moment.time.since(last.time) <= ONE_EVENT * 1_000_000)
}

/// Whether the kernel itself says so.
pub(super) fn is_kernel(line: &Moment) -> bool {
    line.event.rule.starts_with("cmmds")
}
