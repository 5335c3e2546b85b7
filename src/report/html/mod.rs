//! `report.html`: one self-contained page that needs no network and no script to be read.
//!
//! The words come from the template, the pictures from [`lanes`]; scripts only filter and copy.

use std::collections::BTreeSet;
use std::io::{self, Write};

use askama::Template;
use sha2::{Digest, Sha256};

use super::clock::clock_note;
use super::labels::{Labels, fill, fill_count, labels};
use super::membership::{Words, words};
use super::model::{Finding, MissingHost, Report, ReportProblem, TimelineEntry};
use super::{Renderer, migrations, show, view};
use crate::model::{EventKind, Severity};

mod coverage;
mod finding;
mod hosts;
mod lanes;
mod matrix;
mod membership;
mod setup;

/// Writes `report.html`.
pub static RENDERER: Renderer = Renderer {
    name: "html",
    file_name: "report.html",
    about: "The report for people: one file, opens in any browser without a network",
    render,
};

/// Rows of the event table; more would make the page slow and add nothing to the pictures.
const EVENTS: usize = 5_000;
/// Rows of the event table that are printed, where no filter chose them.
const PAPER_EVENTS: usize = 200;
/// Rows of a table of migrations.
const MIGRATIONS: usize = 500;
/// Rows of the table of what could not be read.
const PROBLEMS: usize = 1_000;
/// Characters of an event's text in the table; the whole is in `report.json`.
const EVENT_TEXT: usize = 400;

static CSS: &str = include_str!("../templates/report.css");
static SCRIPT: &str = include_str!("../templates/report.js");

#[derive(Template)]
#[template(path = "report.html", config = "src/report/askama.toml")]
struct Page<'a> {
    report: &'a Report,
    l: &'a Labels,
    css: &'static str,
    script: String,
    script_hash: String,
    period: Option<String>,
    clusters: Vec<(&'static str, &'a str, usize)>,
    healthy: Vec<String>,
    headline: Option<finding::Card<'a>>,
    findings: Vec<finding::Card<'a>>,
    hosts: hosts::HostTable<'a>,
    setups: Vec<setup::HostSetup<'a>>,
    matrices: Vec<matrix::Matrix<'a>>,
    w: &'static Words,
    witnesses: Vec<membership::Witnesses<'a>>,
    m: &'static migrations::Words,
    moved: Option<migrations::View>,
    pictures: Vec<lanes::Picture>,
    events: EventTable<'a>,
    coverage: Vec<coverage::HostCoverage<'a>>,
    missing: &'a [MissingHost],
    problems: &'a [ReportProblem],
    problems_note: Option<String>,
    made_by: String,
}

fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    page(report).write_into(out)
}

fn page(report: &Report) -> Page<'_> {
    let l = labels(report.case.lang);
    // Line ends are what the browser makes of them, so that the hash holds wherever this was built.
    let script = SCRIPT.replace('\r', "");
    Page {
        report,
        l,
        css: CSS,
        script_hash: base64(&Sha256::digest(script.as_bytes())),
        script,
        period: show::span_or_none(report.case.from, report.case.to),
        clusters: clusters(report, l),
        healthy: if view::headline(report).is_none() { view::looked_at(report, l) } else { Vec::new() },
        headline: view::headline(report).map(|found| finding::card(1, found, l)),
        findings: cards(&report.findings, l),
        hosts: hosts::table(report, l),
        setups: setup::setups(report, l),
        matrices: matrix::matrices(report, l),
        w: words(l),
        witnesses: membership::witnesses(report, l),
        m: migrations::words(l),
        moved: migrations::view(report, MIGRATIONS, l),
        pictures: lanes::pictures(report, l),
        events: event_table(report, l),
        coverage: coverage::coverage(report, l),
        missing: &report.missing_hosts,
        problems: &report.problems[..report.problems.len().min(PROBLEMS)],
        problems_note: note_of_rest(report.problems.len(), PROBLEMS, l),
        made_by: fill(
            l.made_by,
            &[&report.tool.name, &report.tool.version, &show::count(report.tool.rules.count as u64)],
        ),
    }
}

