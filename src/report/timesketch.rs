//! `timeline.jsonl`: the timeline as JSON Lines for import into Timesketch.
//!
//! Its import guide requires `message`, `datetime` (ISO 8601) and `timestamp_desc`, and knows `timestamp` (microseconds);
//! every other field is free. A span is two lines, one for each end that is known, as Timesketch knows points only.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::Renderer;
use super::escape;
use super::model::{Report, SpanInfo, TimelineEntry};
use super::timeline::repeats;
use crate::model::Timestamp;

/// Writes `timeline.jsonl`.
pub static RENDERER: Renderer = Renderer {
    name: "timesketch",
    file_name: "timeline.jsonl",
    about: "The timeline as JSON Lines for Timesketch",
    render: write,
};

/// What every line has.
#[derive(Serialize)]
struct Head<'a> {
    message: String,
    datetime: String,
    /// Microseconds since the epoch.
    timestamp: i64,
    timestamp_desc: &'static str,
    host: &'a str,
    kind: String,
}

#[derive(Serialize)]
struct EventLine<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    time_quality: &'static str,
    severity: &'static str,
    source: &'a str,
    source_line: u64,
    source_offset: u64,
    record: &'a str,
    count: u64,
    findings: Vec<&'a str>,
    fields: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct SpanLine<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    /// The time of the other end, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<&'a str>,
}

/// Writes one JSON object a line, in the order of time.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut ends: Vec<(Timestamp, bool, &SpanInfo)> = report.spans.iter().flat_map(ends).collect();
    ends.sort_by_key(|(time, ..)| *time);
    let mut ends = ends.into_iter().peekable();
    for entry in &report.timeline {
        while let Some((time, is_start, span)) = ends.next_if(|(time, ..)| *time <= entry.time) {
            write_line(&span_line(time, is_start, span), out)?;
        }
        write_line(&event_line(entry, report), out)?;
    }
    ends.try_for_each(|(time, is_start, span)| write_line(&span_line(time, is_start, span), out))
}

fn write_line(line: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string(line)?;
    writeln!(out, "{}", escape::json_line(&text))
}

/// The ends of a span that are known, and whether each is its beginning.
fn ends(span: &SpanInfo) -> impl Iterator<Item = (Timestamp, bool, &SpanInfo)> {
    [(span.from, true), (span.to, false)]
        .into_iter()
        .filter_map(move |(time, is_start)| Some((time?, is_start, span)))
}

fn event_line<'a>(entry: &'a TimelineEntry, report: &'a Report) -> EventLine<'a> {
    let findings = entry.findings.iter().filter_map(|&at| report.findings.get(at));
    // A message that is empty would not pass for one.
    let message = if entry.text.trim().is_empty() { entry.kind.name() } else { &entry.text };
    EventLine {
        head: Head {
            message: escape::line(message).into_owned(),
            datetime: iso_with_offset(entry.time),
            timestamp: entry.time.micros(),
            timestamp_desc: "Event Logged",
            host: &entry.host,
            kind: entry.kind.name().to_owned(),
        },
        time_quality: super::show::quality(entry.time_quality),
        severity: entry.severity.name(),
        source: &entry.source.file,
        source_line: entry.source.line,
        source_offset: entry.source.offset,
        record: &entry.message,
        count: repeats(entry),
        findings: findings.map(|finding| finding.id.as_str()).collect(),
        fields: &entry.fields,
    }
}

fn span_line(time: Timestamp, is_start: bool, span: &SpanInfo) -> SpanLine<'_> {
    SpanLine {
        head: Head {
            message: escape::line(&span.text).into_owned(),
            datetime: iso_with_offset(time),
            timestamp: time.micros(),
            timestamp_desc: if is_start { "Span Start" } else { "Span End" },
            host: &span.host,
            kind: format!("span.{}", span.kind.name()),
        },
        other_end: if is_start { span.to } else { span.from }.map(iso_with_offset),
        log: span.log.as_deref(),
    }
}

/// Timesketch wants the offset spelled out: `2026-11-23T02:10:05.123456+00:00`.
fn iso_with_offset(time: Timestamp) -> String {
    let (year, month, day, micros) = time.civil();
    let seconds = micros / 1_000_000;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}+00:00",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        micros % 1_000_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_has_an_offset_and_six_digits() {
        let time: Timestamp = "2026-11-23T02:10:05.120Z".parse().expect("a time");
        assert_eq!(iso_with_offset(time), "2026-11-23T02:10:05.120000+00:00");
    }
}
