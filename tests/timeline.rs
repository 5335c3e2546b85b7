//! `esxray timeline`, from raw bundles to each of its forms: rows, spans, marks, filters, and hostile text.

#[path = "common/run.rs"]
mod run;

use std::path::PathBuf;

use esxray::demo::{
    ClusterOptions, Container, EvcOptions, Host, Level, Log, ScriptedLine, evc_incident, healthy,
};
use esxray::model::Timestamp;
use run::{esxray, written};
use serde_json::Value;
use tempfile::TempDir;

/// Failed sends of the first host to each of two peers.
const SENDS: i64 = 200;
/// What a log may hold to harm whoever opens the timeline.
const HOSTILE: &str = "Host is down \u{1b}[31m\u{202e}=cmd|' /C calc'!A0\u{2028}";

struct Case {
    folder: TempDir,
    paths: Vec<PathBuf>,
}

impl Case {
    #[track_caller]
    fn timeline(&self, args: &[&str]) -> String {
        let paths = self.paths.iter().map(|path| path.to_str().expect("UTF-8"));
        let output =
            esxray(["timeline"].into_iter().chain(args.iter().copied()).chain(paths), self.folder.path());
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

fn send(host: &Host, at: Timestamp, n: i64, peer: &str, why: &str) -> ScriptedLine {
    let text = format!(
        "CMMDSNet: CMMDSNetSendtoUnicastChannels:1430: {n}: Failed to send to unicast host '{peer};12321' on iface 'vmk2': {why}"
    );
    assert!(at < host.captured_at);
    ScriptedLine::new(at, Log::Vmkernel, text).level(Level::Warning)
}

/// A healthy cluster whose first host cannot reach two peers for a while, after ten minutes of maintenance.
fn case() -> Case {
    let mut site = healthy(&ClusterOptions::default());
    let host = &mut site.hosts[0];
    let start = host.captured_at.plus_seconds(-7_200);
    let vob = |after: i64, what: &str| {
        let id = format!("esx.audit.maintenancemode.{what}");
        let text = format!("The host has {what} maintenance mode.");
        ScriptedLine::vob(start.plus_seconds(after), "UserLevelCorrelator", &id, &text)
    };
    let mut lines = vec![vob(-900, "entered"), vob(-300, "exited")];
    for n in 0..SENDS {
        for peer in ["10.99.0.3", "10.99.0.4"] {
            lines.push(send(host, start.plus_seconds(n), n, peer, "Host is down"));
        }
    }
    lines.push(send(host, start.plus_seconds(3_000), 7, "10.99.0.5", HOSTILE));
    host.lines.extend(lines);
    let (folder, paths) = written(site, Container::Tgz);
    Case { folder, paths }
}

/// The rows about failed sends.
fn sends(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.contains("10.99.0.")).collect()
}

#[test]
fn the_text_folds_repeats_and_shows_what_lasted() {
    let case = case();
    let text = case.timeline(&["--host", "esx01"]);
    let rows = sends(&text);
    assert_eq!(rows.len(), 3, "{rows:#?}");
    assert!(rows[..2].iter().all(|row| row.contains(&format!("× {SENDS}, last at "))), "{rows:#?}");
    let span = text.lines().find(|line| line.get(25..26) == Some("=")).expect("a span");
    assert!(
        span.contains("in maintenance mode, or entering it, until ") && span.ends_with(" (10 min)"),
        "{span}"
    );
    // The first line explains, the last counts; between them the lines are in the order of time.
    let all: Vec<&str> = text.lines().collect();
    assert!(
        all[0].starts_with("# time (UTC") && all.last().is_some_and(|last| last.contains("--all shows each"))
    );
    let times: Vec<&str> =
        all.iter().filter(|line| !line.starts_with('#')).filter_map(|line| line.get(..23)).collect();
    assert!(times.len() > 5 && times.is_sorted(), "{times:#?}");

    let unfolded = case.timeline(&["--all", "--host", "esx01"]);
    assert_eq!(sends(&unfolded).len() as i64, 2 * SENDS + 1);
    // The record stands before its kind and its place, which tells the file as it lies in the bundle.
    let sourced = case.timeline(&["-v", "--kind", "vsan.peer-unreachable"]);
    let lines: Vec<&str> = sourced.lines().collect();
    let place =
        lines.iter().position(|line| line.starts_with("    vsan.peer-unreachable  ")).expect("a place");
    assert!(
        lines[place].contains("  var/run/log/vmkernel.log:") || lines[place].contains("  var/log/vmkernel")
    );
    assert!(lines[place - 1].starts_with("    ") && lines[place - 1].contains("Failed to send"), "{sourced}");
    // Nothing in it acts on a terminal.
    assert!(!unfolded.contains(['\u{1b}', '\u{202e}', '\u{2028}']) && unfolded.contains("[U+202E]"));
}

#[test]
fn the_text_speaks_japanese() {
    let text = case().timeline(&["--lang", "ja", "--host", "esx01"]);
    assert!(text.starts_with("# 時刻（UTC"), "{text}");
    assert!(text.contains(&format!("× {SENDS} 回、最後は ")));
    assert!(text.contains(" までメンテナンス モードまたは移行処理中（10 分）"));
}

#[test]
fn filters_narrow_by_host_time_severity_and_finding() {
    let (site, _) = evc_incident(&EvcOptions::default());
    let (folder, paths) = written(site, Container::Tgz);
    let case = Case { folder, paths };
    // vCenter's records about a host are found by the host.
    let about = case.timeline(&["--output", "jsonl", "--host", "esx01"]);
    let about: Vec<Value> = about.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(
        about.iter().any(|entry| entry["host"] == "vcsa")
            && about.iter().any(|entry| entry["host"] == "esx01")
    );
    for entry in about.iter().filter(|entry| entry["host"] != "esx01") {
        assert!(entry["fields"].to_string().contains("esx01"), "{entry}");
    }
    let severe = case.timeline(&["--output", "jsonl", "--severity", "error"]);
    let is_severe =
        |line: &str| line.contains("\"severity\":\"error\"") || line.contains("\"severity\":\"critical\"");
    assert!(!severe.is_empty() && severe.lines().all(is_severe));
    let resting = case.timeline(&["--output", "jsonl", "--finding", "1"]);
    let marked = |line: &str| {
        let entry: Value = serde_json::from_str(line).expect("JSON");
        entry["findings"].as_array().is_some_and(|found| found.contains(&0.into()))
    };
    assert!(!resting.is_empty() && resting.lines().all(marked));
    assert_eq!(case.timeline(&["--output", "jsonl", "--finding", "evc.feature-mismatch"]), resting);
    let text = case.timeline(&["--finding", "F1"]);
    assert!(text.lines().any(|line| line.starts_with("# [F1] ")), "{text}");
    assert!(text.lines().filter(|line| !line.starts_with('#')).all(|line| line.contains("[F1")), "{text}");

    let first = about[0]["time"].as_str().expect("a time");
    let day = &first[..10];
    let until = case.timeline(&["--output", "jsonl", "--until", day]);
    assert!(until.lines().all(|line| line.contains(&format!("\"time\":\"{day}"))) && !until.is_empty());
    let mut args: Vec<&str> = vec!["timeline", "--finding", "nosuch"];
    args.extend(case.paths.iter().map(|path| path.to_str().expect("UTF-8")));
    let refused = esxray(args, case.folder.path());
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("1 evc.feature-mismatch"));
}

