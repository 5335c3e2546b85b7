//! Tables: those whose header is underlined with dashes, and what helps to read those without.

use std::borrow::Cow;
use std::ops::Range;

use super::super::Line;
use super::super::text::{Anchor, MAX_ENTRIES, column_name, value};
use super::Entry;
use crate::format::text::shown;

/// A table whose header is underlined with dashes; the dashes give the columns.
///
/// ```text
/// NodeUuid                              IsWitness  Supports Unicast  IP Address  Port   Iface Name
/// ------------------------------------  ---------  ----------------  ----------  -----  ----------
/// ```
#[derive(Debug, Default)]
pub(in crate::fact) struct Table {
    header: String,
    columns: Vec<(String, Range<usize>)>,
    /// How long the row of dashes is.
    width: usize,
}

impl Table {
    /// Takes the next line; true when it is a row below the dashes.
    pub(in crate::fact) fn is_row(&mut self, line: &[u8]) -> bool {
        if self.columns.is_empty() {
            if is_rule(line) {
                self.width = line.trim_ascii_end().len();
                self.columns = columns(&self.header, line);
            } else if !line.trim_ascii().is_empty() {
                self.header = String::from_utf8_lossy(&line[..line.len().min(4096)]).into_owned();
            }
            return false;
        }
        !is_rule(line) && !line.trim_ascii().is_empty()
    }

    /// The last line above the dashes.
    pub(in crate::fact) fn header(&self) -> &str {
        &self.header
    }

    /// The cell of `row` below the header `name`, trimmed; `None` where there is no such column or it is blank.
    pub(in crate::fact) fn cell(&self, row: &[u8], name: &str) -> Option<String> {
        let wanted = column_name(name);
        let (_, span) = self.columns.iter().find(|(name, _)| *name == wanted)?;
        value(&text_of(row, span))
    }

    /// All cells of `row` with the names of their columns, as they stand there.
    pub(in crate::fact) fn cells<'t>(&'t self, row: &'t [u8]) -> impl Iterator<Item = (&'t str, String)> {
        self.columns.iter().map(|(name, span)| (name.as_str(), text_of(row, span).trim().to_owned()))
    }

    /// The cells of a row that a cell longer than its column has shifted: two blanks stand between them, and there are as
    /// many as columns.
    fn shifted<'t>(&'t self, row: &'t [u8]) -> Option<impl Iterator<Item = (&'t str, String)>> {
        let text = shown(row);
        let cells = text.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        let cells: Vec<String> = cells.map(str::to_owned).collect();
        let names = self.columns.iter().map(|(name, _)| name.as_str());
        (cells.len() == self.columns.len()).then(|| names.zip(cells))
    }

    /// Whether a blank stands before each column of `row`: prose amid the rows hardly ever does that.
    pub(in crate::fact) fn fits(&self, row: &[u8]) -> bool {
        let blank =
            |span: &Range<usize>| span.start == 0 || row.get(span.start - 1).is_none_or(|&b| b == b' ');
        self.columns.iter().all(|(_, span)| blank(span))
    }

    /// Whether the last cell of `row` is a number or the like that stands at the right of its column, and ends with it.
    fn is_full(&self, row: &[u8]) -> bool {
        let last = self.columns.last().map_or(0, |(_, span)| span.start);
        row.trim_ascii_end().len() == self.width && row.get(last) == Some(&b' ')
    }

    /// How many columns it has; none as long as there was no row of dashes.
    pub(in crate::fact) fn width(&self) -> usize {
        self.columns.len()
    }
}

fn text_of<'r>(row: &'r [u8], span: &Range<usize>) -> Cow<'r, str> {
    shown(&row[span.start.min(row.len())..span.end.min(row.len())])
}

/// Whether a line is the row of dashes below a header.
pub(in crate::fact) fn is_rule(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.starts_with(b"---") && line.iter().all(|&byte| byte == b'-' || byte == b' ')
}

