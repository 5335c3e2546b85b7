//! The timeline: what lasted, then the events that matter most, one a line with its record below it.

use std::io::{self, Write};

use super::super::labels::{Labels, fill};
use super::super::md::Page;
use super::super::md::text::{code_span, prose};
use super::super::model::{Report, SpanInfo};
use super::super::timeline::text::count_behind;
use super::super::timeline::{Row, fold};
use super::super::{show, view};
use crate::model::Severity;

/// Events that are listed; a ticket is no place for more.
const EVENTS: usize = 200;
/// Spans that are listed.
const SPANS: usize = 100;
/// Characters of an event's text.
const EVENT_TEXT: usize = 160;

pub(super) fn timeline(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(2, l.timeline)?;
    if report.timeline.is_empty() && report.spans.is_empty() {
        return page.paragraph(l.no_events);
    }
    spans(report, l, page)?;
    let rows = fold(&report.timeline);
    let shown = view::select_rows(report, &rows, EVENTS);
    let (listed, all) =
        (shown.iter().map(|&at| rows[at].members.len()).sum::<usize>(), report.timeline.len());
    if rows.len() < all {
        let (all, rows) = (show::count(all as u64), show::count(rows.len() as u64));
        page.paragraph(&fill(l.folded_lines, &[&all, &rows]))?;
    }
    if listed < all {
        let (some, all) = (show::count(listed as u64), show::count(all as u64));
        page.paragraph(&fill(l.table_capped, &[&some, &all]))?;
    }
    shown.into_iter().try_for_each(|at| event(report, &rows[at], l, page))?;
    writeln!(page)
}

/// `- 2026-11-23 02:10:05 esx01 **vSAN node left** sentence [1]`, and the record below it where it is another.
fn event(report: &Report, row: &Row, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    let (entry, begins) = (&report.timeline[row.spoken], &report.timeline[row.first()]);
    let mark = if entry.severity >= Severity::Error { "**" } else { "" };
    let (time, host) = (l.zone.entry_time(begins.time, begins.time_quality), prose(&entry.host));
    // The mark of an estimated time could strike out what stands before the next one, or be taken for a label.
    let time = time.replace('~', "\\~ ");
    let kind = l.kind_name(entry.kind);
    let stamp = begins.fields.get("raw_time").map(|raw| l.aside(&fill(l.stamp, &[&prose(raw)])));
    let count = count_behind(row, begins.time, l);
    let findings: Vec<String> =
        row.findings(&report.timeline).iter().map(|at| (at + 1).to_string()).collect();
    let findings =
        (!findings.is_empty()).then(|| l.aside(&format!("{} {}", l.rows_finding, findings.join(l.comma))));
    let [stamp, count, findings] = [stamp, count, findings].map(Option::unwrap_or_default);
    let text = show::cut(&entry.text, EVENT_TEXT);
    let is_told = entry.has_sentence();
    let told = if is_told { prose(&text) } else { code_span(&text) };
    writeln!(page, "- {time}{stamp} {host} {mark}{kind}{mark} {told}{count}{findings}")?;
    if is_told { writeln!(page, "  {}", code_span(&show::cut(&entry.message, EVENT_TEXT))) } else { Ok(()) }
}

fn spans(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    if report.spans.is_empty() {
        return Ok(());
    }
    page.heading(3, l.spans)?;
    for span in report.spans.iter().take(SPANS) {
        writeln!(page, "- {}", span_line(span, l))?;
    }
    writeln!(page)?;
    page.more_in_json(report.spans.len(), SPANS, l)?;
    page.heading(3, l.all_events)
}

fn span_line(span: &SpanInfo, l: &Labels) -> String {
    // Its text tells the end.
    let from = l.zone.second_or_dash(span.from);
    format!("{from} {} {}{}{}", prose(&span.host), l.span_name(span.kind), l.colon, prose(&span.text))
}
