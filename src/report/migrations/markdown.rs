//! The section on migrations in Markdown: numbers, a list for each evacuation, and a table.

use std::io;

use super::super::labels::Labels as Common;
use super::super::md::Page;
use super::super::md::text::prose as md;
use super::super::model::Report;
use super::words::{Labels, words};
use super::{MigrationTable, Row, view};

/// Rows of a table; a ticket is no place for more.
const ROWS: usize = 50;

/// Writes the section; nothing where there are no migrations.
pub fn write_markdown(report: &Report, common: &Common, page: &mut Page<'_>) -> io::Result<()> {
    let Some(view) = view(report, ROWS, common) else { return Ok(()) };
    let l = words(common);
    page.heading(2, l.title)?;
    page.paragraph(&md(&view.numbers))?;
    view.order.iter().try_for_each(|order| page.paragraph(order))?;
    if !view.evacuations.is_empty() {
        page.heading(3, l.evacuations)?;
    }
    for evacuation in &view.evacuations {
        page.heading(4, &md(&evacuation.title))?;
        page.paragraph(&md(&evacuation.numbers))?;
        table(&evacuation.table, l, common, page)?;
    }
    if let Some(title) = view.others_title {
        page.heading(3, title)?;
    }
    table(&view.others, l, common, page)
}

fn table(table: &MigrationTable, l: &Labels, common: &Common, page: &mut Page<'_>) -> io::Result<()> {
    if table.rows.is_empty() {
        return Ok(());
    }
    let time = common.in_zone(l.time);
    let heads = [&time, l.vm, l.route, l.outcome, l.reason, l.duration, l.bandwidth, l.downtime];
    let rows: Vec<Vec<String>> = table.rows.iter().map(|one| row(one, common)).collect();
    page.table(&heads.map(str::to_owned), &rows)?;
    table.rest.iter().try_for_each(|rest| page.paragraph(&md(rest)))
}

fn row(one: &Row, common: &Common) -> Vec<String> {
    let outcome = match one.severity {
        Some(_) => format!("**{}**", md(one.outcome)),
        None => md(one.outcome),
    };
    let vm = match &one.ids {
        Some(ids) => format!("{}{}", md(&one.vm), common.aside(&md(ids))),
        None => md(&one.vm),
    };
    let [route, reason, duration, bandwidth, downtime] =
        [&one.route, &one.reason, &one.duration, &one.bandwidth, &one.downtime].map(|text| md(text));
    vec![md(&one.time), vm, route, outcome, reason, duration, bandwidth, downtime]
}
