//! What several renderers ask of a report: the worst finding, the odd value out, the events that fit in a table.

use std::collections::{BTreeMap, BTreeSet};

use super::features::plain;
use super::labels::{Labels, choose, fill, fill_count};
use super::model::{
    CaptureInfo, ChangeInfo, Finding, Gap, HostInfo, Report, ReportProblem, Step, TimelineEntry,
};
use super::timeline::Row;
use crate::bundle::tree;
use crate::case::inside;
use crate::format;
use crate::model::{HostKind, ProblemKind, Severity, Timestamp};

/// Findings that are worth the headline: the worst one, if it is more than information.
pub fn headline(report: &Report) -> Option<&Finding> {
    report.findings.first().filter(|finding| finding.severity > Severity::Info)
}

/// The last step that has a command: the one that checks whether the remedy worked.
pub fn check_step(finding: &Finding) -> Option<&Step> {
    finding.remedy.iter().rev().find(|step| step.command.is_some())
}

/// From when to when most logs tell. The oldest record of all may be years older, as a file that no longer turns over
/// keeps its first lines; it is named beside the period then.
pub fn period(report: &Report, l: &Labels) -> Option<String> {
    let (usual, to, oldest) = covered(report)?;
    let span = l.span_told(Some(usual), Some(to))?;
    Some(match oldest.and_then(|oldest| l.span_told(Some(oldest), None)) {
        Some(oldest) => l.prose(&fill(l.most_logs, &[&span, &oldest])),
        None => span,
    })
}

/// From when to when most logs tell, and the time of the oldest record of all where that is another period.
fn covered(report: &Report) -> Option<(Timestamp, Timestamp, Option<Timestamp>)> {
    let (from, to) = (report.case.from?, report.case.to?);
    let mut starts: Vec<Timestamp> = report.coverage.iter().filter_map(|log| log.from).collect();
    starts.sort_unstable();
    let usual = starts.get(starts.len() / 2).copied().unwrap_or(from);
    let whole = to.since(from);
    // A start that is a little earlier than most is no other period.
    if usual.since(from) * 4 < whole || usual >= to {
        return Some((from, to, None));
    }
    Some((usual, to, Some(from)))
}

/// What period the logs are of, in a sentence.
fn period_told(report: &Report, l: &Labels) -> Option<String> {
    let (usual, to, oldest) = covered(report)?;
    let span = l.span_told(Some(usual), Some(to))?;
    Some(match oldest.and_then(|oldest| l.span_told(Some(oldest), None)) {
        Some(oldest) => fill(l.looked_mostly, &[&span, &oldest]),
        None => fill(l.looked_between, &[&span]),
    })
}

/// What was looked at, for a report that found nothing: counts, then the period.
pub fn looked_at(report: &Report, l: &Labels) -> Vec<String> {
    let records: u64 = report.coverage.iter().map(|log| log.records).sum();
    let counts = fill(
        l.looked_at,
        &[
            &fill_count(l.hosts_of, report.hosts.len() as u64),
            &fill_count(l.logs_n, report.coverage.len() as u64),
            &fill_count(l.records_n, records),
            &fill_count(l.timeline_n, report.timeline.len() as u64),
        ],
    );
    let period = period_told(report, l).unwrap_or_else(|| l.no_period.to_owned());
    let mut told = vec![counts, period];
    // A lone host cannot be compared: that nothing was found says nothing of its cluster.
    let alone: Vec<&str> = report
        .features
        .clusters
        .iter()
        .filter(|cluster| cluster.hosts.len() == 1 && !report.features.rows.is_empty())
        .filter_map(|cluster| cluster.hosts.first().map(String::as_str))
        .collect();
    if !alone.is_empty() {
        told.push(fill(l.one_host_only, &[&alone.join(l.comma)]));
    }
    told
}

/// `6.7 U3 (14320388)`, or as much of it as is known.
pub fn version(host: &HostInfo, l: &Labels) -> String {
    release([&host.update, &host.version, &host.build], l)
}

fn release([update, version, build]: [&Option<String>; 3], l: &Labels) -> String {
    let name = update.as_deref().or(version.as_deref());
    match (name, build) {
        (Some(name), Some(build)) => format!("{name}{}", l.aside(build)),
        (Some(name), None) => name.to_owned(),
        (None, Some(build)) => fill(l.build, &[build]),
        (None, None) => l.unknown.to_owned(),
    }
}

/// Files of a gap that are named.
const NAMED: usize = 8;

/// What is missing in a gap, without its time.
pub fn gap_text(gap: &Gap, l: &Labels) -> String {
    let files: Vec<String> = gap.files.iter().map(|file| inside(file)).collect();
    let files = plain(&files, NAMED, l);
    match (gap.why.as_str(), gap.partial) {
        ("rotation-missing", _) => fill(choose(l.gap_rotation, gap.files.len() as u64), &[&files]),
        ("fragment-missing", _) => fill(l.gap_fragment, &[&files]),
        (_, true) if gap.files.iter().all(|file| is_container(file)) => fill(l.gap_bundle, &[&files]),
        (_, true) => fill(l.gap_damaged_inside, &[&files]),
        _ => fill(l.gap_damaged, &[&files]),
    }
}

/// Whether a damaged file is a container of members, not one of them.
fn is_container(path: &str) -> bool {
    let own = path.rsplit('!').next().unwrap_or(path);
    tree::split(own).is_none() && format::of_path(own).is_none()
}