/// Reads a table as RFC 4180 has it.
fn table(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.next_if_eq(&'\n').is_some() => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(!quoted && cell.is_empty() && row.is_empty(), "the table ends with a line");
    rows
}

#[test]
fn the_table_has_every_record_every_span_and_no_formula() {
    let case = case();
    let rows = table(&case.timeline(&["--output", "csv", "--host", "esx01"]));
    let column = |name: &str| rows[0].iter().position(|head| head == name).expect("a column");
    assert_eq!(
        rows[0][..10].join(","),
        "time,time_quality,host,severity,kind,text,file,line,offset,raw_time"
    );
    assert_eq!(rows[0][10..].join(","), "message,count,until,findings");
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    let of_kind = |kind: &str| rows.iter().filter(|row| row[column("kind")] == kind).collect::<Vec<_>>();
    assert_eq!(
        of_kind("vsan.peer-unreachable")
            .iter()
            .filter(|row| row[column("message")].contains("10.99.0."))
            .count() as i64,
        2 * SENDS + 1
    );
    let spans = of_kind("span.maintenance");
    assert!(spans.len() == 1 && !spans[0][column("until")].is_empty(), "{spans:?}");
    for cell in rows.iter().flatten().flat_map(|cell| cell.lines()) {
        assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        assert!(!cell.contains(['\u{1b}', '\u{202e}']), "{cell}");
    }
}

