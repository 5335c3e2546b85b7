//! What was read of each host: one bar a log on the case's time axis, with its gaps.

use super::super::labels::{Labels, fill, fill_count};
use super::super::model::{Coverage, HostInfo, Report, Sample};
use super::super::{show, view};
use crate::model::Timestamp;

/// Hosts up to which all tables are open.
const OPEN_HOSTS: usize = 4;

/// One host's logs.
pub struct HostCoverage<'a> {
    pub host: &'a str,
    pub summary: String,
    pub is_open: bool,
    /// Logs that it has none of, with what that is measured by.
    pub absent: Option<String>,
    pub logs: Vec<LogRow<'a>>,
}

/// One log.
pub struct LogRow<'a> {
    pub log: &'a Coverage,
    pub from: String,
    pub to: String,
    pub bytes: String,
    pub records: String,
    pub unparsed: String,
    pub bars: Vec<Bar>,
    pub gaps: Vec<(String, String)>,
    pub samples: Vec<(String, &'a str)>,
    pub samples_title: String,
}

/// A stretch of the axis, in percent of its length.
pub struct Bar {
    pub left: String,
    pub width: String,
}

/// Prepares the tables, one a host, in the report's order.
pub fn coverage<'a>(report: &'a Report, l: &Labels) -> Vec<HostCoverage<'a>> {
    let axis = axis(report);
    let few = report.hosts.len() <= OPEN_HOSTS;
    let of = |host: &'a HostInfo| {
        let logs: Vec<&Coverage> = report.coverage.iter().filter(|log| log.host == host.id).collect();
        let is_known = !logs.is_empty() || !host.absent_logs.is_empty();
        is_known.then(|| host_coverage(host, &logs, axis, few, l))
    };
    report.hosts.iter().filter_map(of).collect()
}

/// From the first to the last stamp of any log.
fn axis(report: &Report) -> Option<(Timestamp, Timestamp)> {
    let from = report.coverage.iter().filter_map(|log| log.from).min()?;
    let to = report.coverage.iter().filter_map(|log| log.to).max()?;
    (to > from).then_some((from, to))
}

fn host_coverage<'a>(
    host: &'a HostInfo,
    logs: &[&'a Coverage],
    axis: Option<(Timestamp, Timestamp)>,
    few: bool,
    l: &Labels,
) -> HostCoverage<'a> {
    let gaps: usize = logs.iter().map(|log| log.gaps.len()).sum();
    let problems: usize = logs.iter().map(|log| log.problems.len()).sum();
    let from = logs.iter().filter_map(|log| log.from).min();
    let to = logs.iter().filter_map(|log| log.to).max();
    let mut parts = vec![fill_count(l.logs_n, logs.len() as u64)];
    parts.extend(l.zone.span_or_none(from, to));
    parts.extend((gaps > 0).then(|| fill_count(l.gaps_n, gaps as u64)));
    parts.extend((problems > 0).then(|| fill_count(l.problems_n, problems as u64)));
    let absent = (!host.absent_logs.is_empty()).then(|| host.absent_logs.join(l.comma));
    HostCoverage {
        host: &host.id,
        absent: absent.map(|logs| fill(l.absent, &[&logs])),
        summary: parts.join(" · "),
        is_open: few,
        logs: logs.iter().map(|log| log_row(log, axis, l)).collect(),
    }
}

fn log_row<'a>(log: &'a Coverage, axis: Option<(Timestamp, Timestamp)>, l: &Labels) -> LogRow<'a> {
    let place = |at: &Sample| show::place(&at.file, at.line, at.offset);
    LogRow {
        log,
        from: log.from.or(log.to).map_or_else(|| l.no_stamps.to_owned(), |_| l.zone.second_or_dash(log.from)),
        to: log.from.or(log.to).map_or_else(String::new, |_| l.zone.second_or_dash(log.to)),
        bytes: show::bytes(log.bytes),
        records: show::count(log.records),
        unparsed: show::count(log.unparsed),
        bars: axis.map_or_else(Vec::new, |axis| bars(log, axis)),
        gaps: log.gaps.iter().map(|gap| (l.zone.span(gap.from, gap.to), view::gap_text(gap, l))).collect(),
        samples: log.samples.iter().map(|sample| (place(sample), sample.text.as_str())).collect(),
        samples_title: format!("{}{}", l.samples, l.aside(&show::count(log.unparsed))),
    }
}

/// The covered stretches: the whole span, cut at its gaps. Where only a part of a gap is missing, it is not known
/// where.
fn bars(log: &Coverage, axis: (Timestamp, Timestamp)) -> Vec<Bar> {
    let (Some(from), Some(to)) = (log.from, log.to) else { return Vec::new() };
    let mut bars = Vec::new();
    let mut start = from;
    for gap in log.gaps.iter().filter(|gap| !gap.partial) {
        if gap.from > start {
            bars.push(bar(start, gap.from, axis));
        }
        start = start.max(gap.to);
    }
    if start < to || bars.is_empty() {
        bars.push(bar(start.min(to), to, axis));
    }
    bars
}

fn bar(from: Timestamp, to: Timestamp, (first, last): (Timestamp, Timestamp)) -> Bar {
    let length = last.since(first) as f64;
    let percent = |micros: i64| (micros as f64 / length * 100.0).clamp(0.0, 100.0);
    Bar {
        left: format!("{:.2}", percent(from.since(first))),
        width: format!("{:.2}", percent(to.since(from)).max(0.4)),
    }
}
