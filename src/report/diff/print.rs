//! The differences of two hosts on a terminal.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::super::columns::{pad, wrap};
use super::super::escape;
use super::super::labels::{choose, fill, fill_count};
use super::super::paint::{Style, paint};
use super::super::show;
use super::super::zone::Zone;
use super::view::{Line, pair_line};
use super::words::{Labels, words_in};
use super::{Basis, NotCompared, PairDiff, PairSide};

/// Keys of one area that were not compared, where not all are asked for.
const KEYS: usize = 4;
const INDENT: &str = "  ";

/// Writes `diff` with no line wider than `width` columns; `all` lists what was folded.
pub fn write(diff: &PairDiff, width: usize, all: bool, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let l = words_in(diff.lang);
    let mut page = Page { out, width, colour };
    page.paragraphs(Some(Style::Bold), "", &answer(diff, l))?;
    if !diff.rows.is_empty() {
        page.paragraphs(Some(Style::Dim), "", &order(diff, l))?;
        page.rows(diff, all, l)?;
    }
    let left = not_compared(diff, if all { usize::MAX } else { KEYS }, l);
    if !left.is_empty() {
        writeln!(page.out)?;
        page.paragraphs(
            Some(Style::Bold),
            "",
            &format!("{}{}", l.not_compared, l.common().colon.trim_end()),
        )?;
        left.iter().try_for_each(|line| page.paragraphs(None, INDENT, line))?;
    }
    page.out.flush()
}

/// What the two are called beside each other.
pub(super) fn names(diff: &PairDiff, l: &Labels) -> [String; 2] {
    let zone = Zone::named(&diff.time_zone).unwrap_or(Zone::UTC);
    let name = |side: &PairSide| match diff.basis {
        Basis::Captures => fill(l.at, &[&side.host, &zone.told_or_dash(side.captured_at)]),
        Basis::Cluster | Basis::Area => side.host.clone(),
    };
    [name(&diff.a), name(&diff.b)]
}

/// How much differs.
pub(super) fn answer(diff: &PairDiff, l: &Labels) -> String {
    let [a, b] = names(diff, l);
    let compared = show::count(diff.compared as u64);
    match diff.rows.len() {
        0 if diff.compared == 0 => fill(l.nothing, &[&a, &b]),
        0 => fill(l.same, &[&a, &b, &compared]),
        count => {
            let word = choose(l.found, count as u64);
            fill(word, &[&a, &b, &compared, &show::count(count as u64)])
        }
    }
}

/// What the order rests on.
pub(super) fn order(diff: &PairDiff, l: &Labels) -> String {
    match diff.basis {
        Basis::Cluster => fill_count(l.by_cluster, diff.hosts.len() as u64),
        Basis::Area => l.by_area.to_owned(),
        Basis::Captures => l.by_captures.to_owned(),
    }
}

/// What was not compared, a line an area.
pub(super) fn not_compared(diff: &PairDiff, max: usize, l: &Labels) -> Vec<String> {
    let [a, b] = names(diff, l);
    let line = |left: &NotCompared| {
        let mut what = l.area(left.area).to_owned();
        if !left.keys.is_empty() {
            let keys: Vec<&str> = left.keys.iter().map(String::as_str).collect();
            what = fill(l.keys_of, &[&what, &l.keys(left.area, &keys, max)]);
        }
        match (left.in_a, left.in_b) {
            (true, _) => fill(l.not_in, &[&what, &b]),
            (_, true) => fill(l.not_in, &[&what, &a]),
            _ => fill(l.in_neither, &[&what]),
        }
    };
    diff.not_compared.iter().map(line).collect()
}

struct Page<'a> {
    out: &'a mut dyn Write,
    width: usize,
    colour: bool,
}

