//! `timeline.csv`: one event a line, safe to open in a spreadsheet.

use std::io::{self, Write};

use super::Renderer;
use super::escape;
use super::model::{Report, TimelineEntry};

/// Writes `timeline.csv`.
pub static RENDERER: Renderer = Renderer {
    name: "csv",
    file_name: "timeline.csv",
    about: "The timeline as a table for spreadsheets",
    render: |report: &Report, out: &mut dyn Write| write_entries(&report.timeline, out),
};

const COLUMNS: &str = "time,time_quality,host,severity,kind,text,file,line,offset,raw_time";

/// Writes `entries` below a line with the column names; lines end in CR LF, as RFC 4180 has it.
pub fn write_entries(entries: &[TimelineEntry], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{COLUMNS}\r\n")?;
    entries.iter().try_for_each(|entry| write_entry(entry, out))
}

fn write_entry(entry: &TimelineEntry, out: &mut dyn Write) -> io::Result<()> {
    let raw_time = entry.fields.get("raw_time").map_or("", String::as_str);
    write!(
        out,
        "{},{},{},{},{},{},{},{},{},{}\r\n",
        entry.time,
        super::show::quality(entry.time_quality),
        escape::csv(&entry.host),
        entry.severity.name(),
        entry.kind,
        escape::csv(&entry.text),
        escape::csv(&entry.source.file),
        entry.source.line,
        entry.source.offset,
        escape::csv(raw_time),
    )
}
