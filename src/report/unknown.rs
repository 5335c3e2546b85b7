//! What could not be known, in sentences: bundles and logs that are not there, gaps, files that could not be read, clocks
//! that could not be compared.
//!
//! It joins what the report says in several tables; the tables name each file and line.

use super::features::fold;
use super::labels::{Labels, choose, fill, fill_count};
use super::model::{Coverage, Gap, HostInfo, Report, ReportProblem};
use super::{show, view};
use crate::model::{HostKind, ProblemKind};

/// Gaps that are told in sentences.
const GAPS: usize = 8;
/// Names in one sentence.
const NAMES: usize = 6;
/// Things that were given and not read, which are named.
const GIVEN: usize = 8;

/// The sentences, what weighs most first; never empty.
pub fn sentences(report: &Report, l: &Labels) -> Vec<String> {
    let mut told = Vec::new();
    told.extend(missing(report, l));
    told.extend(given(report, l));
    told.extend(unread(report, l));
    told.extend(gaps(report, l));
    told.extend(absent(report, l));
    told.extend(clocks(report, l));
    if told.is_empty() {
        told.push(l.unknown_nothing.to_owned());
    }
    told
}

fn names(names: &[&str], l: &Labels) -> String {
    fold(names, NAMES, l)
}

fn missing<'a>(report: &'a Report, l: &'a Labels) -> impl Iterator<Item = String> + 'a {
    report.missing_hosts.iter().map(|host| {
        let by: Vec<&str> = host.seen_by.iter().map(String::as_str).collect();
        fill(choose(l.unknown_missing, by.len() as u64), &[&host.name_or_uuid, &names(&by, l)])
    })
}

/// What was given and belongs to no host.
fn given(report: &Report, l: &Labels) -> Vec<String> {
    let unread = view::unread(report);
    let say = |label: &'static str, paths: Vec<&str>| {
        let rest = paths.len().saturating_sub(GIVEN);
        let shown: Vec<&str> = paths.into_iter().take(GIVEN).collect();
        let mut list = shown.join(l.comma);
        if rest > 0 {
            list = format!("{list}{}{}", l.comma, fill(l.more, &[&show::count(rest as u64)]));
        }
        (!list.is_empty()).then(|| fill(label, &[&list]))
    };
    let mut told: Vec<String> = Vec::new();
    told.extend(say(l.unknown_unopened, unread.unopened.into_iter().collect()));
    told.extend(say(l.unknown_locked, unread.locked.into_keys().collect()));
    told.extend(say(l.unknown_foreign, unread.foreign.into_iter().collect()));
    if !unread.faults.is_empty() {
        told.push(fill_count(l.unknown_faults, unread.faults.len() as u64));
    }
    told
}

/// Files of bundles of which something was not read, counted by what is wrong and whose they are.
fn unread(report: &Report, l: &Labels) -> Vec<String> {
    type Is = fn(&ReportProblem) -> bool;
    let sorts: [(&str, Is); 3] = [
        (l.unknown_lost, |problem| problem.kind.is_loss()),
        (l.unknown_encrypted, |problem| problem.kind == ProblemKind::Encrypted),
        (l.unknown_limited, |problem| problem.kind == ProblemKind::Limit),
    ];
    let say = |(label, is): (&str, Is)| {
        let of_hosts: Vec<&ReportProblem> =
            report.problems.iter().filter(|problem| is(problem) && !problem.hosts.is_empty()).collect();
        let mut files: Vec<&str> = of_hosts.iter().map(|problem| problem.path.as_str()).collect();
        files.sort_unstable();
        files.dedup();
        let mut hosts: Vec<&str> =
            of_hosts.iter().flat_map(|problem| &problem.hosts).map(String::as_str).collect();
        hosts.sort_unstable();
        hosts.dedup();
        let count = files.len() as u64;
        (count > 0).then(|| fill(choose(label, count), &[&show::count(count), &names(&hosts, l)]))
    };
    sorts.into_iter().filter_map(say).collect()
}

fn gaps(report: &Report, l: &Labels) -> Vec<String> {
    let all: Vec<(&Coverage, &Gap)> =
        report.coverage.iter().flat_map(|log| log.gaps.iter().map(move |gap| (log, gap))).collect();
    let say = |(log, gap): &(&Coverage, &Gap)| {
        fill(l.unknown_gap, &[&log.host, &log.log, &l.zone.span(gap.from, gap.to), &view::gap_text(gap, l)])
    };
    let mut told: Vec<String> = all.iter().take(GAPS).map(say).collect();
    if all.len() > GAPS {
        told.push(fill_count(l.unknown_gaps_more, (all.len() - GAPS) as u64));
    }
    told
}

/// Logs that are not there at all; hosts that lack the same ones are in one sentence.
fn absent(report: &Report, l: &Labels) -> Vec<String> {
    let mut groups: Vec<(&[String], Vec<&str>)> = Vec::new();
    for host in report.hosts.iter().filter(|host| !host.absent_logs.is_empty()) {
        match groups.iter_mut().find(|(logs, _)| *logs == host.absent_logs) {
            Some((_, hosts)) => hosts.push(&host.id),
            None => groups.push((&host.absent_logs, vec![&host.id])),
        }
    }
    groups
        .iter()
        .map(|(logs, hosts)| fill(l.unknown_absent, &[&names(hosts, l), &logs.join(l.comma)]))
        .collect()
}

/// Hosts whose clock nothing compares, where there are others to compare it with.
fn clocks(report: &Report, l: &Labels) -> Option<String> {
    let is_compared = |host: &HostInfo| host.clock.reference || host.clock.offset_ms.is_some();
    let hosts = || report.hosts.iter().filter(|host| host.kind == HostKind::Esxi);
    let alone: Vec<&str> = hosts().filter(|host| !is_compared(host)).map(|host| host.id.as_str()).collect();
    (report.hosts.len() > 1 && !alone.is_empty())
        .then(|| fill(choose(l.unknown_clocks, alone.len() as u64), &[&names(&alone, l)]))
}
