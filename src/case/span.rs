//! What lasts on a host: when it was down, in maintenance mode, being upgraded, without vCenter, or without a log.
//!
//! Nothing is judged here: these are the stretches behind the points of the timeline.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Case;
use super::stop::{is_at_work, is_fresh};
use super::timeline::{Maintenance, Moment};
use crate::model::{EventKind, HostKind, Timestamp};

/// A task begins and ends in several records, the host's and vCenter's, within this many microseconds.
const ONE_END: i64 = 600_000_000;
/// A change of software is completed by a boot within this many microseconds; a later boot has nothing to do with it.
const ONE_UPGRADE: i64 = 86_400_000_000;

/// One stretch of time on one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The host: an index into the case's hosts.
    pub host: usize,
    /// What lasted.
    pub kind: SpanKind,
    /// Its beginning; `None` where it had begun before anything that was read.
    pub from: Option<Timestamp>,
    /// Its end; `None` where it had not ended when the bundle was taken.
    pub to: Option<Timestamp>,
    /// The log that has a gap.
    pub log: Option<String>,
}

impl Span {
    fn new(host: usize, kind: SpanKind, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        Span { host, kind, from, to, log: None }
    }
}

/// What lasts.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpanKind {
    /// The host was down, from its stop to its boot.
    Down,
    /// It was in maintenance mode, or on its way there.
    Maintenance,
    /// It was being upgraded, from the change of its image to the boot of the new one.
    Upgrade,
    /// vCenter had no connection to it.
    Disconnected,
    /// A log has a hole.
    LogGap,
}

impl SpanKind {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [SpanKind; 5] =
        [SpanKind::Down, SpanKind::Maintenance, SpanKind::Upgrade, SpanKind::Disconnected, SpanKind::LogGap];

    /// The name used in JSON and in tables.
    pub const fn name(self) -> &'static str {
        match self {
            SpanKind::Down => "down",
            SpanKind::Maintenance => "maintenance",
            SpanKind::Upgrade => "upgrade",
            SpanKind::Disconnected => "disconnected",
            SpanKind::LogGap => "log-gap",
        }
    }
}

/// Every span of `case`, ordered by beginning, host and kind; those of one kind that overlap on a host are one.
pub(super) fn spans(case: &Case) -> Vec<Span> {
    let mut found = maintenance(case);
    found.extend(case.stops.iter().map(|stop| Span::new(stop.host, SpanKind::Down, stop.down, stop.up)));
    found.extend(upgrades(case));
    found.extend(case.disconnections().iter().filter_map(|lost| {
        Some(Span::new(lost.host?, SpanKind::Disconnected, Some(lost.lost_at), lost.back_at()))
    }));
    for (index, host) in case.hosts.iter().enumerate() {
        found.extend(host.gaps_by_log().map(|(log, gap)| Span {
            log: Some(log.to_owned()),
            ..Span::new(index, SpanKind::LogGap, Some(gap.from), Some(gap.to))
        }));
    }
    joined(found)
}

/// Overlapping spans of one kind, host and log become one.
fn joined(mut found: Vec<Span>) -> Vec<Span> {
    found.sort_by(|a, b| (a.host, a.kind, &a.log, a.from, a.to).cmp(&(b.host, b.kind, &b.log, b.from, b.to)));
    let mut out: Vec<Span> = Vec::with_capacity(found.len());
    for span in found {
        let same = |last: &&mut Span| {
            (last.host, last.kind, &last.log) == (span.host, span.kind, &span.log)
                && (last.to.is_none() || span.from.is_none() || span.from <= last.to)
        };
        match out.last_mut().filter(same) {
            Some(last) => last.to = last.to.zip(span.to).map(|(a, b)| a.max(b)),
            None => out.push(span),
        }
    }
    out.sort_by(|a, b| (a.from, a.host, a.kind, &a.log).cmp(&(b.from, b.host, b.kind, &b.log)));
    out
}

/// The ESXi host that a record is about: the one whose log it stands in, or the one that vCenter names.
fn subject(case: &Case, by_id: &BTreeMap<&str, usize>, moment: &Moment) -> Option<usize> {
    if case.hosts[moment.host].kind == HostKind::Esxi {
        return Some(moment.host);
    }
    by_id.get(moment.field("host_name")?).copied()
}

/// The state of one host as its records go by.
#[derive(Default)]
struct Mode {
    /// When it began to enter maintenance mode, and whether a record says that it got there.
    open: Option<(Timestamp, bool)>,
    /// Whether an earlier record tells of its mode: an end that comes now has its beginning in the logs.
    is_known: bool,
    /// The last span, and when it ended.
    last: Option<(usize, Timestamp)>,
}

