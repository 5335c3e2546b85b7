//! What was read, what was not, and what that leaves open.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::super::labels::{Labels, fill};
use super::super::md::Page;
use super::super::md::text::{fence, prose};
use super::super::model::{Coverage, Report};
use super::super::{escape, show, unknown, view};
use super::{LISTED, VMS, names};

/// Logs that have a row each; of more, each host has one.
const LOGS: usize = 200;
/// Records without a recognised header that are shown.
const SAMPLES: usize = 50;

pub(super) fn coverage(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(2, l.coverage)?;
    let sentences = unknown::sentences(report, l);
    page.list(Some((3, l.unknown_title)), &sentences, LISTED, l)?;
    // Without a log there is no table, but what is not known is told all the more.
    if report.coverage.is_empty() {
        return absent_logs(report, l, page);
    }
    let (from, to) = (l.in_zone(l.from), l.in_zone(l.to));
    let is_many = report.coverage.len() > LOGS;
    let log = if is_many { l.logs } else { l.log };
    let heads = [l.host, log, &from, &to, l.records, l.unparsed, l.gaps, l.problems_short].map(str::to_owned);
    let rows: Vec<Vec<String>> = match is_many {
        true => by_host(report, l),
        false => report.coverage.iter().map(|log| row(&log.host, &log.log, &[log], l)).collect(),
    };
    page.table(&heads, &rows)?;
    absent_logs(report, l, page)?;
    gaps(report, l, page)?;
    samples(report, l, page)
}

/// One row a host: how many logs, and what they hold together.
fn by_host(report: &Report, l: &Labels) -> Vec<Vec<String>> {
    let mut hosts: BTreeMap<&str, Vec<&Coverage>> = BTreeMap::new();
    for log in &report.coverage {
        hosts.entry(&log.host).or_default().push(log);
    }
    hosts.into_iter().map(|(host, logs)| row(host, &show::count(logs.len() as u64), &logs, l)).collect()
}

fn row(host: &str, log: &str, logs: &[&Coverage], l: &Labels) -> Vec<String> {
    let sum = |of: fn(&Coverage) -> u64| show::count(logs.iter().map(|log| of(log)).sum());
    let from = logs.iter().filter_map(|log| log.from).min();
    let to = logs.iter().filter_map(|log| log.to).max();
    let [from, to] = match from.or(to) {
        Some(_) => [l.zone.second_or_dash(from), l.zone.second_or_dash(to)],
        None => [l.no_stamps.to_owned(), String::new()],
    };
    vec![
        prose(host),
        prose(log),
        from,
        to,
        sum(|log| log.records),
        sum(|log| log.unparsed),
        sum(|log| log.gaps.len() as u64),
        sum(|log| log.problems.len() as u64),
    ]
}

fn absent_logs(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    let line = |host: &super::super::model::HostInfo| {
        let logs = fill(l.absent, &[&host.absent_logs.join(l.comma)]);
        (!host.absent_logs.is_empty()).then(|| format!("{}{}{logs}", host.id, l.colon))
    };
    let lines: Vec<String> = report.hosts.iter().filter_map(line).collect();
    page.list(Some((3, l.absent_logs)), &lines, LISTED, l)
}

fn gaps(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    let mut lines = Vec::new();
    for log in &report.coverage {
        for gap in &log.gaps {
            let (span, what) = (l.zone.span(gap.from, gap.to), view::gap_text(gap, l));
            lines.push(format!("{} {} {span}{}{what}", log.host, log.log, l.colon));
        }
    }
    page.list(Some((3, l.gaps)), &lines, LISTED, l)
}

fn samples(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    let all: Vec<_> =
        report.coverage.iter().flat_map(|log| log.samples.iter().map(move |one| (log, one))).collect();
    if all.is_empty() {
        return Ok(());
    }
    page.heading(3, l.samples)?;
    let told = all.iter().take(SAMPLES).map(|(log, sample)| {
        let place = show::place(&sample.file, sample.line, sample.offset);
        let head = format!("{} {} {place}", log.host, log.log);
        format!("# {}\n{}", escape::line(&head), escape::line(&sample.text))
    });
    writeln!(page, "{}", fence(&told.collect::<Vec<_>>().join("\n"), "text", ""))?;
    page.more_in_json(all.len(), SAMPLES, l)
}

pub(super) fn missing_hosts(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    if report.missing_hosts.is_empty() {
        return Ok(());
    }
    page.heading(2, l.missing_hosts)?;
    for host in report.missing_hosts.iter().take(LISTED) {
        let seen_by = names(&host.seen_by, VMS, l);
        writeln!(
            page,
            "- {} ({}{}{seen_by}): {}",
            prose(&host.name_or_uuid),
            l.seen_by,
            l.colon,
            prose(&host.why)
        )?;
    }
    writeln!(page)?;
    page.more_in_json(report.missing_hosts.len(), LISTED, l)
}

pub(super) fn problems(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    let line = |problem: &super::super::model::ReportProblem| {
        format!("{}{}{}: {}", l.problem_kind(problem.kind), l.colon, problem.path, problem.text)
    };
    let lines: Vec<String> = report.problems.iter().take(LISTED).map(line).collect();
    page.list(Some((2, l.problems)), &lines, LISTED, l)?;
    page.more_in_json(report.problems.len(), LISTED, l)
}
