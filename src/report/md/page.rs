//! The page that Markdown is written to: headings that are unique, and tables that can be read as plain text too.
//!
//! Every block ends with an empty line, and none begins with one.

use std::collections::BTreeMap;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::super::columns::pad;
use super::super::labels::{Labels, fill};
use super::super::show;
use super::text::prose;

/// Columns that a cell is padded to at most: one long cell must not widen every row of its column.
const PADDED: usize = 48;
/// Columns of one table; a wider one is cut into several that share their first column.
const COLUMNS: usize = 9;

/// Where the report is written to.
pub struct Page<'a> {
    out: &'a mut dyn Write,
    /// How often each heading was written.
    headings: BTreeMap<String, usize>,
}

impl<'a> Page<'a> {
    pub fn new(out: &'a mut dyn Write) -> Page<'a> {
        Page { out, headings: BTreeMap::new() }
    }

    /// A heading of `text`, which is escaped already. It gets a number where there is one of
    /// that text, as its text is what a link to it is made of.
    pub fn heading(&mut self, level: usize, text: &str) -> io::Result<()> {
        let seen = self.headings.entry(text.to_owned()).or_default();
        *seen += 1;
        let number = if *seen > 1 { format!(" ({seen})") } else { String::new() };
        writeln!(self.out, "{} {text}{number}\n", "#".repeat(level))
    }

    /// A paragraph of text that is escaped already.
    pub fn paragraph(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}\n")
    }

    /// A table of cells that are escaped already, its columns aligned.
    pub fn table(&mut self, heads: &[String], rows: &[Vec<String>]) -> io::Result<()> {
        let others = heads.len().saturating_sub(1);
        let tables = others.div_ceil(COLUMNS - 1).max(1);
        let each = others.div_ceil(tables).max(1);
        for table in 0..tables {
            let columns: Vec<usize> =
                std::iter::once(0).chain((1..heads.len()).skip(table * each).take(each)).collect();
            self.part(&columns, heads, rows)?;
        }
        Ok(())
    }

    fn part(&mut self, columns: &[usize], heads: &[String], rows: &[Vec<String>]) -> io::Result<()> {
        let cell = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
        let width = |at: &usize| {
            let cells = std::iter::once(heads).chain(rows.iter().map(Vec::as_slice));
            cells
                .filter_map(|row| row.get(*at))
                .map(|cell| cell.width().min(PADDED))
                .max()
                .unwrap_or(0)
                .max(3)
        };
        let widths: Vec<usize> = columns.iter().map(width).collect();
        let mut line = |row: &[String]| {
            let cells: Vec<String> = columns.iter().map(|at| cell(row, *at)).collect();
            self.row(&cells, &widths)
        };
        line(heads)?;
        let rule: Vec<String> = (0..heads.len())
            .map(|at| columns.iter().position(|column| *column == at).map_or(0, |place| widths[place]))
            .map(|width| "-".repeat(width))
            .collect();
        line(&rule)?;
        rows.iter().try_for_each(|row| line(row))?;
        writeln!(self.out)
    }

    fn row(&mut self, cells: &[String], widths: &[usize]) -> io::Result<()> {
        let cells: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| pad(cell, *width)).collect();
        writeln!(self.out, "| {} |", cells.join(" | "))
    }

    /// A heading of this level and a list of sentences, at most `max`; nothing where there are none.
    pub fn list(
        &mut self,
        heading: Option<(usize, &str)>,
        lines: &[String],
        max: usize,
        l: &Labels,
    ) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if let Some((level, title)) = heading {
            self.heading(level, title)?;
        }
        for line in lines.iter().take(max) {
            writeln!(self.out, "- {}", prose(line))?;
        }
        writeln!(self.out)?;
        self.more_in_json(lines.len(), max, l)
    }

    /// Says how many of `all` are left out where `shown` are shown at most.
    pub fn more_in_json(&mut self, all: usize, shown: usize, l: &Labels) -> io::Result<()> {
        match all.saturating_sub(shown) {
            0 => Ok(()),
            rest => self.paragraph(&fill(l.more_in_json, &[&show::count(rest as u64)])),
        }
    }
}

impl Write for Page<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