/// A line as Timesketch's import guide has it: JSON, the three fields that are required, an ISO 8601 time with an
/// offset, and `timestamp`, where it is given, the same time in microseconds.
fn imported(line: &str) -> Value {
    let value: Value = serde_json::from_str(line).expect("one JSON object a line");
    let text = |name: &str| {
        value[name].as_str().filter(|text| !text.is_empty()).unwrap_or_else(|| panic!("{name}: {line}"))
    };
    let time: Timestamp = text("datetime").parse().expect("ISO 8601");
    assert_eq!(value["timestamp"].as_i64(), Some(time.micros()), "{line}");
    assert!(!text("message").contains(char::is_control) && !text("timestamp_desc").is_empty());
    value
}

#[test]
fn timesketch_reads_its_form_back() {
    let case = case();
    let text = case.timeline(&["--output", "timesketch", "--host", "esx01"]);
    // A reader that knows all line ends of Unicode sees the same lines.
    assert!(!text.contains(['\u{2028}', '\u{2029}', '\u{85}', '\u{202e}']));
    let lines: Vec<Value> = text.lines().map(imported).collect();
    let entries = case.timeline(&["--output", "jsonl", "--host", "esx01"]);
    let entries: Vec<Value> = entries.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let events: Vec<&Value> = lines.iter().filter(|line| line["timestamp_desc"] == "Event Logged").collect();
    assert_eq!(events.len(), entries.len());
    for (event, entry) in events.iter().zip(&entries) {
        let time: Timestamp = entry["time"].as_str().expect("a time").parse().expect("a time");
        assert_eq!(event["timestamp"], time.micros());
        assert_eq!(
            (&event["host"], &event["kind"], &event["record"]),
            (&entry["host"], &entry["kind"], &entry["message"])
        );
    }
    let descs = ["Span Start", "Span End"];
    assert!(descs.iter().all(|desc| lines.iter().any(|line| line["timestamp_desc"] == *desc)));
    let times: Vec<i64> = lines.iter().filter_map(|line| line["timestamp"].as_i64()).collect();
    assert!(times.is_sorted());
    // What the log held is kept whole, and only escaped on the way.
    assert!(
        events.iter().any(|event| event["record"].as_str().is_some_and(|record| record.contains('\u{202e}')))
    );
}

#[test]
fn analyze_writes_the_same_table_and_lines() {
    let case = case();
    let run = run::analyze(&case.paths, case.folder.path(), &["--format", "json,csv,timesketch"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let read =
        |name: &str| std::fs::read_to_string(case.folder.path().join("out").join(name)).expect("written");
    assert_eq!(read("timeline.csv"), case.timeline(&["--output", "csv"]));
    assert_eq!(read("timeline.jsonl"), case.timeline(&["--output", "timesketch"]));
    assert!(
        run.report["spans"]
            .as_array()
            .is_some_and(|spans| spans.iter().any(|span| span["kind"] == "maintenance"))
    );
}