fn clusters<'a>(report: &'a Report, l: &Labels) -> Vec<(&'static str, &'a str, usize)> {
    let clusters = report.case.clusters.iter();
    clusters.map(|c| (l.cluster_kind(c.kind), c.name.as_deref().unwrap_or(&c.id), c.hosts.len())).collect()
}

fn cards<'a>(findings: &'a [Finding], l: &Labels) -> Vec<finding::Card<'a>> {
    findings.iter().enumerate().map(|(at, found)| finding::card(at + 1, found, l)).collect()
}

fn note_of_rest(all: usize, shown: usize, l: &Labels) -> Option<String> {
    (all > shown).then(|| fill(l.more_in_json, &[&show::count((all - shown) as u64)]))
}

/// The list of events and what its filter offers.
struct EventTable<'a> {
    rows: Vec<EventRow<'a>>,
    hosts: Vec<&'a str>,
    kinds: Vec<(&'static str, &'static str)>,
    severities: Vec<(&'static str, String)>,
    severity_words: [&'static str; 4],
    /// What the times are by.
    note: String,
    capped: Option<String>,
    printed: Option<String>,
    count: String,
}

struct EventRow<'a> {
    is_on_paper: bool,
    time: String,
    host: &'a str,
    severity: &'static str,
    severity_name: &'static str,
    kind: &'static str,
    kind_name: &'static str,
    text: String,
    place: String,
}

fn event_table<'a>(report: &'a Report, l: &Labels) -> EventTable<'a> {
    let chosen = view::select_events(report, EVENTS);
    let on_paper: BTreeSet<usize> = view::select_events(report, PAPER_EVENTS).into_iter().collect();
    let entries: Vec<&TimelineEntry> = chosen.iter().map(|&at| &report.timeline[at]).collect();
    let hosts: BTreeSet<&str> = entries.iter().map(|entry| entry.host.as_str()).collect();
    let kinds: BTreeSet<EventKind> = entries.iter().map(|entry| entry.kind).collect();
    let number = |n: usize| show::count(n as u64);
    let all = report.timeline.len();
    let row = |at: &usize| event_row(&report.timeline[*at], on_paper.contains(at), l);
    EventTable {
        hosts: hosts.into_iter().collect(),
        kinds: kinds.into_iter().map(|kind| (kind.name(), l.kind_name(kind))).collect(),
        severity_words: Severity::ALL.map(|severity| l.severity_name(severity)),
        severities: Severity::ALL[..3].iter().map(|s| severity_choice(*s, l)).collect(),
        note: clock_note(&report.hosts, l),
        capped: (chosen.len() < all).then(|| fill(l.table_capped, &[&number(chosen.len()), &number(all)])),
        printed: (on_paper.len() < all).then(|| fill(l.printed_note, &[&number(on_paper.len())])),
        rows: chosen.iter().map(row).collect(),
        count: fill_count(l.events, all as u64),
    }
}

fn severity_choice(severity: Severity, l: &Labels) -> (&'static str, String) {
    (severity.name(), fill(l.and_worse, &[l.severity_name(severity)]))
}

fn event_row<'a>(entry: &'a TimelineEntry, is_on_paper: bool, l: &Labels) -> EventRow<'a> {
    EventRow {
        is_on_paper,
        time: show::entry_time(entry.time, entry.time_quality),
        host: &entry.host,
        severity: entry.severity.name(),
        severity_name: l.severity_name(entry.severity),
        kind: entry.kind.name(),
        kind_name: l.kind_name(entry.kind),
        text: show::cut(&entry.text, EVENT_TEXT),
        place: show::place(&entry.source.file, entry.source.line, entry.source.offset),
    }
}

/// Base 64 of a hash for the content security policy.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0u32, |word, at| word << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let digit = ALPHABET[(word >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_agrees_with_the_rfc() {
        for (text, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), coded);
        }
    }
}
