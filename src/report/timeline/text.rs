//! The timeline as text for people: a line a row, what lasts in a line where it begins, and lines with `#` that explain.
//!
//! Every line but those begins with its time, so that `grep` and `sort` work on it; where records are asked for, each
//! line of a row has two below it, which begin with blanks: the record, and its kind, ids and place.

use std::collections::BTreeSet;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::{Row, SpanInfo, TimelineEntry, fold};
use crate::case::inside;
use crate::model::{Severity, Timestamp};
use crate::report::columns::{cut, pad};
use crate::report::labels::{Labels, fill, labels_of};
use crate::report::model::Report;
use crate::report::paint::{Style, paint};
use crate::report::zone::Zone;
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
    /// Whether two more lines tell the record, and its kind, ids and place.
    pub shows_source: bool,
    /// Columns that a line may have; `None` where nothing may be cut.
    pub width: Option<usize>,
    /// Whether severities are coloured.
    pub colour: bool,
}

/// The columns that only an operation's timeline has.
pub struct Thread<'a> {
    /// The log that a record stands in, and the hop of the operation that it is of, by its place in the timeline.
    pub columns: &'a dyn Fn(usize) -> [String; 2],
}

/// Writes the timeline of `report`; a line that says so where it is empty.
pub fn write(
    report: &Report,
    shape: &Shape,
    thread: Option<&Thread<'_>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let l = &labels_of(report);
    if report.timeline.is_empty() && report.spans.is_empty() {
        return writeln!(out, "# {}", l.text_none);
    }
    let rows = if shape.is_folded { fold(&report.timeline) } else { super::fold::single(&report.timeline) };
    let hosts: BTreeSet<&str> = report.timeline.iter().map(|entry| entry.host.as_str()).collect();
    let hosts = hosts.into_iter().chain(report.spans.iter().map(|span| span.host.as_str()));
    let host_width = hosts.map(|host| escape::line(host).width()).max().unwrap_or(0).min(HOST);
    let mut page = Page { shape, l, host_width, columns: Columns::of(report, thread), out };
    match thread {
        None => writeln!(page.out, "# {}", l.in_zone(l.text_head))?,
        Some(_) => writeln!(page.out, "# {}\n# {}", l.in_zone(l.text_head_op), l.text_hops)?,
    }
    let mut spans = report.spans.iter().peekable();
    for row in &rows {
        let begins = report.timeline[row.first()].time;
        while let Some(span) = spans.next_if(|span| span.from.is_none_or(|from| from <= begins)) {
            page.span(span)?;
        }
        page.row(row, report)?;
    }
    spans.try_for_each(|span| page.span(span))?;
    page.legend(report, &rows)
}

/// Log and hop of each entry, where an operation is followed.
struct Columns {
    /// By entry; empty where none is followed.
    told: Vec<[String; 2]>,
    widths: [usize; 2],
}

impl Columns {
    fn of(report: &Report, thread: Option<&Thread<'_>>) -> Self {
        let one = |thread: &Thread<'_>, at| (thread.columns)(at).map(|cell| escape::line(&cell).into_owned());
        let told: Vec<[String; 2]> = thread
            .map_or_else(Vec::new, |thread| (0..report.timeline.len()).map(|at| one(thread, at)).collect());
        let widths = [0, 1].map(|at| told.iter().map(|cells| cells[at].width()).max().unwrap_or(0));
        Columns { told, widths }
    }

    fn text(&self, at: usize) -> String {
        let cells = self.told.get(at).into_iter().flat_map(|cells| cells.iter().zip(self.widths));
        cells.map(|(cell, width)| format!("{}  ", pad(cell, width))).collect()
    }
}

