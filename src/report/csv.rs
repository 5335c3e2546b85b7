//! `timeline.csv`: one event or span a line of the table, safe to open in a spreadsheet.
//!
//! Repeats are not folded, as a table can group for itself. A span is a line of its own, in the order of its beginning:
//! its kind is `span.…`, `until` its end, and what only a record has is empty.

use std::io::{self, Write};

use super::Renderer;
use super::escape;
use super::model::{Report, SpanInfo, TimelineEntry};
use super::timeline::{in_order, repeats};

/// Writes `timeline.csv`.
pub static RENDERER: Renderer = Renderer {
    name: "csv",
    file_name: "timeline.csv",
    about: "The timeline as a table for spreadsheets",
    render: write,
};

const COLUMNS: &str =
    "time,time_quality,host,severity,kind,text,file,line,offset,raw_time,message,count,until,findings";

/// Writes the timeline below a line with the column names; lines end in CR LF, as RFC 4180 has it.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{COLUMNS}\r\n")?;
    for line in in_order(report) {
        match line {
            Ok(entry) => write_entry(entry, report, out)?,
            Err(span) => write_span(span, out)?,
        }
    }
    Ok(())
}

fn write_entry(entry: &TimelineEntry, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let findings = entry.findings.iter().filter_map(|&at| report.findings.get(at));
    let findings: Vec<&str> = findings.map(|finding| finding.id.as_str()).collect();
    write!(
        out,
        "{},{},{},{},{},{},{},{},{},{},{},{},,{}\r\n",
        entry.time,
        super::show::quality(entry.time_quality),
        escape::csv(&entry.host),
        entry.severity.name(),
        entry.kind,
        escape::csv(&entry.text),
        escape::csv(&entry.source.file),
        entry.source.line,
        entry.source.offset,
        escape::csv(entry.fields.get("raw_time").map_or("", String::as_str)),
        escape::csv(&entry.message),
        repeats(entry),
        escape::csv(&findings.join(" ")),
    )
}

fn write_span(span: &SpanInfo, out: &mut dyn Write) -> io::Result<()> {
    let time = |time: Option<crate::model::Timestamp>| time.map_or_else(String::new, |time| time.to_string());
    write!(
        out,
        "{},,{},,span.{},{},,,,,,,{},\r\n",
        time(span.from),
        escape::csv(&span.host),
        span.kind.name(),
        escape::csv(&span.text),
        time(span.to),
    )
}
