//! A table as `localcli` prints it: columns as wide as their widest cell, a row of dashes below the head.

use std::fmt::Write;

/// The text of the table; the columns named in `right` are set to the right.
pub(crate) fn text(heads: &[&str], right: &[&str], rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(String::len);
        cells.chain([heads[at].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut text = String::new();
    let mut line = |cells: &[&str]| {
        let cell = |(at, cell): (usize, &&str)| match right.contains(&heads[at]) {
            true => format!("{cell:>0$}", widths[at]),
            false => format!("{cell:<0$}", widths[at]),
        };
        let cells: Vec<String> = cells.iter().enumerate().map(cell).collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    };
    line(heads);
    let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(&dashes.iter().map(String::as_str).collect::<Vec<_>>());
    for row in rows {
        line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text
}
