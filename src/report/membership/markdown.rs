//! The witness matrix in Markdown: sentences, a grid of signs, what the lines say, and the hosts' state.

use std::io::{self, Write};

use super::super::escape::{code_span, markdown as md};
use super::super::labels::{Labels as Common, fill, fill_count};
use super::super::model::Report;
use super::super::show;
use super::words::{Labels, words};
use super::{Grid, MembershipInfo, StateTable, UNLISTED, cluster_title, grid, statements, states, when};

/// Statements that are listed; a ticket is no place for more.
const STATEMENTS: usize = 100;
/// Stands beside a value that stands apart.
const APART: &str = "◆";

/// Writes the section; nothing where there is no matrix.
pub fn write_markdown(report: &Report, common: &Common, out: &mut dyn Write) -> io::Result<()> {
    let l = words(common);
    let mut told = report.membership.iter().filter(|info| !info.nodes.is_empty()).peekable();
    if told.peek().is_some() {
        writeln!(out, "\n## {}", l.title)?;
    }
    for info in told {
        if report.membership.len() > 1 {
            writeln!(out, "\n### {}", md(&cluster_title(report, info, common)))?;
        }
        answers(info, l, common, out)?;
        matrix(&grid(info, common), l, out)?;
        if let Some(note) = info.note_of_left_out(common) {
            writeln!(out, "\n{}", md(&note))?;
        }
        lines(info, l, common, out)?;
        if let Some(table) = states(info, common) {
            state_table(&table, l, out)?;
        }
        oddities(info, l, out)?;
    }
    Ok(())
}

fn answers(info: &MembershipInfo, l: &Labels, common: &Common, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    if info.answers.is_empty() {
        writeln!(out, "{}", l.no_answer)?;
    }
    for answer in &info.answers {
        let when = when(answer, common).map_or_else(String::new, |when| format!(" ({})", md(&when)));
        writeln!(out, "- **{}**{when}", md(&answer.text))?;
    }
    Ok(())
}

fn oddities(info: &MembershipInfo, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if info.oddities.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n#### {}\n", l.oddities)?;
    info.oddities.iter().try_for_each(|odd| writeln!(out, "- {}", md(&odd.text)))
}

fn row(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |", cells.join(" | "))
}

fn head(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    row(cells, out)?;
    writeln!(out, "|{}", " --- |".repeat(cells.len()))
}

fn matrix(grid: &Grid<'_>, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    let signs = grid.legend.iter().map(|(sign, meaning)| format!("{} {meaning}", sign.mark()));
    let unlisted = grid.has_unlisted.then(|| format!("{UNLISTED} {}", l.sign_unlisted));
    writeln!(out, "\n{}\n", l.caption)?;
    signs.chain(unlisted).try_for_each(|sign| writeln!(out, "- {}", md(&sign)))?;
    let column = |column: &super::Column<'_>| match (grid.is_numbered, column.node.witness) {
        (true, true) => format!("{}W", column.number),
        (true, false) => column.number.to_string(),
        (false, true) => format!("{} ({})", md(&column.node.label), l.witness),
        (false, false) => md(&column.node.label),
    };
    let heads: Vec<String> =
        std::iter::once(l.says_of.to_owned()).chain(grid.columns.iter().map(column)).collect();
    head(&heads, out)?;
    for one in &grid.rows {
        let cells: Vec<String> =
            std::iter::once(md(&one.label)).chain(one.cells.iter().map(super::Cell::mark)).collect();
        row(&cells, out)?;
    }
    if grid.is_numbered {
        let name = |column: &super::Column<'_>| {
            let witness = if column.node.witness { format!(" ({})", l.witness_long) } else { String::new() };
            format!("{} {}{witness}", column.number, code_span(&column.node.label))
        };
        let names: Vec<String> = grid.columns.iter().map(name).collect();
        writeln!(out, "\n{}{}{}", l.columns, l.colon, names.join(", "))?;
    }
    Ok(())
}

/// Who says what of whom, first and last, and where the first stands.
fn lines(info: &MembershipInfo, l: &Labels, common: &Common, out: &mut dyn Write) -> io::Result<()> {
    let all = statements(info, common);
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n#### {}\n", l.said_by)?;
    let unit = if common.zone.is_utc() { " UTC" } else { "" };
    for one in all.iter().take(STATEMENTS) {
        let says = fill(l.statement, &[&one.by, &one.of, &one.what]);
        let span =
            if one.first == one.last { one.first.clone() } else { format!("{} – {}", one.first, one.last) };
        let count = fill_count(l.lines_n, one.count);
        writeln!(out, "- {} ({span}{unit}, {count}) {}", md(&says), code_span(&one.place))?;
    }
    match all.len().saturating_sub(STATEMENTS) {
        0 => Ok(()),
        rest => writeln!(out, "\n{}", fill(common.more_in_json, &[&show::count(rest as u64)])),
    }
}

fn state_table(table: &StateTable, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n#### {}", l.state_title)?;
    if table.has_odd {
        writeln!(out, "\n{}", l.odd_mark)?;
    }
    if table.has_formed {
        writeln!(out, "\n{}", l.formed_note)?;
    }
    if let Some(same) = &table.same {
        writeln!(out, "\n{}", md(same))?;
    }
    if table.heads.len() < 2 {
        return Ok(());
    }
    head(&table.heads, out)?;
    for (host, cells) in &table.rows {
        let cell = |value: &super::state::Value| match value.is_odd {
            true => format!("**{APART} {}**", md(&value.text)),
            false => md(&value.text),
        };
        let cells: Vec<String> = std::iter::once(md(host)).chain(cells.iter().map(cell)).collect();
        row(&cells, out)?;
    }
    Ok(())
}
