//! The section on migrations in Markdown: numbers, a list for each evacuation, and a table.

use std::io::{self, Write};

use super::super::escape::{code_span, markdown as md};
use super::super::labels::Labels as Common;
use super::super::model::Report;
use super::words::{Labels, words};
use super::{MigrationTable, Row, view};

/// Rows of a table; a ticket is no place for more.
const ROWS: usize = 50;

/// Writes the section; nothing where there are no migrations.
pub fn write_markdown(report: &Report, common: &Common, out: &mut dyn Write) -> io::Result<()> {
    let Some(view) = view(report, ROWS, common) else { return Ok(()) };
    let l = words(common);
    writeln!(out, "\n## {}\n\n{}", l.title, md(&view.numbers))?;
    view.order.iter().try_for_each(|order| writeln!(out, "\n{order}"))?;
    if !view.evacuations.is_empty() {
        writeln!(out, "\n### {}", l.evacuations)?;
    }
    for evacuation in &view.evacuations {
        writeln!(out, "\n#### {}\n\n{}", md(&evacuation.title), md(&evacuation.numbers))?;
        table(&evacuation.table, l, common, out)?;
    }
    if let Some(title) = view.others_title {
        writeln!(out, "\n### {title}")?;
    }
    table(&view.others, l, common, out)
}

fn table(table: &MigrationTable, l: &Labels, common: &Common, out: &mut dyn Write) -> io::Result<()> {
    if table.rows.is_empty() {
        return Ok(());
    }
    let time = common.in_zone(l.time);
    let heads = [&time, l.vm, l.route, l.outcome, l.reason, l.duration, l.bandwidth, l.downtime];
    writeln!(out, "\n| {} |\n|{}", heads.join(" | "), " --- |".repeat(heads.len()))?;
    table.rows.iter().try_for_each(|one| row(one, out))?;
    table.rest.iter().try_for_each(|rest| writeln!(out, "\n{}", md(rest)))
}

fn row(one: &Row, out: &mut dyn Write) -> io::Result<()> {
    let outcome = match one.severity {
        Some(_) => format!("**{}**", md(one.outcome)),
        None => md(one.outcome),
    };
    let vm = code_span(&one.vm).replace('|', "\\|");
    let vm = match &one.ids {
        Some(ids) => format!("{vm}<br>{}", md(ids)),
        None => vm,
    };
    let cells = [&one.route, &one.reason, &one.duration, &one.bandwidth, &one.downtime].map(|text| md(text));
    let [route, reason, duration, bandwidth, downtime] = cells;
    writeln!(
        out,
        "| {} | {vm} | {route} | {outcome} | {reason} | {duration} | {bandwidth} | {downtime} |",
        one.time
    )
}
