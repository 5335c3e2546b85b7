//! What could not be known, in sentences: bundles and logs that are not there, gaps, files that could not be read, clocks
//! that could not be compared.
//!
//! It joins what the report says in several tables; the tables name each file and line.

use std::collections::{BTreeMap, BTreeSet};

use super::features::{fold, plain};
use super::labels::{Labels, choose, fill, fill_count};
use super::model::{Coverage, Gap, HostInfo, Report};
use super::view::Unread;
use super::{show, view};

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
    let unread = view::unread(report);
    told.extend(given(&unread, l));
    told.extend(in_part(&unread, l));
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
fn given(unread: &Unread<'_>, l: &Labels) -> Vec<String> {
    let say =
        |label: &str, paths: Vec<&str>| (!paths.is_empty()).then(|| fill(label, &[&plain(&paths, GIVEN, l)]));
    let left_out = unread.limited.iter().filter(|(_, hosts)| hosts.is_empty()).map(|(path, _)| *path);
    let mut told: Vec<String> = [
        say(l.unknown_unopened, unread.unopened.iter().copied().collect()),
        say(l.unknown_locked, unread.locked.keys().copied().collect()),
        say(l.unknown_left_out, left_out.collect()),
        say(l.unknown_foreign, unread.foreign.iter().copied().collect()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !unread.faults.is_empty() {
        told.push(fill_count(l.unknown_faults, unread.faults.len() as u64));
    }
    told
}

/// Files of bundles of which something was not read, counted by what is wrong and whose they are.
fn in_part(unread: &Unread<'_>, l: &Labels) -> Vec<String> {
    let sorts = [
        (l.unknown_lost, &unread.lost),
        (l.unknown_encrypted, &unread.encrypted),
        (l.unknown_limited, &unread.limited),
    ];
    let say = |(label, files): (&str, &BTreeMap<&str, BTreeSet<&str>>)| {
        let count = files.values().filter(|hosts| !hosts.is_empty()).count() as u64;
        let hosts: BTreeSet<&str> = files.values().flatten().copied().collect();
        let hosts: Vec<&str> = hosts.into_iter().collect();
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
    let alone: Vec<&str> =
        view::esxi(report).filter(|host| !is_compared(host)).map(|host| host.id.as_str()).collect();
    (report.hosts.len() > 1 && !alone.is_empty())
        .then(|| fill(choose(l.unknown_clocks, alone.len() as u64), &[&names(&alone, l)]))
}

#[cfg(test)]
mod tests {
    use super::super::build;
    use super::super::labels::labels;
    use super::super::model::ReportProblem;
    use super::*;
    use crate::case::Case;
    use crate::model::{Lang, ProblemKind};
    use crate::rule::RuleSet;

    #[test]
    fn what_a_limit_left_out_is_told_with_its_hosts_or_by_its_path() {
        let problem = |path: &str, hosts: &[&str]| ReportProblem {
            kind: ProblemKind::Limit,
            path: path.to_owned(),
            text: String::new(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        };
        let of_host = problem("a.tgz!x.log", &["esx1"]);
        let of_none = problem("deep/folder", &[]);
        let l = labels(Lang::En);
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let mut report = build::build(&Case::default(), &[], &rules, &[], &build::Options::default());
        assert_eq!(sentences(&report, l), [l.unknown_nothing]);
        let limited = fill(choose(l.unknown_limited, 1), &["1", "esx1"]);
        let left_out = fill(l.unknown_left_out, &["deep/folder"]);
        report.problems = vec![of_host, of_none];
        assert_eq!(sentences(&report, l), [left_out, limited]);
    }
}
