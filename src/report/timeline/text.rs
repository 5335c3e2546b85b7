//! The timeline as text for people: a line a row, what lasts in a line where it begins, and lines with `#` that explain.
//!
//! Every line but those begins with its time, so that `grep` and `sort` work on it.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::{Row, SpanInfo, TimelineEntry, fold};
use crate::model::{Severity, Timestamp};
use crate::report::columns::{cut, pad};
use crate::report::labels::{Labels, fill, labels};
use crate::report::model::Report;
use crate::report::terminal::{Style, paint};
use crate::report::{escape, show};

/// Columns that a text has at least, however narrow the terminal is.
const TEXT: usize = 20;
/// Columns of a host's name at most.
const HOST: usize = 24;

/// How the text looks.
#[derive(Copy, Clone, Debug)]
pub struct Shape {
    /// Whether repeats are one line.
    pub is_folded: bool,
    /// Whether a second line tells the kind, the place and the record.
    pub shows_source: bool,
    /// Columns that a line may have; `None` where nothing may be cut.
    pub width: Option<usize>,
    /// Whether severities are coloured.
    pub colour: bool,
}

/// Writes the timeline of `report`; nothing where it is empty.
pub fn write(report: &Report, shape: &Shape, out: &mut dyn Write) -> io::Result<()> {
    if report.timeline.is_empty() && report.spans.is_empty() {
        return Ok(());
    }
    let rows = if shape.is_folded { fold(&report.timeline) } else { super::fold::single(&report.timeline) };
    let hosts =
        report.timeline.iter().map(|entry| &entry.host).chain(report.spans.iter().map(|span| &span.host));
    let host_width = hosts.map(|host| escape::line(host).width()).max().unwrap_or(0).min(HOST);
    let mut page = Page { shape, l: labels(report.case.lang), host_width, out };
    writeln!(page.out, "# {}", page.l.text_head)?;
    let mut spans = report.spans.iter().peekable();
    for row in &rows {
        let entry = &report.timeline[row.first()];
        while let Some(span) = spans.next_if(|span| span.from.is_none_or(|from| from <= entry.time)) {
            page.span(span)?;
        }
        page.row(row, entry, &row.findings(&report.timeline))?;
    }
    spans.try_for_each(|span| page.span(span))?;
    page.legend(report, &rows)
}

struct Page<'a> {
    shape: &'a Shape,
    l: &'static Labels,
    host_width: usize,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn row(&mut self, row: &Row, entry: &TimelineEntry, findings: &[usize]) -> io::Result<()> {
        let mut after =
            count_text(row, entry.time, self.l).map_or_else(String::new, |count| format!(" {count}"));
        if let Some(raw) = entry.fields.get("raw_time") {
            after.push_str(&format!(" ({})", fill(self.l.stamp, &[&escape::line(raw)])));
        }
        if !findings.is_empty() {
            let marks: Vec<String> = findings.iter().map(|at| format!("F{}", at + 1)).collect();
            after.push_str(&format!(" [{}]", marks.join(",")));
        }
        let time = format!(
            "{}{}",
            millis(entry.time),
            if show::mark(entry.time_quality).is_empty() { " " } else { "~" }
        );
        let text = escape::line(entry.text.lines().next().unwrap_or("")).into_owned();
        let (letter, style) = letter(entry.severity);
        self.line(&time, &paint(self.shape.colour, style, letter), &entry.host, &text, &after)?;
        if self.shape.shows_source { self.source(entry) } else { Ok(()) }
    }

    fn span(&mut self, span: &SpanInfo) -> io::Result<()> {
        let time = format!("{:<23} ", span.from.map_or_else(|| "–".to_owned(), millis));
        let until = span.to.map(|to| format!(" ({})", fill(self.l.until, &[&until(span.from, to)])));
        let text = escape::line(&span.text).into_owned();
        self.line(&time, "=", &span.host, &text, &until.unwrap_or_default())
    }

    /// One line; where it is too wide, the text gives way and what stands behind it stays.
    fn line(&mut self, time: &str, letter: &str, host: &str, text: &str, after: &str) -> io::Result<()> {
        let host = escape::line(host);
        let host = pad(&cut(&host, self.host_width), self.host_width);
        // The letter is one column, whatever its colour takes.
        let before = time.width() + 1 + 2 + self.host_width + 2;
        let room = self.shape.width.map(|width| width.saturating_sub(before + after.width()).max(TEXT));
        let text = room.map_or_else(|| text.to_owned(), |room| cut(text, room));
        let line = format!("{time} {letter} {host}  {text}{after}");
        writeln!(self.out, "{}", line.trim_end())
    }

    /// Kind, place and record, below the line, in one line.
    fn source(&mut self, entry: &TimelineEntry) -> io::Result<()> {
        let place = show::place(&entry.source.file, entry.source.line, entry.source.offset);
        let message = if entry.message.is_empty() { &entry.text } else { &entry.message };
        let line = format!("    {}  {}  {}", entry.kind.name(), escape::line(&place), escape::line(message));
        writeln!(self.out, "{}", self.shape.width.map_or_else(|| line.clone(), |width| cut(&line, width)))
    }

    /// What the marks stand for, and how much is folded.
    fn legend(&mut self, report: &Report, rows: &[Row]) -> io::Result<()> {
        let mut shown: Vec<usize> = rows.iter().flat_map(|row| row.findings(&report.timeline)).collect();
        shown.sort_unstable();
        shown.dedup();
        for (at, finding) in shown.iter().filter_map(|&at| Some((at, report.findings.get(at)?))) {
            let severity = self.l.severity_name(finding.severity);
            writeln!(self.out, "# [F{}] {severity}: {}", at + 1, escape::line(&finding.title))?;
        }
        if rows.len() < report.timeline.len() {
            let (events, lines) = (show::count(report.timeline.len() as u64), show::count(rows.len() as u64));
            writeln!(self.out, "# {}", fill(self.l.folded_note, &[&events, &lines]))?;
        }
        Ok(())
    }
}

const fn letter(severity: Severity) -> (&'static str, Style) {
    let letter = match severity {
        Severity::Critical => "C",
        Severity::Error => "E",
        Severity::Warning => "W",
        Severity::Info => "I",
    };
    (letter, Style::of(severity))
}

/// `2026-11-23 02:10:05.123`: always with milliseconds, so that columns stand below each other.
fn millis(time: Timestamp) -> String {
    let whole = show::second(time);
    let millis = time.micros().rem_euclid(1_000_000) / 1_000;
    format!("{whole}.{millis:03}")
}

/// The time of day of `to`, with its date where that is another than that of `from`.
pub fn until(from: Option<Timestamp>, to: Timestamp) -> String {
    let last = show::second(to);
    let first = from.map(show::second).unwrap_or_default();
    match (first.split_once(' '), last.split_once(' ')) {
        (Some((date, _)), Some((other, clock))) if date == other => clock.to_owned(),
        _ => last,
    }
}

/// `× 1,200, last at 02:31:40`; `None` where it happened once.
pub fn count_text(row: &Row, first: Timestamp, l: &Labels) -> Option<String> {
    let count = show::count(row.count);
    match row.count {
        0 | 1 => None,
        _ if row.last == first => Some(fill(l.times, &[&count])),
        _ => Some(fill(l.times_until, &[&count, &until(Some(first), row.last)])),
    }
}
