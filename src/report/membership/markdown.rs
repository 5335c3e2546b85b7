//! The witness matrix in Markdown: sentences, a grid of signs, what the lines say, and the hosts' state.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::super::columns::{self, pad, pad_left};
use super::super::escape;
use super::super::labels::{Labels as Common, fill, fill_count};
use super::super::md::Page;
use super::super::md::text::{code_span, fence, prose as md};
use super::super::model::Report;
use super::words::{Labels, words};
use super::{
    Cell, Column, Grid, MembershipInfo, Row, StateTable, UNLISTED, cluster_title, grid, statements, states,
    when,
};

/// Statements that are listed; a ticket is no place for more.
const STATEMENTS: usize = 100;
/// Stands beside a value that stands apart.
const APART: &str = "◆";
/// Columns of the name of a row beside numbered columns.
const LABEL: usize = 48;

/// Writes the section; nothing where there is no matrix.
pub fn write_markdown(report: &Report, common: &Common, page: &mut Page<'_>) -> io::Result<()> {
    let l = words(common);
    let mut told = report.membership.iter().filter(|info| !info.nodes.is_empty()).peekable();
    if told.peek().is_some() {
        page.heading(2, l.title)?;
    }
    for info in told {
        let cluster = (report.membership.len() > 1).then(|| md(&cluster_title(report, info, common)));
        if let Some(cluster) = &cluster {
            page.heading(3, cluster)?;
        }
        let title = |text: &str| match &cluster {
            Some(cluster) => format!("{cluster}{}{text}", l.colon),
            None => text.to_owned(),
        };
        answers(info, l, common, page)?;
        matrix(&grid(info, common), l, common, page)?;
        if let Some(note) = info.note_of_left_out(common) {
            page.paragraph(&md(&note))?;
        }
        lines(info, &title(l.said_by), l, common, page)?;
        if let Some(table) = states(info, common) {
            page.heading(4, &title(l.state_title))?;
            state_table(&table, l, page)?;
        }
        let oddities: Vec<String> = info.oddities.iter().map(|odd| odd.text.clone()).collect();
        page.list(Some((4, &title(l.oddities))), &oddities, STATEMENTS, common)?;
    }
    Ok(())
}

fn answers(info: &MembershipInfo, l: &Labels, common: &Common, page: &mut Page<'_>) -> io::Result<()> {
    if info.answers.is_empty() {
        writeln!(page, "{}", l.no_answer)?;
    }
    for answer in &info.answers {
        let when = when(answer, common).map_or_else(String::new, |when| common.aside(&md(&when)));
        writeln!(page, "- **{}**{when}", md(&answer.text))?;
    }
    writeln!(page)
}

fn matrix(grid: &Grid<'_>, l: &Labels, common: &Common, page: &mut Page<'_>) -> io::Result<()> {
    let signs = grid.legend.iter().map(|(sign, meaning)| format!("{} {meaning}", sign.mark()));
    let unlisted = grid.has_unlisted.then(|| format!("{UNLISTED} {}", l.sign_unlisted));
    page.paragraph(l.caption)?;
    signs.chain(unlisted).try_for_each(|sign| writeln!(page, "- {}", md(&sign)))?;
    writeln!(page)?;
    if grid.is_numbered { numbered(grid, l, common, page) } else { named(grid, l, common, page) }
}

/// A table with a column for each node.
fn named(grid: &Grid<'_>, l: &Labels, common: &Common, page: &mut Page<'_>) -> io::Result<()> {
    let column = |column: &Column<'_>| match column.node.witness {
        true => format!("{}{}", md(&column.node.label), common.aside(l.witness)),
        false => md(&column.node.label),
    };
    let heads: Vec<String> =
        std::iter::once(l.says_of.to_owned()).chain(grid.columns.iter().map(column)).collect();
    let row = |one: &Row| std::iter::once(md(&one.label)).chain(one.cells.iter().map(Cell::mark)).collect();
    let rows: Vec<Vec<String>> = grid.rows.iter().map(row).collect();
    page.table(&heads, &rows)
}

/// Many nodes are numbered columns of one sign each: a table of so many cells is read by nobody, a picture of signs is.
fn numbered(grid: &Grid<'_>, l: &Labels, common: &Common, page: &mut Page<'_>) -> io::Result<()> {
    let head = |column: &Column<'_>| {
        if column.node.witness { format!("{}W", column.number) } else { column.number.to_string() }
    };
    let heads: Vec<String> = grid.columns.iter().map(head).collect();
    let width = heads.iter().map(|head| head.width()).max().unwrap_or(0) + 1;
    let label = |one: &Row| columns::cut(&escape::line(&one.label), LABEL);
    let labels = grid.rows.iter().map(|one| label(one).width()).chain([l.says_of.width()]).max().unwrap_or(0);
    let line = |label: &str, cells: &mut dyn Iterator<Item = String>| {
        let cells: String = cells.map(|cell| pad_left(&cell, width)).collect();
        format!("{}{cells}", pad(label, labels))
    };
    let mut text = vec![line(l.says_of, &mut heads.into_iter())];
    text.extend(grid.rows.iter().map(|one| line(&label(one), &mut one.cells.iter().map(Cell::mark))));
    writeln!(page, "{}", fence(&text.join("\n"), "text", ""))?;
    let name = |column: &Column<'_>| {
        let witness = if column.node.witness { common.aside(l.witness_long) } else { String::new() };
        format!("{} {}{witness}", column.number, md(&column.node.label))
    };
    let names: Vec<String> = grid.columns.iter().map(name).collect();
    page.paragraph(&format!("{}{}{}", l.columns, l.colon, names.join(common.comma)))
}

/// Who says what of whom, first and last, and where the first stands.
fn lines(
    info: &MembershipInfo,
    title: &str,
    l: &Labels,
    common: &Common,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let all = statements(info, common);
    if all.is_empty() {
        return Ok(());
    }
    page.heading(4, title)?;
    for one in all.iter().take(STATEMENTS) {
        let says = fill(l.statement, &[&one.by, &one.of, &one.what]);
        let count = fill_count(l.lines_n, one.count);
        let when = common.aside(&format!("{}{}{count}", one.span, common.comma));
        writeln!(page, "- {}{when} {}", md(&says), code_span(&one.place))?;
    }
    writeln!(page)?;
    page.more_in_json(all.len(), STATEMENTS, common)
}

fn state_table(table: &StateTable, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    if table.has_odd {
        page.paragraph(l.odd_mark)?;
    }
    if table.has_formed {
        page.paragraph(l.formed_note)?;
    }
    if let Some(same) = &table.same {
        page.paragraph(&md(same))?;
    }
    if table.heads.len() < 2 {
        return Ok(());
    }
    let cell = |value: &super::state::Value| match value.is_odd {
        true => format!("**{APART} {}**", md(&value.text)),
        false => md(&value.text),
    };
    let row = |(host, cells): &(String, Vec<super::state::Value>)| {
        std::iter::once(md(host)).chain(cells.iter().map(cell)).collect()
    };
    let rows: Vec<Vec<String>> = table.rows.iter().map(row).collect();
    page.table(&table.heads, &rows)
}