/// What was not read, each file once.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unread<'a> {
    /// Files of bundles that end early, are damaged, or lack something, each with the hosts that it concerns.
    pub lost: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Encrypted files of bundles, each with its hosts.
    pub encrypted: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// What a part was left out of, each with its hosts: none of a bundle or a folder that was left out as a whole.
    pub limited: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// What was given and belongs to no host: it could not be read.
    pub unopened: BTreeSet<&'a str>,
    /// Encrypted archives that nothing could be read of, as given, with the number of their files.
    pub locked: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// What was given and is no bundle.
    pub foreign: BTreeSet<&'a str>,
    /// Faults of esxray.
    pub faults: BTreeSet<&'a str>,
}

/// What could not be read.
pub fn unread(report: &Report) -> Unread<'_> {
    let mut unread = Unread::default();
    for ReportProblem { kind, path, hosts, .. } in &report.problems {
        let whole = path.split_once('!').map_or(path.as_str(), |(whole, _)| whole);
        let of_hosts = match kind {
            kind if kind.is_loss() && !hosts.is_empty() => &mut unread.lost,
            ProblemKind::Encrypted if !hosts.is_empty() => &mut unread.encrypted,
            ProblemKind::Limit => &mut unread.limited,
            kind => {
                let list = match kind {
                    kind if kind.is_loss() => &mut unread.unopened,
                    ProblemKind::Encrypted => unread.locked.entry(whole).or_default(),
                    ProblemKind::NotABundle => &mut unread.foreign,
                    ProblemKind::Internal => &mut unread.faults,
                    _ => continue,
                };
                list.insert(path);
                continue;
            }
        };
        of_hosts.entry(path).or_default().extend(hosts.iter().map(String::as_str));
    }
    unread
}

/// What is different now, compared with an older bundle of the host.
pub fn changes_since<'a>(host: &'a HostInfo, capture: &CaptureInfo) -> Vec<&'a ChangeInfo> {
    host.changes.iter().filter(|change| change.since == capture.captured_at).collect()
}

/// `2020-02-17 09:28:31 UTC, 6.7 U3 (14320388)`: when an older bundle was taken, and of what.
pub fn capture_head(capture: &CaptureInfo, l: &Labels) -> String {
    let release = release([&capture.update, &capture.version, &capture.build], l);
    format!("{}, {release}", l.zone.told_or_dash(capture.captured_at))
}

/// `build 10302608 → 14320388`
pub fn change_text(change: &ChangeInfo, l: &Labels) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| l.no_value.to_owned());
    let key = change.key.as_ref().map_or_else(String::new, |key| format!(" {key}"));
    let name = l.change_name(&change.what);
    format!("{name}{key} {} → {}", value(&change.older), value(&change.newer))
}

/// The value that most have, if the others are fewer than half: what "the odd one out" is measured by.
/// With two equal camps the greater value counts as the usual one when `tie_to_greater`.
pub fn usual<T: Ord + Clone>(values: impl Iterator<Item = T>, tie_to_greater: bool) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let best = *counts.values().max()?;
    let mut winners = counts.into_iter().filter(|(_, count)| *count == best).map(|(value, _)| value);
    let first = winners.next();
    match winners.next_back() {
        None => first,
        Some(greatest) => tie_to_greater.then_some(greatest),
    }
}

/// ESXi hosts only.
pub fn esxi(report: &Report) -> impl Iterator<Item = &HostInfo> {
    report.hosts.iter().filter(|host| host.kind == HostKind::Esxi)
}

/// Where the incident lies: the span of the worst finding with a little air around it,
/// if that is a small part of the whole.
pub fn incident_window(report: &Report) -> Option<(Timestamp, Timestamp)> {
    const TEN_MINUTES: i64 = 600_000_000;
    let finding = report.findings.iter().find(|f| f.severity > Severity::Info && f.first_seen.is_some())?;
    let first = finding.first_seen?;
    let last = finding.last_seen.filter(|last| *last >= first).unwrap_or(first);
    let whole = report.timeline.last()?.time.since(report.timeline.first()?.time);
    let air = (last.since(first) / 4).max(TEN_MINUTES);
    let window = (first.plus_micros(-air), last.plus_micros(air));
    (window.1.since(window.0) < whole / 3).then_some(window)
}

/// The places in `rows` of at most `max` rows, ascending; those that [`rank_rows`] has first.
pub fn select_rows(report: &Report, rows: &[Row], max: usize) -> Vec<usize> {
    if rows.len() <= max {
        return (0..rows.len()).collect();
    }
    let mut order = rank_rows(report, rows);
    order.truncate(max);
    order.sort_unstable();
    order
}

/// The places in `rows`, the best first: those that findings rest on, then the worst, and among equals those nearest to
/// the incident.
pub fn rank_rows(report: &Report, rows: &[Row]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let anchor = headline(report).and_then(|finding| finding.first_seen);
    let distance = |entry: &TimelineEntry| anchor.map_or(0, |at| entry.time.since(at).unsigned_abs());
    order.sort_by_cached_key(|&at| {
        let row = &rows[at];
        let entry = &report.timeline[row.spoken];
        let is_marked = row.members.iter().any(|&member| !report.timeline[member].findings.is_empty());
        (!is_marked, std::cmp::Reverse(entry.severity), distance(entry), at)
    });
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_value_needs_more_votes_than_any_other() {
        assert_eq!(usual([1, 1, 0].into_iter(), false), Some(1));
        assert_eq!(usual([1, 0].into_iter(), false), None);
        assert_eq!(usual([1, 0].into_iter(), true), Some(1));
        assert_eq!(usual(std::iter::empty::<u8>(), true), None);
    }
}