/// A column reaches from its first dash to the next column's: a cell may be longer than its dashes.
fn columns(header: &str, rule: &[u8]) -> Vec<(String, Range<usize>)> {
    let dash = |at: usize| rule.get(at) == Some(&b'-');
    let starts: Vec<usize> =
        (0..rule.len()).filter(|&at| dash(at) && (at == 0 || !dash(at - 1))).take(64).collect();
    let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
    let header = header.as_bytes();
    let named = |span: &Range<usize>| {
        let cell = &header[span.start.min(header.len())..span.end.min(header.len())];
        column_name(&String::from_utf8_lossy(cell))
    };
    starts.iter().copied().zip(ends).map(|(start, end)| (named(&(start..end)), start..end)).collect()
}

/// The rows of a table as entries. What does not keep to the columns is stderr amid the rows.
#[derive(Default)]
pub(in crate::fact) struct Rows {
    table: Table,
    /// The row above, and whether it is whole even where it has no ending.
    held: Option<(Entry, bool)>,
}

impl Rows {
    /// Takes the next line; gives the row above it.
    pub(in crate::fact) fn line(&mut self, line: &Line<'_>) -> Option<Entry> {
        let above = self.take();
        if !self.table.is_row(line.bytes) {
            return above;
        }
        let mut entry = Entry::new(Anchor::of(line));
        if self.table.fits(line.bytes) {
            self.table.cells(line.bytes).for_each(|(name, cell)| entry.put_text(name, &cell));
        } else if let Some(cells) = self.table.shifted(line.bytes) {
            cells.for_each(|(name, cell)| entry.put_text(name, &cell));
        } else {
            return above;
        }
        self.held = Some((entry, self.table.is_full(line.bytes)));
        above
    }

    /// The line above may be cut: its last cell counts where it stands at the right.
    pub(in crate::fact) fn cut(&mut self) {
        if let Some((entry, false)) = &mut self.held {
            entry.open_row();
        }
    }

    /// The row above.
    pub(in crate::fact) fn take(&mut self) -> Option<Entry> {
        self.held.take().map(|(entry, _)| entry)
    }
}

/// The columns of `header`, which are some of `known` in their order; `None` where it is another text.
///
/// For tables without dashes, whose cells stand where the header says only as long as none is too long.
pub(in crate::fact) fn columns_of(header: &str, known: &[&'static str]) -> Option<Vec<&'static str>> {
    let (mut rest, mut found) = (header.trim(), Vec::new());
    for name in known {
        let behind = rest.strip_prefix(name);
        if let Some(behind) = behind.filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t'])) {
            found.push(*name);
            rest = behind.trim_start();
        }
    }
    (rest.is_empty() && !found.is_empty()).then_some(found)
}

/// The words of `text`, each with where it begins.
pub(in crate::fact) fn words(text: &str) -> Vec<(usize, &str)> {
    let begin = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split_ascii_whitespace().map(|word| (begin(word), word)).take(MAX_ENTRIES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_known_by_all_of_its_words_in_their_order() {
        let known = &["Name", "PCI Device", "PCI", "MTU"];
        let check = |header: &str, expected: Option<Vec<&str>>| {
            assert_eq!(columns_of(header, known), expected, "{header}");
        };
        check("Name  PCI Device  MTU", Some(vec!["Name", "PCI Device", "MTU"]));
        check("  Name PCI MTU \t", Some(vec!["Name", "PCI", "MTU"]));
        check("Name MTU PCI", None);
        check("Names MTU", None);
        check("", None);
    }

    #[test]
    fn words_know_their_place() {
        assert_eq!(words("  ab  c "), [(2, "ab"), (6, "c")]);
        assert!(words(" ").is_empty());
    }

    #[test]
    fn a_table_is_cut_at_its_dashes() {
        let mut table = Table::default();
        let rows: Vec<&[u8]> =
            vec![b"noise", b"Name  IP Address  Iface", b"----  ----------  -----", b"ab       10.0.0.1"];
        let seen: Vec<bool> = rows.iter().map(|row| table.is_row(row)).collect();
        assert_eq!(seen, [false, false, false, true]);
        assert_eq!(table.cell(rows[3], "ip address").as_deref(), Some("10.0.0.1"));
        assert_eq!((table.cell(rows[3], "Iface"), table.cell(rows[3], "Port")), (None, None));
        assert_eq!(table.cell(&[0xff, 0xfe], "Name").as_deref(), Some("\u{fffd}\u{fffd}"));
    }
}
