//! `index.md`: the index for tickets and chats.

use std::io::{self, Write};

use super::html::{problems_shown, releases_told};
use super::words::{Words, words};
use super::{Incident, Index};
use crate::report::labels::{Labels, fill, fill_count, labels};
use crate::report::markdown_text;
use crate::report::zone::Zone;
use crate::triage::row::Row;

pub(super) fn write(index: &Index, out: &mut dyn Write) -> io::Result<()> {
    let (w, l) = (words(index.lang), labels(index.lang));
    let zone = Zone::named(&index.time_zone).unwrap_or(Zone::UTC);
    writeln!(out, "# {}\n\n{}\n", w.kind, super::html::counted(index))?;
    writeln!(out, "## {}\n", w.incidents)?;
    if index.incidents.is_empty() {
        writeln!(out, "{}\n", w.no_incident)?;
    }
    for incident in &index.incidents {
        section(index, incident, w, l, out)?;
    }
    for (is_incomplete, title) in [(true, w.nothing_incomplete), (false, w.nothing)] {
        let rows: Vec<&Row> = index.quiet(is_incomplete).collect();
        if !rows.is_empty() {
            writeln!(out, "### {}\n", fill(w.pair, &[title, &fill_count(w.cases_n, rows.len() as u64)]))?;
            rows.iter().try_for_each(|row| writeln!(out, "- {}", link(row)))?;
            writeln!(out)?;
        }
    }
    table(index, w, l, &zone, out)?;
    problems(index, w, out)?;
    let rules = &index.tool.rules;
    writeln!(out, "{}", fill(w.made, &[&index.tool.version, &rules.count.to_string(), &rules.sha256]))
}

fn section(index: &Index, incident: &Incident, w: &Words, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    let cases = fill_count(w.cases_n, incident.cases.len() as u64);
    let severity = l.severity_name(incident.severity);
    writeln!(out, "### {}\n", fill(w.heading, &[&markdown_text(&incident.name), &cases, severity]))?;
    for (kind, releases) in incident.releases(l) {
        writeln!(out, "- {}", fill(w.pair, &[kind, &markdown_text(&releases_told(releases, w))]))?;
    }
    if let Some(step) = &incident.first_step {
        writeln!(out, "- {}", fill(w.pair, &[w.first, &markdown_text(step)]))?;
    }
    for row in incident.cases.iter().filter_map(|id| index.case(id)) {
        writeln!(out, "- {}", fill(w.pair, &[&link(row), &markdown_text(&row.title)]))?;
    }
    if !incident.also_in.is_empty() {
        writeln!(out, "- {}", fill(w.also_in, &[&markdown_text(&incident.also_in.join(", "))]))?;
    }
    writeln!(out)
}

/// The first sentence of the verdict, and what else was found.
fn said(row: &Row, index: &Index) -> String {
    let first = row.verdict.first().unwrap_or(&row.title);
    let also = index.also(row);
    also.map_or_else(|| first.clone(), |also| format!("{first} {also}"))
}

fn link(row: &Row) -> String {
    format!("[{}]({})", markdown_text(&row.id), row.report(".md"))
}

fn table(index: &Index, w: &Words, l: &Labels, zone: &Zone, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## {}\n", w.cases)?;
    let head = [l.severity, w.case, w.verdict, l.hosts, l.when, l.missing_hosts];
    writeln!(out, "| {} |\n|{}", head.join(" | "), " --- |".repeat(head.len()))?;
    for row in &index.cases {
        let cells = [
            row.severity.map_or(w.nothing, |severity| l.severity_name(severity)).to_owned(),
            link(row),
            markdown_text(&said(row, index)),
            row.hosts.len().to_string(),
            zone.span_or_none(row.first_seen, row.last_seen).unwrap_or_default(),
            markdown_text(&row.missing_hosts.join(", ")),
        ];
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    writeln!(out)
}

fn problems(index: &Index, w: &Words, out: &mut dyn Write) -> io::Result<()> {
    if index.problems.is_empty() {
        return Ok(());
    }
    writeln!(out, "## {}\n", w.problems)?;
    let (shown, more) = problems_shown(index);
    for problem in shown {
        writeln!(out, "- {}", fill(w.pair, &[&markdown_text(&problem.path), &markdown_text(&problem.text)]))?;
    }
    if more > 0 {
        writeln!(out, "- {}", fill(w.more, &[&more.to_string()]))?;
    }
    writeln!(out)
}
