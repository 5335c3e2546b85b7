//! `timeline.jsonl`: the timeline as JSON Lines with the three fields that Timesketch requires
//! (`message`, `datetime`, `timestamp_desc`), ready for import.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::Renderer;
use super::model::{Report, TimelineEntry};
use crate::model::{EventKind, Timestamp};

/// Writes `timeline.jsonl`.
pub static RENDERER: Renderer = Renderer {
    name: "timesketch",
    file_name: "timeline.jsonl",
    about: "The timeline as JSON Lines for Timesketch",
    render: |report: &Report, out: &mut dyn Write| write_entries(&report.timeline, out),
};

#[derive(Serialize)]
struct Line<'a> {
    message: &'a str,
    datetime: String,
    timestamp_desc: &'static str,
    time_quality: &'static str,
    host: &'a str,
    kind: EventKind,
    severity: &'static str,
    source: &'a str,
    source_line: u64,
    source_offset: u64,
    fields: &'a BTreeMap<String, String>,
}

/// Writes one JSON object a line.
pub fn write_entries(entries: &[TimelineEntry], out: &mut dyn Write) -> io::Result<()> {
    for entry in entries {
        let line = Line {
            message: &entry.text,
            datetime: iso_with_offset(entry.time),
            timestamp_desc: "Event Logged",
            time_quality: super::show::quality(entry.time_quality),
            host: &entry.host,
            kind: entry.kind,
            severity: entry.severity.name(),
            source: &entry.source.file,
            source_line: entry.source.line,
            source_offset: entry.source.offset,
            fields: &entry.fields,
        };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
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