/// When hosts were in maintenance mode, or on their way there; an attempt that failed is none.
fn maintenance(case: &Case) -> Vec<Span> {
    let ids = case.hosts.iter().enumerate().filter(|(_, host)| host.kind == HostKind::Esxi);
    let by_id: BTreeMap<&str, usize> = ids.map(|(index, host)| (host.id.as_str(), index)).collect();
    let mut modes: BTreeMap<usize, Mode> = BTreeMap::new();
    let mut out = Vec::new();
    for moment in &case.timeline {
        let told = moment.maintenance();
        if told.is_none() && !is_at_work(moment) {
            continue;
        }
        let Some(host) = subject(case, &by_id, moment) else { continue };
        let mode = modes.entry(host).or_default();
        match told {
            Some(Maintenance::Begun) => mode.enter(moment.time, false),
            Some(Maintenance::Entered) => mode.enter(moment.time, true),
            Some(Maintenance::Failed) => mode.fail(),
            Some(Maintenance::Left) => mode.exit(host, moment.time, &mut out),
            // No host in maintenance mode takes a VM: somebody ended it, where no log tells that.
            None if moment.host == host => mode.work(host, moment.time, &mut out),
            None => {}
        }
    }
    for (host, mode) in modes {
        out.extend(mode.open.map(|(from, _)| Span::new(host, SpanKind::Maintenance, Some(from), None)));
    }
    out
}

impl Mode {
    fn enter(&mut self, time: Timestamp, is_there: bool) {
        let (_, got_there) = self.open.get_or_insert((time, false));
        *got_there |= is_there;
        self.is_known = true;
    }

    /// The task failed; a host that was in the mode before stays there.
    fn fail(&mut self) {
        self.open = self.open.filter(|(_, got_there)| *got_there);
        self.is_known = true;
    }

    fn exit(&mut self, host: usize, time: Timestamp, out: &mut Vec<Span>) {
        match (self.open.take(), self.last) {
            (Some((from, _)), _) => {
                self.end(Span::new(host, SpanKind::Maintenance, Some(from), Some(time)), out)
            }
            (None, Some((at, ended))) if time.since(ended) <= ONE_END => {
                out[at].to = Some(time);
                self.last = Some((at, time));
            }
            (None, _) if !self.is_known => {
                self.end(Span::new(host, SpanKind::Maintenance, None, Some(time)), out);
            }
            (None, _) => {}
        }
        self.is_known = true;
    }

    /// The host runs VMs: it left the mode at the latest now; if no record says that it got there, it did not.
    fn work(&mut self, host: usize, time: Timestamp, out: &mut Vec<Span>) {
        if let Some((from, true)) = self.open.take() {
            self.end(Span::new(host, SpanKind::Maintenance, Some(from), Some(time)), out);
        }
        self.is_known = true;
    }

    fn end(&mut self, span: Span, out: &mut Vec<Span>) {
        self.last = span.to.map(|to| (out.len(), to));
        out.push(span);
    }
}

/// From the first change of a host's software to the boot that completes it; a change that no boot follows is a point.
fn upgrades(case: &Case) -> Vec<Span> {
    /// The first and the last change that no boot has completed yet.
    type Changed = (Timestamp, Timestamp);
    let mut changed: BTreeMap<usize, Changed> = BTreeMap::new();
    let mut out = Vec::new();
    for moment in &case.timeline {
        match moment.event.kind {
            EventKind::HOST_UPGRADE => {
                changed.entry(moment.host).or_insert((moment.time, moment.time)).1 = moment.time;
            }
            EventKind::HOST_BOOT if is_fresh(moment) => {
                let done =
                    changed.remove(&moment.host).filter(|(_, last)| moment.time.since(*last) <= ONE_UPGRADE);
                let span =
                    |(from, _)| Span::new(moment.host, SpanKind::Upgrade, Some(from), Some(moment.time));
                out.extend(done.map(span));
            }
            _ => {}
        }
    }
    // No record tells the boot: the host went down for the upgrade, and the state at capture says whether it came up.
    for (host, (from, _)) in changed {
        let mut stops = case.stops.iter().filter(|stop| stop.host == host && stop.upgrade.is_some());
        let stop = stops.find(|stop| stop.down.is_some_and(|down| down >= from));
        out.extend(stop.map(|stop| Span::new(host, SpanKind::Upgrade, Some(from), stop.up)));
    }
    out
}

#[cfg(test)]
mod tests;