impl Page<'_> {
    fn paragraphs(&mut self, style: Option<Style>, indent: &str, text: &str) -> io::Result<()> {
        for line in wrap(&escape::line(text), self.width.saturating_sub(indent.len())) {
            let line = style.map_or_else(|| line.clone(), |style| paint(self.colour, style, &line));
            writeln!(self.out, "{indent}{line}")?;
        }
        Ok(())
    }

    fn rows(&mut self, diff: &PairDiff, all: bool, l: &Labels) -> io::Result<()> {
        let lines: Vec<Line> = diff.rows.iter().map(|row| pair_line(row, l)).collect();
        let values = |line: &Line| match diff.basis {
            Basis::Cluster => {
                [0, 1].map(|side| fill(l.value_with, &[&line.values[side], &line.shares[side]]))
            }
            Basis::Area | Basis::Captures => line.values.clone(),
        };
        let mut cells: Vec<[String; 3]> = Vec::new();
        let [a, b] = names(diff, l);
        cells.push([String::new(), a, b]);
        cells.extend(lines.iter().map(|line| {
            let [a, b] = values(line);
            [line.label.clone(), a, b]
        }));
        let cells: Vec<[String; 3]> =
            cells.into_iter().map(|row| row.map(|cell| escape::line(&cell).into_owned())).collect();
        let widths = self.widths(&cells);
        writeln!(self.out)?;
        self.row(&cells[0], widths, Some(Style::Bold))?;
        for (row, line) in cells[1..].iter().zip(&lines) {
            self.row(row, widths, None)?;
            self.folded(line, all, widths)?;
        }
        if !all && lines.iter().any(|line| line.with_it.is_some()) {
            writeln!(self.out)?;
            self.paragraphs(Some(Style::Dim), "", l.all_lists)?;
        }
        Ok(())
    }

    fn folded(&mut self, line: &Line, all: bool, widths: [usize; 3]) -> io::Result<()> {
        if !all {
            let with_it = line.with_it.iter();
            return with_it.into_iter().try_for_each(|text| self.paragraphs(Some(Style::Dim), INDENT, text));
        }
        for (label, [a, b]) in &line.parts {
            let label = format!("{INDENT}{label}");
            let cells = [&label, a, b].map(|cell| escape::line(cell).into_owned());
            self.row(&cells, widths, Some(Style::Dim))?;
        }
        Ok(())
    }

    /// Columns as wide as their cells, or fair shares where that is too wide.
    fn widths(&self, cells: &[[String; 3]]) -> [usize; 3] {
        let room = self.width.saturating_sub(2 * INDENT.len());
        let full = [0, 1, 2].map(|at| cells.iter().map(|row| row[at].width()).max().unwrap_or(0).max(10));
        if full.iter().sum::<usize>() <= room {
            return full;
        }
        let label = full[0].min((room * 2 / 5).max(10));
        let each = (room.saturating_sub(label) / 2).max(10);
        // What one side does not need the other may have.
        let first = full[1].min(each.max(room.saturating_sub(label + full[2])));
        [label, first, room.saturating_sub(label + first).max(10)]
    }

    fn row(&mut self, cells: &[String; 3], widths: [usize; 3], style: Option<Style>) -> io::Result<()> {
        let wrapped = [0, 1, 2].map(|at| hung(&cells[at], widths[at]));
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..height {
            let cell = |column: usize| wrapped[column].get(at).map_or("", String::as_str);
            let line =
                format!("{}{INDENT}{}{INDENT}{}", pad(cell(0), widths[0]), pad(cell(1), widths[1]), cell(2));
            let line = line.trim_end();
            let line = style.map_or_else(|| line.to_owned(), |style| paint(self.colour, style, line));
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }
}

/// The lines of a cell, all under the blanks that it begins with.
fn hung(text: &str, width: usize) -> Vec<String> {
    let indent = if text.starts_with(INDENT) { INDENT } else { "" };
    let lines = wrap(text.trim_start(), width.saturating_sub(indent.len()));
    lines.into_iter().map(|line| format!("{indent}{line}")).collect()
}