struct Page<'a> {
    shape: &'a Shape,
    l: &'a Labels,
    host_width: usize,
    columns: Columns,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn row(&mut self, row: &Row, report: &Report) -> io::Result<()> {
        let (entry, begins) = (&report.timeline[row.spoken], &report.timeline[row.first()]);
        let mut after = count_behind(row, begins.time, self.l).unwrap_or_default();
        if let Some(raw) = begins.fields.get("raw_time") {
            after.push_str(&format!(" ({})", fill(self.l.stamp, &[&escape::line(raw)])));
        }
        let findings = row.findings(&report.timeline);
        if !findings.is_empty() {
            let marks: Vec<String> = findings.iter().map(|at| format!("F{}", at + 1)).collect();
            after.push_str(&format!(" [{}]", marks.join(",")));
        }
        let mark = if show::mark(begins.time_quality).is_empty() { " " } else { "~" };
        let time = format!("{}{mark}", millis(begins.time, &self.l.zone));
        let text = escape::line(entry.text.lines().next().unwrap_or("")).into_owned();
        let (letter, style) = letter(entry.severity);
        let letter = paint(self.shape.colour, style, letter);
        self.line([&time, &letter, &entry.host], &self.columns.text(row.spoken), &text, &after)?;
        if self.shape.shows_source { self.source(entry) } else { Ok(()) }
    }

    fn span(&mut self, span: &SpanInfo) -> io::Result<()> {
        let width = millis(Timestamp::from_micros(0), &self.l.zone).len();
        let time = format!(
            "{:<width$} ",
            span.from.map_or_else(|| "–".to_owned(), |from| millis(from, &self.l.zone))
        );
        let text = escape::line(&span.text).into_owned();
        self.line([&time, "=", &span.host], "", &text, "")
    }

    /// One line of time, letter and host, further columns, and the text; where it is too wide, the text gives way and
    /// what stands behind it stays.
    fn line(
        &mut self,
        [time, letter, host]: [&str; 3],
        columns: &str,
        text: &str,
        after: &str,
    ) -> io::Result<()> {
        let host = escape::line(host);
        let host = pad(&cut(&host, self.host_width), self.host_width);
        // The letter is one column, whatever its colour takes.
        let before = time.width() + 1 + 2 + self.host_width + 2 + columns.width();
        let room = self.shape.width.map(|width| width.saturating_sub(before + after.width()).max(TEXT));
        let text = room.map_or_else(|| text.to_owned(), |room| cut(text, room));
        let line = format!("{time} {letter} {host}  {columns}{text}{after}");
        writeln!(self.out, "{}", line.trim_end())
    }

    /// The record, below the line; then its kind, what can be followed by `--op`, and its place.
    fn source(&mut self, entry: &TimelineEntry) -> io::Result<()> {
        let ids = ["op", "mid"].iter().filter_map(|name| Some((name, entry.fields.get(*name)?)));
        let ids: String = ids.map(|(name, id)| format!("  {name} {}", escape::line(id))).collect();
        // The host's column tells the bundle; the file is told as it lies in it.
        let place = show::place(&inside(&entry.source.file), entry.source.line, entry.source.offset);
        let whole = [
            format!("    {}", escape::line(entry.record())),
            format!("    {}{ids}  {}", entry.kind.name(), escape::line(&place)),
        ];
        whole.iter().try_for_each(|line| match self.shape.width {
            Some(width) => writeln!(self.out, "{}", cut(line, width)),
            None => writeln!(self.out, "{line}"),
        })
    }

    /// What the marks stand for, and how much is folded.
    fn legend(&mut self, report: &Report, rows: &[Row]) -> io::Result<()> {
        let shown: BTreeSet<usize> =
            report.timeline.iter().flat_map(|entry| entry.findings.iter().copied()).collect();
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

/// `2026-11-23 02:10:05.123`: always with milliseconds, so that columns stand below each other; in another zone than UTC
/// with its offset, and UTC beside it with its day, which may be another: `2026-11-23 11:10:05.123 +09:00 11-23 02:10:05Z`.
fn millis(time: Timestamp, zone: &Zone) -> String {
    let millis = time.micros().rem_euclid(1_000_000) / 1_000;
    let whole = time.plus_micros(-time.micros().rem_euclid(1_000_000));
    let clock = zone.clock(whole);
    if zone.is_utc() {
        return format!("{clock}.{millis:03}");
    }
    let utc = Zone::UTC.clock(whole);
    let of_year = utc.split_once('-').map_or(utc.as_str(), |(_, rest)| rest);
    format!("{clock}.{millis:03} {} {of_year}Z", zone.offset(time))
}

/// [`count_text`] where a sentence stands before it: a full-width bracket needs no blank.
pub fn count_behind(row: &Row, first: Timestamp, l: &Labels) -> Option<String> {
    let count = count_text(row, first, l)?;
    Some(if count.starts_with('（') { count } else { format!(" {count}") })
}

/// `× 1,200, last at 02:31:40`, `told by 2 records` of what happened once; `None` where one record tells it.
pub fn count_text(row: &Row, first: Timestamp, l: &Labels) -> Option<String> {
    let count = show::count(row.count);
    match row.count {
        0 | 1 if row.records > 1 => Some(fill(l.told_by, &[&show::count(row.records)])),
        0 | 1 => None,
        _ if row.last <= first => Some(fill(l.times, &[&count])),
        _ => Some(fill(l.times_until, &[&count, &l.zone.until(Some(first), row.last)])),
    }
}
